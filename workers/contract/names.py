"""Enumerations of the contract; rows and messages contain their values."""

from enum import StrEnum


class Task(StrEnum):
    """Target of training, which decides the loss."""

    CLASSIFY = "classify"  # softmax cross-entropy, mean over samples; error is the fraction wrong
    AUTOENCODE = "autoencode"  # mean squared error over samples and dimensions; no error


class Activation(StrEnum):
    """Elementwise nonlinearity of the hidden layers."""

    LINEAR = "linear"
    RELU = "relu"
    LEAKY_RELU = "leaky_relu"
    TANH = "tanh"
    HARDTANH = "hardtanh"
    SIGMOID_CENTRED = "sigmoid_centred"  # 2 sigmoid(x) - 1
    ERF = "erf"
    SOFTPLUS = "softplus"
    GELU = "gelu"
    SILU = "silu"
    SELU = "selu"
    ELU = "elu"
    SINE = "sine"


HOMOGENEOUS = frozenset({Activation.LINEAR, Activation.RELU, Activation.LEAKY_RELU})
"""Activations with f(c x) = c f(x) for c > 0.

The scale of their activations can be stored apart from the direction, and the walk of a network
without skips has an exact law."""

DERIVED_OF_INPUT = frozenset(
    {
        Activation.SELU,
        Activation.ELU,
        Activation.ERF,
        Activation.SOFTPLUS,
        Activation.GELU,
        Activation.SILU,
        Activation.SINE,
    }
)
"""Activations whose derivative is computed from their input.

The input therefore stays in memory until the backward pass. The derivative of every other
activation is computed from its output."""


class Scheme(StrEnum):
    """Scheme of the initial weights."""

    RWI = "rwi"
    RWI_PAPER = "rwi_paper"
    HE = "he"
    GLOROT = "glorot"
    LECUN = "lecun"
    ORTHOGONAL = "orthogonal"
    LOOKS_LINEAR = "looks_linear"  # mirrored orthogonal blocks; a ReLU network starts linear
    LSUV = "lsuv"  # orthogonal, then each layer scaled on training samples
    LYAPUNOV = "lyapunov"  # Gaussian, with a g that makes the mean log gain 0
    LYAPUNOV_SAMPLED = "lyapunov_sampled"  # drawn again until a matrix's own log gain is near 0


class OptimizerKind(StrEnum):
    """Update rule of the optimizer."""

    SGD = "sgd"
    ADAM = "adam"


class Freeze(StrEnum):
    """Part of the network that is not trained."""

    NONE = "none"
    BODY = "body"  # everything before the last matrix, for controls with a trained readout alone


class Precision(StrEnum):
    """Floating-point type of the training step."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"


class EngineName(StrEnum):
    """Implementation of the training step."""

    REFERENCE = "reference"  # autograd, one network after another
    PACKED = "packed"  # many networks as one batched product


class Outcome(StrEnum):
    """Final result of a trial."""

    COMPLETED = "completed"
    DIVERGED = "diverged"  # the loss of a step or of a full pass was not finite
    STOPPED = "stopped"  # early stopping or a deadline ended it
    FAILED = "failed"  # an error; the message says which
    CANCELLED = "cancelled"


class StoppingKind(StrEnum):
    """Rule of early stopping."""

    ASHA = "asha"
    HALVING = "halving"
    MEDIAN = "median"


class StoppingMetric(StrEnum):
    """Metric that a rule of early stopping compares; less is better."""

    TRAIN_LOSS = "train_loss"
    TRAIN_ERROR = "train_error"
    EVAL_LOSS = "eval_loss"
    EVAL_ERROR = "eval_error"
