"""The commands against the served API: output, exit codes, no traceback."""

import json
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from service.cli import main
from service.lifecycle import SweepState
from service.query.columns import FIELDS
from service.store import Database, sweeps
from service.store.models import Configuration
from tests.query import sweep_rows
from tests.query.sweep_rows import SPEC, filled, profiled, submit
from workers.contract import Outcome, TrialSpec


def outcome(trial: TrialSpec) -> sweep_rows.Result:
    if trial.network.depth == 8 and trial.init.g > 1.5:
        return sweep_rows.Result([0.9], Outcome.DIVERGED)
    return sweep_rows.Result(
        [0.9, 0.5, 0.4 / trial.network.depth + 0.01 * trial.seed / trial.network.depth]
    )


@pytest.fixture
def sweep_id(database: Database) -> UUID:
    sweep_id = filled(database, outcome)
    with database.write() as session:
        sweeps.move(session, sweep_id, SweepState.COMPLETED)
    return sweep_id


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def fathom(url: str, *arguments: object) -> Result:
    result = CliRunner(env={"FATHOM_URL": url}).invoke(main, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def test_submit_prints_the_id(url: str, spec_file: Path) -> None:
    result = fathom(url, "submit", spec_file)

    assert result.exit_code == 0
    assert str(UUID(result.stdout.strip())) == result.stdout.strip()


def test_submit_with_a_key_makes_one_sweep(url: str, spec_file: Path) -> None:
    first, second = (fathom(url, "submit", spec_file, "--key", "k").stdout for _ in range(2))

    assert first == second


def test_a_refused_spec_lists_its_issues_and_exits_with_2(url: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(SPEC.replace("relu", "rellu").replace("epochs: 2", "epochs: -2"))

    result = fathom(url, "submit", path)

    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert any(line.startswith("network.activation: ") for line in lines)
    assert any(line.startswith("training.epochs: ") and "-2" in line for line in lines)


def test_nobody_there_exits_with_3(spec_file: Path) -> None:
    result = fathom("http://127.0.0.1:9", "submit", spec_file)

    assert result.exit_code == 3
    assert "fathom serve" in result.stderr


def test_wrong_usage_exits_with_2(url: str) -> None:
    assert fathom(url, "submit", "no-such-file.yaml").exit_code == 2
    assert fathom(url, "nonsense").exit_code == 2
    assert fathom(url, "show", "abc").exit_code == 2


def test_an_id_may_be_shortened_to_a_unique_prefix(url: str, sweep_id: UUID) -> None:
    result = fathom(url, "show", str(sweep_id)[:6].upper(), "--json")

    assert json.loads(result.stdout)["id"] == str(sweep_id)


def test_a_prefix_of_nothing_says_where_to_look(url: str, sweep_id: UUID) -> None:
    wrong = "0000" if not str(sweep_id).startswith("0000") else "1111"

    result = fathom(url, "show", wrong)

    assert result.exit_code == 2
    assert "fathom ls" in result.stderr


def test_watching_a_completed_sweep_exits_with_0_and_says_how_it_ended(
    url: str, sweep_id: UUID
) -> None:
    result = fathom(url, "watch", sweep_id)

    assert result.exit_code == 0
    assert "completed; 18 of 18 trials ended (12 completed, 6 diverged)" in result.stderr


def test_watching_a_cancelled_sweep_exits_with_1(url: str, database: Database) -> None:
    sweep_id = submit(database)
    fathom(url, "cancel", sweep_id)

    result = fathom(url, "watch", sweep_id, "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["state"] == "cancelled"


def test_pause_and_resume_say_the_new_state(url: str, database: Database) -> None:
    sweep_id = submit(database)

    assert "is paused" in fathom(url, "pause", sweep_id).stdout
    assert "is queued" in fathom(url, "resume", sweep_id).stdout


def test_a_refused_change_exits_with_2(url: str, sweep_id: UUID) -> None:
    result = fathom(url, "cancel", sweep_id)

    assert result.exit_code == 2
    assert "completed" in result.stderr


def test_sweeps_are_listed_and_shown(url: str, sweep_id: UUID) -> None:
    listed, shown = fathom(url, "ls").stdout, fathom(url, "show", sweep_id).stdout

    assert str(sweep_id)[:8] in listed
    assert "100%" in listed
    assert "18 of 18 ended (12 completed, 6 diverged)" in shown
    assert "paper=rwi" in shown


def test_trials_tell_how_they_ended(url: str, sweep_id: UUID) -> None:
    result = fathom(url, "trials", sweep_id, "--filter", "depth = 8", "--order-by", "-g_relative")

    lines = result.stdout.splitlines()
    assert len(lines) == 2 + 9
    assert "diverged in epoch 1, step 7" in lines[2]


def test_a_bad_filter_exits_with_2(url: str, sweep_id: UUID) -> None:
    result = fathom(url, "trials", sweep_id, "--filter", "depht = 8")

    assert result.exit_code == 2
    assert "unknown column 'depht'" in result.stderr


def test_groups_have_means_intervals_and_diverged_in_words(url: str, sweep_id: UUID) -> None:
    result = fathom(url, "compare", sweep_id, "--group-by", "depth,g_relative")

    lines = result.stdout.splitlines()
    assert any(" ± " in line and line.rstrip().endswith("%") for line in lines)
    assert any("3/3 diverged" in line for line in lines)


def test_the_best_of_every_depth_is_the_default_comparison(url: str, sweep_id: UUID) -> None:
    result = fathom(url, "compare", sweep_id)

    assert "6/9 diverged" in result.stdout
    assert "better (p = " in result.stdout
    assert "95% intervals of means over n seeds (Student t)" in result.stdout


@pytest.mark.parametrize(
    ("grouping", "explained"),
    [
        ((), "99.9% intervals of means over n seeds (bootstrap)"),
        (("--group-by", "depth"), "99.9% intervals of means over n trials (bootstrap)"),
    ],
)
def test_a_comparison_says_what_its_intervals_are(
    url: str, sweep_id: UUID, grouping: tuple[str, ...], explained: str
) -> None:
    how = ("--ci", "bootstrap", "--level", "0.999")

    result = fathom(url, "compare", sweep_id, *how, *grouping)

    assert explained in result.stdout
    assert "± 99.9% interval" in result.stdout


def test_json_is_for_scripts(url: str, sweep_id: UUID) -> None:
    groups = json.loads(fathom(url, "compare", sweep_id, "--group-by", "depth", "--json").stdout)
    trials = json.loads(fathom(url, "trials", sweep_id, "--limit", "4", "--json").stdout)
    listed = json.loads(fathom(url, "ls", "--json").stdout)
    names = json.loads(fathom(url, "datasets", "ls", "--json").stdout)

    assert [group["by"]["depth"] for group in groups["groups"]] == [2, 8]
    assert len(trials) == 4
    assert listed[0]["id"] == str(sweep_id)
    assert names[0]["name"] == "digits"


def test_trials_as_json_have_every_field_of_the_api(
    url: str, http: httpx.Client, sweep_id: UUID
) -> None:
    served = http.get("/v1/trials", params={"sweep_id": str(sweep_id)}).json()["trials"]

    printed = json.loads(fathom(url, "trials", sweep_id, "--json").stdout)

    assert printed == served
    assert set(printed[0]) == set(FIELDS)


@pytest.mark.parametrize(
    ("command", "path", "items"),
    [
        (("show", "{sweep}"), "/v1/sweeps/{sweep}", None),
        (("ls",), "/v1/sweeps", "sweeps"),
        (("compare", "{sweep}"), "/v1/compare/depth?sweep_id={sweep}", None),
        (
            ("compare", "{sweep}", "--group-by", "depth,scheme"),
            "/v1/compare?sweep_id={sweep}&group_by=depth,scheme",
            None,
        ),
        (("datasets", "ls"), "/v1/datasets", "datasets"),
    ],
)
def test_json_is_the_whole_answer_of_the_api(
    url: str,
    http: httpx.Client,
    sweep_id: UUID,
    command: tuple[str, ...],
    path: str,
    items: str | None,
) -> None:
    answer = http.get(path.format(sweep=sweep_id)).json()

    printed = fathom(url, *(part.format(sweep=sweep_id) for part in command), "--json").stdout

    assert json.loads(printed) == (answer if items is None else answer[items])


def test_layers_and_dry_runs_as_json_are_the_whole_answer_of_the_api(
    url: str, http: httpx.Client, database: Database, spec_file: Path
) -> None:
    profiled_sweep, trial_id = profiled(database)
    layers = http.get(f"/v1/trials/{trial_id}/layers").json()
    yaml = {"Content-Type": "application/yaml"}
    preview = http.post("/v1/sweeps/preview", content=SPEC, headers=yaml).json()

    assert json.loads(fathom(url, "layers", profiled_sweep, 0, "--json").stdout) == layers
    dry_run = fathom(url, "submit", "--dry-run", "--json", spec_file).stdout
    assert json.loads(dry_run) == preview


def test_a_depth_at_which_every_trial_diverged_has_a_row_without_a_best(
    url: str, database: Database
) -> None:
    sweep_id = filled(
        database,
        lambda trial: sweep_rows.Result(
            [0.9, 0.5, 0.4], Outcome.DIVERGED if trial.network.depth == 2 else Outcome.COMPLETED
        ),
    )

    result = fathom(url, "compare", sweep_id)

    assert result.exit_code == 0, result.output
    first, second, _ = result.stdout.splitlines()[2:]
    assert first.split()[:3] == ["2", "0", "-"]
    assert "9/9 diverged" in first
    assert second.split()[:2] == ["8", "3"]


def test_a_plot_is_written_to_a_file(url: str, sweep_id: UUID, tmp_path: Path) -> None:
    for name, start in (("d.svg", b"<svg"), ("d.png", b"\x89PNG"), ("d.vl.json", b"{")):
        result = fathom(url, "plot", sweep_id, "-o", tmp_path / name)
        assert result.exit_code == 0
        assert (tmp_path / name).read_bytes().startswith(start)

    assert fathom(url, "plot", sweep_id, "-o", tmp_path / "d.gif").exit_code == 2
    assert fathom(url, "plot", sweep_id, "-o", tmp_path / "no" / "d.svg").exit_code == 1


def test_layers_stand_beside_the_predicted_band(url: str, database: Database) -> None:
    profiled_sweep, _ = profiled(database)

    result = fathom(url, "layers", profiled_sweep, 0, "--epoch", 2)

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("trial 0: depth 2, width 16, relu")
    assert "z_init -1.25; epoch 2" in lines[0]
    first, last, output = (line.split() for line in lines[-3:])
    # Activation, error, error less the last one's, the band, weight gradient.
    assert first[:4] == ["1", "1", "-0.5", "-0.75"]
    assert "±" in first
    assert first[-1] == "-3"
    assert last[:4] == ["2", "-", "0.25", "0"]
    assert output[0] == "output"
    assert output[-1] == "-2"


def test_layers_and_depths_without_a_prediction_say_so(
    url: str, database: Database, sweep_id: UUID
) -> None:
    profiled_sweep, _ = profiled(database)
    commands = (("layers", profiled_sweep, 0), ("compare", sweep_id))
    predicted = [fathom(url, *command).stdout for command in commands]
    with database.write() as session:
        for row in session.scalars(select(Configuration)):
            row.predicted_drift = row.predicted_spread = None

    layers, depths = (fathom(url, *command).stdout for command in commands)

    assert not any("no prediction" in output for output in predicted)
    assert layers.splitlines()[1] == "theory has no prediction for this ffn network"
    assert depths.splitlines()[-1] == "theory has no prediction for these networks"


def test_layers_come_as_json(url: str, database: Database) -> None:
    profiled_sweep, trial_id = profiled(database, activation="tanh")

    answer = json.loads(fathom(url, "layers", profiled_sweep, 0, "--json").stdout)

    assert answer["trial_id"] == str(trial_id)
    assert len(answer["predicted"]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, "--epoch", 1), "no profile of epoch 1; its spec asks for epochs 0, 2"),
        ((1,), "no profile yet; its spec asks for epochs 0, 2"),
        ((999,), "has no trial 999"),
    ],
)
def test_without_a_profile_the_reason_is_told(
    url: str, database: Database, arguments: tuple[object, ...], message: str
) -> None:
    profiled_sweep, _ = profiled(database)

    result = fathom(url, "layers", profiled_sweep, *arguments)

    assert result.exit_code == 1
    assert message in result.stderr


def test_a_trial_that_is_not_profiled_says_so(url: str, sweep_id: UUID) -> None:
    result = fathom(url, "layers", sweep_id, 0)

    assert result.exit_code == 1
    assert "its spec has no profiles.epochs" in result.stderr
