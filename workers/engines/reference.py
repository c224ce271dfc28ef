"""The reference engine: plain autograd, one network after another.

Tests compare every other engine with it.
"""

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

from workers.architectures import ParameterGroup
from workers.contract import EngineName, Task, TrialSpec
from workers.datasets import Data
from workers.engines.checks import check_trial
from workers.engines.devices import fixed_arithmetic
from workers.engines.dtypes import DTYPES
from workers.engines.gradients import gradient_norms
from workers.engines.initial_draws import GroupTensors, draw_matrices_, draw_weights_
from workers.engines.interface import (
    Evaluation,
    GradientNorms,
    SplitResult,
    StepInput,
    TrainingState,
)
from workers.engines.learning_rates import is_frozen
from workers.engines.objective import batch_loss, count_errors, summed_loss
from workers.engines.program_network import ProgramNetwork
from workers.engines.samples import Split
from workers.engines.states import check_state, fill_, kind_arrays, state_kinds
from workers.engines.updates import (
    RATE_FACTOR,
    clip_,
    optimizer,
    optimizer_state,
    set_optimizer_state_,
)


@dataclass(slots=True, eq=False)
class _Slot:
    spec: TrialSpec
    network: ProgramNetwork
    optimizer: Optimizer
    steps: int = 0

    @property
    def dtype(self) -> torch.dtype:
        return DTYPES[self.spec.training.precision]


class ReferenceEngine:
    """Engine that can run any trial; see `Engine` for the methods.

    Each trial has its own network and optimizer, and its step is computed as if it were alone.
    """

    def __init__(self, data: Data, device: torch.device) -> None:
        self._shape = data.shape
        self._device = device
        self._train = Split(data.train_x, data.train_y, device)
        self._eval = Split(data.eval_x, data.eval_y, device)
        self._slots: dict[UUID, _Slot] = {}

    @property
    def slots(self) -> int:
        """1, because more trials at once would take more memory and no less time."""
        return 1

    def accepts(self, spec: TrialSpec) -> bool:
        """Return True: any trial can run beside any other."""
        return True

    @fixed_arithmetic()
    def add(self, spec: TrialSpec) -> None:
        """Add a trial with its initial network."""
        network = self._network(spec)
        draw_weights_(spec, network.groups, network.weights(), self._train)
        self._insert(spec, network)

    @fixed_arithmetic()
    def step(self, inputs: Mapping[UUID, StepInput]) -> Mapping[UUID, float]:
        """Take one optimizer step in each of the named trials."""
        return {key: self._step(self._slots[key], given) for key, given in inputs.items()}

    @fixed_arithmetic()
    def evaluate(self, trial_id: UUID) -> Evaluation:
        """Return loss and error of full passes over both splits."""
        slot = self._slots[trial_id]
        return Evaluation(_full_pass(slot, self._train), _full_pass(slot, self._eval))

    @fixed_arithmetic()
    def probe(self, trial_id: UUID) -> GradientNorms:
        """Return the log gradient norms, computed in float64 whatever the trial's precision."""
        slot = self._slots[trial_id]
        x, labels = self._train.head(slot.spec.training.batch_size, torch.float64)
        # A copy, because `double` converts a module in place.
        exact = copy.deepcopy(slot.network).double()
        return gradient_norms(exact, slot.spec.loss, x, _targets(slot.spec.task, x, labels))

    def save(self, trial_id: UUID) -> TrainingState:
        """Return a copy of a trial's state."""
        slot = self._slots[trial_id]
        kinds, parameters = state_kinds(slot.spec), [*slot.network.parameters()]
        values: list[Sequence[Tensor]] = [parameters]
        values += optimizer_state(slot.optimizer, parameters, kinds[1:])
        arrays: dict[str, NDArray[Any]] = {}
        for kind, tensors in zip(kinds, values, strict=True):
            arrays |= kind_arrays(kind, *_sorted(slot.network, tensors))
        return TrainingState(slot.steps, arrays)

    def fixed(self, trial_id: UUID) -> GroupTensors:
        """Return a trial's matrices that are not trained, by group."""
        network = self._slots[trial_id].network
        names = [group.name for group in network.groups if not group.trainable]
        weights = network.weights()
        return {name: weights[name] for name in names}

    @fixed_arithmetic()
    def restore(self, spec: TrialSpec, state: TrainingState) -> None:
        """Add a trial with a saved state."""
        check_trial(spec, self._shape, EngineName.REFERENCE)
        check_state(spec, self._shape, state)
        network = self._network(spec)
        # A state does not contain fixed matrices; they are drawn again.
        fixed = [group for group in network.groups if not group.trainable]
        draw_matrices_(spec, fixed, network.weights())
        slot = self._insert(spec, network)
        parameters = [*slot.network.parameters()]
        kinds = state_kinds(spec)
        values = [[p.detach() for p in parameters]]
        values += [[torch.zeros_like(p) for p in values[0]] for _ in kinds[1:]]
        for kind, tensors in zip(kinds, values, strict=True):
            fill_(kind, *_sorted(slot.network, tensors), state)
        slot.steps = state.steps
        set_optimizer_state_(slot.optimizer, parameters, state.steps, kinds[1:], values[1:])

    def drop(self, trial_id: UUID) -> None:
        """Remove a trial."""
        self._slots.pop(trial_id, None)

    def _network(self, spec: TrialSpec) -> ProgramNetwork:
        check_trial(spec, self._shape, EngineName.REFERENCE)
        return ProgramNetwork.of(
            spec.network,
            self._shape.n_inputs,
            self._shape.n_outputs(spec.task),
            DTYPES[spec.training.precision],
        )

    def _insert(self, spec: TrialSpec, network: ProgramNetwork) -> _Slot:
        network.to(self._device)
        slot = _Slot(spec, network, optimizer(spec, _by_group(network)))
        self._slots[spec.trial_id] = slot
        return slot

    def _step(self, slot: _Slot, given: StepInput) -> float:
        indices = torch.from_numpy(given.indices).to(self._device)
        x, labels = self._train.batch(indices, slot.dtype)
        targets = _targets(slot.spec.task, x, labels)
        loss = batch_loss(slot.spec.loss, slot.network(x), targets)
        value = loss.item()
        if math.isfinite(value):
            _update(slot, loss, given.learning_rate)
            slot.steps += 1
        return value


