"""Table of the engines and what each can run; it is read by the planner and imports no torch.

An engine declares the rules of layers that it computes, never the kinds of networks. A new kind
of network that is made of known rules then runs without a change here.
"""

from dataclasses import dataclass

from workers.architectures import LayerRule, Skip, architecture_of
from workers.contract import EngineName, Network, Precision, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineDeclaration:
    """Layers, tasks, precisions and devices that an engine supports.

    Attributes:
        name: The engine.
        skips: Supported skips of hidden layers.
        gates: Whether the engine computes layers with a gate.
        any_rule: Whether the engine also computes layers without a skip that have a gain, and
            hidden layers whose branch is linear.
        tasks: Supported tasks.
        precisions: Supported floating-point types.
        devices: Supported types of devices.
        batched_devices: Types of devices on which a trial's result does not depend, to the last
            bit, on the trials that are computed with it. There many trials run at once; on other
            devices one at a time.
    """

    name: EngineName
    skips: frozenset[Skip]
    gates: bool = False
    any_rule: bool = False
    tasks: frozenset[Task] = frozenset(Task)
    precisions: frozenset[Precision] = frozenset(Precision)
    devices: frozenset[str] = frozenset({"cpu", "cuda"})
    batched_devices: frozenset[str] = frozenset()

    def runs(self, network: Network, task: Task, precision: Precision) -> bool:
        """Return whether the engine can train a network for a task in a precision."""
        rule = architecture_of(network).hidden_rule(network)
        return self.computes(rule) and task in self.tasks and precision in self.precisions

    def computes(self, rule: LayerRule) -> bool:
        """Return whether the engine can compute hidden layers of a rule."""
        # A branch gain without a skip, and a linear hidden layer, exist in no kind of network yet;
        # only an engine that computes any rule has code for them.
        usual = rule.activated and (rule.skip is not Skip.NONE or rule.branch_gain == 1.0)
        gate = self.gates or not rule.gated
        return rule.skip in self.skips and gate and (usual or self.any_rule)


ENGINES: tuple[EngineDeclaration, ...] = (
    EngineDeclaration(
        name=EngineName.PACKED,
        skips=frozenset(Skip),
        # On a CPU the batched product of a trial is the same for every number of trials. CUDA
        # chooses its algorithm by the shape of the batch, and so its rounding.
        batched_devices=frozenset({"cpu"}),
    ),
    EngineDeclaration(name=EngineName.REFERENCE, skips=frozenset(Skip), gates=True, any_rule=True),
)
"""All engines, in order of preference."""


def declaration_of(engine: EngineName) -> EngineDeclaration:
    """Return the entry of an engine."""
    return next(each for each in ENGINES if each.name is engine)


def engine_for(network: Network, task: Task, precision: Precision) -> EngineName:
    """Return the first engine that can train a network.

    The choice follows the table and never a timing, so that the engine of a trial is a function
    of its configuration.

    Raises:
        LookupError: No engine can train the network.
    """
    for each in ENGINES:
        if each.runs(network, task, precision):
            return each.name
    raise LookupError(f"no engine runs {network.kind}, {task}, {precision}")


def batches_on(engine: EngineName, device_type: str) -> bool:
    """Return whether an engine may run many trials at once without a change of any bit."""
    return device_type in declaration_of(engine).batched_devices
