"""The `fathom` command: a group whose commands are imported when they are called.

Exit codes: 0 success; 1 a watched sweep failed or was cancelled, or the command failed; 2 wrong
usage or an invalid spec; 3 no service answers. `fathom claims --run` adds 4, a claim is refuted,
and 5, none is refuted and one is undecided.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class _Entry:
    module: str
    summary: str


_COMMANDS: Mapping[str, _Entry] = {
    "serve": _Entry("service.cli.serve", "Run the whole service on this machine."),
    "api": _Entry("service.cli.serve", "Run the HTTP API alone."),
    "driver": _Entry("service.cli.serve", "Run a driver alone."),
    "db": _Entry("service.cli.database", "Migrate or check the database."),
    "submit": _Entry("service.cli.sweeps", "Submit a sweep, or preview it with --dry-run."),
    "watch": _Entry("service.cli.sweeps", "Show a sweep's progress until it ends."),
    "ls": _Entry("service.cli.sweeps", "List sweeps."),
    "show": _Entry("service.cli.sweeps", "Show one sweep."),
    "cancel": _Entry("service.cli.sweeps", "Cancel a sweep, keeping its results."),
    "pause": _Entry("service.cli.sweeps", "Pause a sweep."),
    "resume": _Entry("service.cli.sweeps", "Continue a paused sweep."),
    "trials": _Entry("service.cli.results", "List a sweep's trials."),
    "compare": _Entry("service.cli.results", "Compare depths, or groups of trials, over seeds."),
    "plot": _Entry("service.cli.results", "Draw the best result against depth."),
    "layers": _Entry("service.cli.layers", "Show a trial's norms layer by layer."),
    "theory": _Entry("service.cli.theory", "Predict the gradient norm of random networks."),
    "claims": _Entry("service.cli.claims", "List, run and judge the papers' claims."),
    "datasets": _Entry("service.cli.datasets", "List or register data sets."),
    "init-env": _Entry("service.cli.init_env", "Write the .env file and secrets of a cluster."),
}


class _LazyGroup(click.Group):
    """A group that lists its commands by name and summary, and imports one when it is called.

    Importing all of them would load SQLAlchemy, FastAPI and scipy for each `fathom --help`.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(entry.module)
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in _COMMANDS.items()])


@click.group(
    cls=_LazyGroup,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="fathom-sweeps", prog_name="fathom")
def main() -> None:
    """Sweeps over very deep feed-forward networks: how does training error change with depth?

    Start with `fathom serve`; then, in another terminal, `fathom submit SPEC.yaml --watch`.
    """
