"""Requests for a forecast: a random network's walk, and g as far as it is known."""

from dataclasses import dataclass

from service.planner.gains import gain_of, gain_walk_of, relative_of
from service.planner.networks import network_of
from service.spec import Point
from workers.architectures import WalkQuestion, architecture_of
from workers.contract import Activation, Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkRequest:
    """A random network before its random numbers; configurations with equal ones share a walk.

    Attributes:
        kind: Kind of network.
        question: What its walk depends on; of a kind without a law, the walk of its layers
            without skips.
        has_law: Whether the walk is the network's own, so that it can be predicted.
        relative: g over the unbiased g, where that is how g was given; else None.
        g: g where it was given as a number or by a scheme's formula; else None.
        hyperparameters: Resolved hyperparameters of a network without a law, by name. The
            question leaves them out, so without them different networks would be counted as one.
    """

    kind: str
    question: WalkQuestion
    has_law: bool
    relative: float | None
    g: float | None
    hyperparameters: tuple[tuple[str, float], ...] = ()

    @property
    def exact(self) -> bool:
        """Whether the walk has a closed form."""
        return self.question.exact

    def label(self) -> str:
        """Return the network in words, such as ``relu, width 100, depth 32, g 2``."""
        asked = self.question
        slope = f" of slope {asked.slope:g}" if asked.activation is Activation.LEAKY_RELU else ""
        law = " orthogonal" if asked.weights == "orthogonal" else ""
        given = f"g {self.g:.4g}" if self.g is not None else f"g {self.relative:.4g} x unbiased"
        first = "" if asked.g_in == 1.0 else f", g_in {asked.g_in:.4g}"
        kind = "" if self.has_law else f"{self.kind}, "
        network = f"{kind}{asked.activation}{slope}{law}, width {asked.width}, depth {asked.depth}"
        inputs = "" if asked.n_inputs is None else f", {asked.n_inputs} inputs"
        own = "".join(f", {name} {value:.4g}" for name, value in self.hyperparameters)
        return f"{network}, {given}{first}{inputs}{own}"


def walk_request(point: Point, width: int, n_inputs: int) -> WalkRequest:
    """Return the request of a point's networks of a width; simulates nothing.

    Args:
        point: One without issues.
        width: Units per hidden layer.
        n_inputs: Dimensions of one sample of its data set.
    """
    network = network_of(point, width)
    relative = relative_of(point)
    scheme, g_in = Scheme(point.text("init.scheme")), point.number("init.g_in")
    architecture = architecture_of(network)
    own = architecture.walk(network, scheme=scheme, g_in=g_in, n_inputs=n_inputs)
    # A law's question already has everything that its walk depends on.
    names = [] if own is not None else [each.name for each in architecture.hyperparameters]
    return WalkRequest(
        kind=network.kind,
        question=own if own is not None else gain_walk_of(point, network),
        has_law=own is not None,
        relative=relative,
        # Only the unbiased g can need a simulation, and `relative_of` covers all its uses.
        g=gain_of(point, network) if relative is None else None,
        hyperparameters=tuple((name, getattr(network, name)) for name in names),
    )
