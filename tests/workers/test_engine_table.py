"""What the engines declare that they compute."""

import pytest

from workers.architectures import LayerRule, Skip
from workers.contract import EngineName
from workers.engine_table import declaration_of


@pytest.mark.parametrize(
    ("rule", "is_packed"),
    [
        (LayerRule(), True),
        (LayerRule(skip=Skip.IDENTITY, skip_gain=0.9, branch_gain=0.1), True),
        # The packed engine's plain layers have no gain, and none of its layers is linear.
        (LayerRule(branch_gain=0.1), False),
        (LayerRule(activated=False), False),
        (LayerRule(skip=Skip.IDENTITY, activated=False), False),
        (LayerRule(skip=Skip.ORTHOGONAL), False),
        (LayerRule(skip=Skip.PERMUTATION), False),
    ],
    ids=str,
)
def test_an_engine_declares_no_rule_of_which_it_would_ignore_a_part(
    rule: LayerRule, is_packed: bool
) -> None:
    assert declaration_of(EngineName.REFERENCE).computes(rule)
    assert declaration_of(EngineName.PACKED).computes(rule) is is_packed
