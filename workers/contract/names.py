"""Enumerations of the contract, stored and sent by their values."""

from enum import StrEnum


class Task(StrEnum):
    """What the network learns, and so its loss."""

    CLASSIFY = "classify"  # softmax cross-entropy, mean over samples; error is the fraction wrong
    AUTOENCODE = "autoencode"  # mean squared error over samples and dimensions; no error


class Activation(StrEnum):
    """Elementwise nonlinearities of the hidden layers."""

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
"""Activations with f(c x) = c f(x) for c > 0: a layer's scale can be kept apart from its direction,
and the law of their plain walk is exact."""

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
"""Activations whose derivative is taken of their input, which then stays until the backward pass.

The derivative of the others is a function of their output."""


class Scheme(StrEnum):
    """Initial-weight schemes."""

    RWI = "rwi"
    RWI_PAPER = "rwi_paper"
    HE = "he"
    GLOROT = "glorot"
    LECUN = "lecun"
    ORTHOGONAL = "orthogonal"


class OptimizerKind(StrEnum):
    """Update rules."""

    SGD = "sgd"
    ADAM = "adam"


class Precision(StrEnum):
    """Arithmetic of the training step."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"


class EngineName(StrEnum):
    """Implementations of the training step."""

    REFERENCE = "reference"  # autograd, one network after another
    PACKED = "packed"  # many networks as one batched product


class Outcome(StrEnum):
    """How a trial ended."""

    COMPLETED = "completed"
    DIVERGED = "diverged"  # the loss of a step or of a full pass was not finite
    STOPPED = "stopped"  # early stopping or a deadline ended it
    FAILED = "failed"  # an error; the message says which
    CANCELLED = "cancelled"


class StoppingKind(StrEnum):
    """Rules that end trials early."""

    ASHA = "asha"
    HALVING = "halving"
    MEDIAN = "median"


class StoppingMetric(StrEnum):
    """What such a rule compares; less is better."""

    TRAIN_LOSS = "train_loss"
    TRAIN_ERROR = "train_error"
    EVAL_LOSS = "eval_loss"
    EVAL_ERROR = "eval_error"