def _update(slot: _Slot, loss: Tensor, learning_rate: float) -> None:
    slot.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    for group, parameters in _by_group(slot.network):
        if is_frozen(slot.spec, group):
            for parameter in parameters:
                parameter.grad = None  # The optimizer skips parameters without a gradient.
    if slot.spec.optimizer.clip_norm is not None:
        gradients = [p.grad for p in slot.network.parameters() if p.grad is not None]
        clip_(gradients, slot.spec.optimizer.clip_norm)
    for options in slot.optimizer.param_groups:
        options["lr"] = learning_rate * options[RATE_FACTOR]
    slot.optimizer.step()


def _by_group(network: ProgramNetwork) -> list[tuple[ParameterGroup, list[Parameter]]]:
    """Return the trained parameters of each group that has any."""
    return [
        (group, parameters)
        for group in network.groups
        if group.trainable and (parameters := network.parameters_of(group))
    ]


def _sorted(network: ProgramNetwork, values: Sequence[Tensor]) -> tuple[GroupTensors, GroupTensors]:
    """Return values of matrices and of biases by group, from one value per trained parameter."""
    value_of = dict(zip(map(id, network.parameters()), values, strict=True))
    parts = network.weights(), network.biases()
    trained = parts[1].keys()  # Only trainable groups have biases.
    weights, biases = (
        {name: [value_of[id(parameter)] for parameter in part[name]] for name in trained}
        for part in parts
    )
    return weights, biases


@torch.no_grad()
def _full_pass(slot: _Slot, split: Split) -> SplitResult:
    task = slot.spec.task
    loss, wrong = 0.0, 0
    for x, labels in split.chunks(slot.dtype):
        outputs = slot.network(x)
        loss += summed_loss(task, outputs, _targets(task, x, labels)).item()
        if task is Task.CLASSIFY and labels is not None:
            wrong += int(count_errors(outputs, labels).item())
    error = wrong / len(split) if task is Task.CLASSIFY else None
    return SplitResult(loss / len(split), error)


def _targets(task: Task, x: Tensor, labels: Tensor | None) -> Tensor:
    return x if task is Task.AUTOENCODE or labels is None else labels
