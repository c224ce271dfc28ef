"""What a predicted walk depends on: trials that share it have one walk between them."""

from dataclasses import dataclass

from service.planner.gains import gain_of, relative_of, weights_of
from service.spec import Point
from workers.contract import Activation, Scheme

#: Activations whose walk has an exact law: nothing about it is simulated.
EXACT = frozenset({Activation.LINEAR, Activation.RELU, Activation.LEAKY_RELU})


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A random network before its random numbers.

    Attributes:
        weights: Law of the hidden matrices: gaussian or orthogonal.
        activation: Nonlinearity of the hidden layers.
        slope: Negative-side slope of leaky_relu.
        width: Units per hidden layer.
        depth: Hidden layers.
        relative: g over the unbiased g, where that is how g was given; else None.
        g: g where it was given as a number or by a scheme's formula; else None.
        g_in: Multiplier of the first matrix; 1 where the walk does not depend on it.
        n_inputs: Dimensions of one sample; None where the walk does not depend on them.
    """

    weights: str
    activation: str
    slope: float
    width: int
    depth: int
    relative: float | None
    g: float | None
    g_in: float = 1.0
    n_inputs: int | None = None

    @property
    def exact(self) -> bool:
        """Whether the walk has a closed form."""
        return self.activation in EXACT

    def words(self) -> str:
        """Return the configuration in words, such as ``relu, width 100, depth 32, g 2``."""
        slope = f" of slope {self.slope:g}" if self.activation == Activation.LEAKY_RELU else ""
        kind = " orthogonal" if self.weights == "orthogonal" else ""
        given = f"g {self.g:.4g}" if self.g is not None else f"g {self.relative:.4g} x unbiased"
        first = "" if self.g_in == 1.0 else f", g_in {self.g_in:.4g}"
        network = f"{self.activation}{slope}{kind}, width {self.width}, depth {self.depth}"
        inputs = "" if self.n_inputs is None else f", {self.n_inputs} inputs"
        return f"{network}, {given}{first}{inputs}"


def configuration_of(point: Point, width: int, n_inputs: int) -> Configuration:
    """Return the configuration of a point's networks of a width; simulates nothing.

    Args:
        point: One without issues.
        width: Units per hidden layer.
        n_inputs: Dimensions of one sample of its data set.
    """
    relative = relative_of(point)
    activation = point.text("network.activation")
    return Configuration(
        weights=weights_of(Scheme(point.text("init.scheme"))),
        activation=activation,
        slope=point.number("network.slope"),
        width=width,
        depth=point.whole("network.depth"),
        relative=relative,
        # Only the unbiased g can need a simulation, and `relative_of` covers all its uses.
        g=gain_of(point, width) if relative is None else None,
        # A homogeneous activation carries any factor of the input to the output unchanged.
        g_in=1.0 if activation in EXACT else point.number("init.g_in"),
        n_inputs=None if activation in EXACT else n_inputs,
    )
