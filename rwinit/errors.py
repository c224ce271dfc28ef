"""Errors that this package raises."""


class RwinitError(Exception):
    """Base class of every error of this package."""


class ArgumentError(RwinitError, ValueError):
    """An argument is not one of the values that are allowed.

    Attributes:
        name: The argument, as the signature or the index spells it.
        given: What was passed, or a description of it.
        allowed: What may be passed, in words.
    """

    def __init__(self, name: str, given: object, allowed: str) -> None:
        super().__init__(name, given, allowed)  # every field, so that it unpickles
        self.name = name
        self.given = given
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.name} must be {self.allowed}; given {self.given!r}"


class UnsupportedActivationError(RwinitError, ValueError):
    """An activation has no closed form that a function needs, or no unbiased g at all.

    Attributes:
        activation: The activation, as given.
    """

    def __init__(self, activation: str) -> None:
        super().__init__(activation)
        self.activation = activation

    def __str__(self) -> str:
        return (
            f"activation {str(self.activation)!r} has no closed form here: the exact law has one "
            "for linear, relu and leaky_relu, the paper for linear and relu; simulate it with "
            "rwinit.gain, or give g explicitly"
        )


class GainNotFoundError(UnsupportedActivationError):
    """No g was found at which the simulated walk has no drift.

    Attributes:
        activation: Name of the activation.
        width: Units per layer.
        depth: Hidden layers.
        lowest: Smallest g that was tried.
        highest: Largest g that was tried.
        closest: The g with the mean of ln Z closest to 0.
        log_gain: That mean, in nats.
    """

    def __init__(
        self,
        activation: str,
        width: int,
        depth: int,
        lowest: float,
        highest: float,
        closest: float,
        log_gain: float,
    ) -> None:
        # Every field, so that it unpickles; the base class would pass the activation alone.
        ValueError.__init__(self, activation, width, depth, lowest, highest, closest, log_gain)
        self.activation = activation
        self.width = width
        self.depth = depth
        self.lowest = lowest
        self.highest = highest
        self.closest = closest
        self.log_gain = log_gain

    def __str__(self) -> str:
        return (
            f"no g from {self.lowest:.3g} to {self.highest:.3g} leaves the walk of "
            f"{self.activation!r} at width {self.width} and depth {self.depth} without drift: the "
            f"mean of ln Z came closest to 0 at g = {self.closest:.4g}, where it is "
            f"{self.log_gain:.3g}; take a wider network, or give g explicitly"
        )
