"""Back-propagation and update rules written out in numpy, from their definitions."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from workers.architectures import Skip, architecture_of
from workers.contract import Activation, OptimizerKind, Task, TrialSpec
from workers.generators import weight_generators

Array = NDArray[np.float64]


def one_hot(labels: NDArray[np.int64], n_classes: int) -> Array:
    return np.eye(n_classes)[labels]


class NaiveNetwork:
    """A network, its gradients and its optimizer, in float64."""

    def __init__(
        self,
        spec: TrialSpec,
        weights: list[Array],
        biases: list[Array],
        gates: Sequence[Array] = (),
    ) -> None:
        """Make a network; ``gates`` has all matrices of gates and then all their biases."""
        self.spec = spec
        self.rules = [layer.rule for layer in architecture_of(spec.network).layers(spec.network)]
        self.filters = [self._filter(d) for d in range(len(self.rules))]
        self.parameters = [*weights, *biases, *gates]
        self.n_matrices, self.n_gates = len(weights), len(gates) // 2
        self.first = [np.zeros_like(p) for p in self.parameters]
        self.second = [np.zeros_like(p) for p in self.parameters]
        self.steps = 0
        self.clipped: list[bool] = []

    def forward(self, x: Array) -> tuple[list[Array], list[Array]]:
        """Return the inputs of every matrix and what it makes of them, before activation."""
        inputs, sums = [x], []
        for d, rule in enumerate(self.rules):
            weight, bias = self.parameters[d], self.parameters[self.n_matrices + d]
            sums.append(inputs[-1] @ weight.T + bias)
            output = rule.branch_gain * self._activation(sums[-1])
            if rule.gated:
                gate = self._gate(d, inputs[-1])
                output = gate * output + (1 - gate) * inputs[-1]
            elif rule.skip is not Skip.NONE:
                output = output + rule.skip_gain * inputs[-1] @ self.filters[d].T
            inputs.append(output)
        return inputs[:-1], sums

    def loss(self, x: Array, targets: Array) -> float:
        outputs = self.forward(x)[1][-1]
        if self.spec.task is Task.AUTOENCODE:
            return float(np.mean((outputs - targets) ** 2))
        return float(-np.mean(np.sum(targets * np.log(self._softmax(outputs)), axis=1)))

    def gradients(self, x: Array, targets: Array) -> list[Array]:
        inputs, sums = self.forward(x)
        outputs = sums[-1]
        if self.spec.task is Task.AUTOENCODE:
            error = 2 * (outputs - targets) / outputs.size
        else:
            error = (self._softmax(outputs) - targets) / len(x)
        of_weights: list[Array] = []
        of_biases: list[Array] = []
        of_gates: list[Array] = []
        of_gate_biases: list[Array] = []
        for d in reversed(range(self.n_matrices)):
            rule, carried = self.rules[d], error
            through = np.zeros_like(inputs[d])
            if rule.gated:
                gate, (matrix, _) = self._gate(d, inputs[d]), self._gate_parameters(d)
                swing = error * (self._activation(sums[d]) - inputs[d]) * gate * (1 - gate)
                of_gates.insert(0, swing.T @ inputs[d])
                of_gate_biases.insert(0, swing.sum(axis=0))
                carried, error, through = (1 - gate) * error, gate * error, swing @ matrix
            delta = rule.branch_gain * error * (self._slope(sums[d]) if rule.activated else 1.0)
            of_weights.insert(0, delta.T @ inputs[d])
            of_biases.insert(0, delta.sum(axis=0))
            below = delta @ self.parameters[d]
            if rule.skip is not Skip.NONE:
                below = below + rule.skip_gain * carried @ self.filters[d]
            error = below + through
        return [*of_weights, *of_biases, *of_gates, *of_gate_biases]

    def step(self, x: Array, targets: Array, lr: float) -> float:
        loss = self.loss(x, targets)
        gradients = self.gradients(x, targets)
        if self.spec.optimizer.clip_norm is not None:
            norm = math.sqrt(sum(float(np.sum(g**2)) for g in gradients))
            self.clipped.append(norm > self.spec.optimizer.clip_norm)
            gradients = [g * min(1.0, self.spec.optimizer.clip_norm / norm) for g in gradients]
        self.steps += 1
        for i, gradient in enumerate(gradients):
            decayed = gradient + self.spec.optimizer.weight_decay * self.parameters[i]
            direction = self._direction(i, decayed)
            self.parameters[i] = self.parameters[i] - lr * self._rate_factor(i) * direction
        return loss

    def _rate_factor(self, i: int) -> float:
        is_hidden = 0 < i % self.n_matrices < self.n_matrices - 1
        return self.spec.training.branch_lr_factor if is_hidden else 1.0

    def _filter(self, d: int) -> Array:
        """Return the matrix S of a layer, drawn from its stream of random numbers."""
        rule, width = self.rules[d], self.spec.network.width
        if rule.skip not in {Skip.ORTHOGONAL, Skip.PERMUTATION}:
            return np.eye(width)
        place = 1 if getattr(self.spec.network, "shared_filter", False) else d
        (generator,) = weight_generators(self.spec.seed, [f"filter {place}"])
        if rule.skip is Skip.PERMUTATION:
            order = torch.randperm(width, generator=generator).numpy()
            permuted: Array = np.eye(width)[order]
            return permuted
        drawn = torch.randn(width, width, generator=generator, dtype=torch.float64).numpy()
        q, r = np.linalg.qr(drawn)
        filtering: Array = q * np.sign(np.diag(r))
        return filtering

    def _gate_parameters(self, d: int) -> tuple[Array, Array]:
        place = 2 * self.n_matrices + d - 1  # The first layer has no gate.
        return self.parameters[place], self.parameters[place + self.n_gates]

    def _gate(self, d: int, h: Array) -> Array:
        matrix, bias = self._gate_parameters(d)
        opening: Array = 1 / (1 + np.exp(-(h @ matrix.T + bias)))
        return opening

    def _direction(self, i: int, gradient: Array) -> Array:
        if self.spec.optimizer.kind is OptimizerKind.SGD:
            self.first[i] = self.spec.optimizer.momentum * self.first[i] + gradient
            if self.spec.optimizer.nesterov:
                return gradient + self.spec.optimizer.momentum * self.first[i]
            return self.first[i]
        beta1, beta2 = self.spec.optimizer.beta1, self.spec.optimizer.beta2
        self.first[i] = beta1 * self.first[i] + (1 - beta1) * gradient
        self.second[i] = beta2 * self.second[i] + (1 - beta2) * gradient**2
        mean = self.first[i] / (1 - beta1**self.steps)
        square = self.second[i] / (1 - beta2**self.steps)
        return mean / (np.sqrt(square) + self.spec.optimizer.eps)

    def _activation(self, a: Array) -> Array:
        if self.spec.network.activation is Activation.RELU:
            return np.maximum(a, 0.0)
        if self.spec.network.activation is Activation.LEAKY_RELU:
            return np.where(a > 0, a, self.spec.network.slope * a)
        return np.tanh(a)

    def _slope(self, a: Array) -> Array:
        if self.spec.network.activation is Activation.RELU:
            return (a > 0).astype(np.float64)
        if self.spec.network.activation is Activation.LEAKY_RELU:
            return np.where(a > 0, 1.0, self.spec.network.slope)
        return 1 - np.tanh(a) ** 2

    @staticmethod
    def _softmax(outputs: Array) -> Array:
        powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        softmax: Array = powers / powers.sum(axis=1, keepdims=True)
        return softmax
