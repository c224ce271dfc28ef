"""The tables that the commands print."""

from uuid import uuid4

import pytest

from service.cli.tables import show_trials
from service.schemas.trials import TrialRead


def test_a_kind_is_a_column_only_where_trials_differ_in_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain = TrialRead(id=uuid4(), number=0, kind="ffn", depth=8, lr=0.1)
    show_trials([plain, TrialRead(id=uuid4(), number=1, kind="ffn", depth=16, lr=0.1)])
    assert "kind" not in capsys.readouterr().out

    show_trials(
        [
            plain,
            TrialRead(id=uuid4(), number=1, kind="residual", branch_scale=0.25, depth=8, lr=0.1),
        ]
    )
    shown = capsys.readouterr().out
    assert "kind" in shown
    assert "branch scale" in shown
    assert "smoothing" not in shown
    assert "residual" in shown
    assert "0.25" in shown
