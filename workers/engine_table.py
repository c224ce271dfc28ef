"""What each engine runs: the one table that planner, checks and slot rule read; no torch.

An engine declares the rules of layers that it computes, never the kinds of networks, so that a
new kind made of known rules runs wherever these do.
"""

from dataclasses import dataclass

from workers.architectures import LayerRule, Skip, architecture_of
from workers.contract import EngineName, Network, Precision, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineDeclaration:
    """What an engine runs.

    Attributes:
        name: The engine.
        skips: Skips of the layers that it computes.
        any_rule: Whether it also computes layers without a skip that have a gain, and layers
            whose branch is linear.
        tasks: Losses.
        precisions: Arithmetic.
        devices: Types of devices.
        batched_devices: Devices on which a trial's bits do not depend on the trials beside it,
            so that many run at once there; one at a time elsewhere.
    """

    name: EngineName
    skips: frozenset[Skip]
    any_rule: bool = False
    tasks: frozenset[Task] = frozenset(Task)
    precisions: frozenset[Precision] = frozenset(Precision)
    devices: frozenset[str] = frozenset({"cpu", "cuda"})
    batched_devices: frozenset[str] = frozenset()

    def runs(self, network: Network, task: Task, precision: Precision) -> bool:
        """Return whether the engine computes the layers of a network for a task."""
        rule = architecture_of(network).hidden_rule(network)
        return self.computes(rule) and task in self.tasks and precision in self.precisions

    def computes(self, rule: LayerRule) -> bool:
        """Return whether the engine computes hidden layers of a rule."""
        usual = rule.activated and (rule.skip is not Skip.NONE or rule.branch_gain == 1.0)
        return rule.skip in self.skips and (usual or self.any_rule)


ENGINES: tuple[EngineDeclaration, ...] = (
    EngineDeclaration(
        name=EngineName.PACKED,
        skips=frozenset({Skip.NONE, Skip.IDENTITY}),
        # A CPU's batched product is the same for every batch; that of CUDA is chosen by shape.
        batched_devices=frozenset({"cpu"}),
    ),
    EngineDeclaration(name=EngineName.REFERENCE, skips=frozenset(Skip), any_rule=True),
)
"""All engines, the preferred ones first."""


def declaration_of(engine: EngineName) -> EngineDeclaration:
    """Return what an engine runs."""
    return next(each for each in ENGINES if each.name is engine)


def engine_for(network: Network, task: Task, precision: Precision) -> EngineName:
    """Return the first engine that runs a network: a fixed rule, never a timing.

    So the engine of a trial is a function of its configuration.

    Raises:
        LookupError: No engine does.
    """
    for each in ENGINES:
        if each.runs(network, task, precision):
            return each.name
    raise LookupError(f"no engine runs {network.kind}, {task}, {precision}")


def batches_on(engine: EngineName, device_type: str) -> bool:
    """Return whether many trials may run at once, because none of their bits changes by it."""
    return device_type in declaration_of(engine).batched_devices
