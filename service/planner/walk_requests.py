"""Requests for forecasts, each of a random network's walk."""

from dataclasses import dataclass

from service.planner.gains import gain_of, gain_walk_of, relative_of
from service.planner.networks import network_of
from service.spec import Point
from workers.architectures import HyperValue, WalkQuestion, architecture_of
from workers.contract import Activation, Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkRequest:
    """The distribution of a random network; configurations with equal requests share a forecast.

    Attributes:
        kind: Kind of network.
        question: Parameters of the walk. For a kind without a law it is the walk of its layers
            without skips, from which g is found.
        has_law: Whether kind and scheme have a law, so that the walk can be predicted.
        relative: Ratio of g to the unbiased g, if g is given in that way; else None.
        g: g, if it is given as a number or by the scheme's formula; else None.
        hyperparameters: Resolved hyper-parameters of a network with skips, by name. They tell
            networks apart whose question is that of their layers without skips.
    """

    kind: str
    question: WalkQuestion
    has_law: bool
    relative: float | None
    g: float | None
    hyperparameters: tuple[tuple[str, HyperValue], ...] = ()

    @property
    def exact(self) -> bool:
        """Whether the walk has a closed form."""
        return self.question.exact

    def label(self) -> str:
        """Return a description of the network, such as ``relu, width 100, depth 32, g 2``."""
        asked = self.question
        slope = f" of slope {asked.slope:g}" if asked.activation is Activation.LEAKY_RELU else ""
        law = "" if asked.weights == "gaussian" else f" {asked.weights}"
        unit = "" if asked.has_unit_gain else " x unbiased"
        given = f"g {self.g:.4g}" if self.g is not None else f"g {self.relative:.4g}{unit}"
        first = "" if asked.g_in == 1.0 else f", g_in {asked.g_in:.4g}"
        plain = self.has_law and not asked.has_skips
        kind = "" if plain else f"{self.kind}, "
        network = f"{kind}{asked.activation}{slope}{law}, width {asked.width}, depth {asked.depth}"
        inputs = "" if asked.n_inputs is None else f", {asked.n_inputs} inputs"
        own = "".join(_shown(name, value) for name, value in self.hyperparameters)
        return f"{network}, {given}{first}{inputs}{own}"


def walk_request(point: Point, width: int, n_inputs: int) -> WalkRequest:
    """Return the request for a point's networks, without simulating anything.

    Args:
        point: A point without issues.
        width: Units per hidden layer.
        n_inputs: Number of values in one sample of the data set.
    """
    network = network_of(point, width)
    relative = relative_of(point)
    scheme, g_in = Scheme(point.text("init.scheme")), point.number("init.g_in")
    architecture = architecture_of(network)
    own = architecture.walk(network, scheme=scheme, g_in=g_in, n_inputs=n_inputs)
    # The question of a network without skips already has everything that its walk depends on.
    is_plain = own is not None and not own.has_skips
    names = [] if is_plain else [each.name for each in architecture.hyperparameters]
    return WalkRequest(
        kind=network.kind,
        question=own if own is not None else gain_walk_of(point, network),
        has_law=own is not None,
        relative=relative,
        # Only the unbiased g can need a simulation, and `relative_of` covers all its uses.
        g=gain_of(point, network) if relative is None else None,
        hyperparameters=tuple((name, getattr(network, name)) for name in names),
    )


def _shown(name: str, value: HyperValue) -> str:
    """Return a hyper-parameter as part of a label; nothing for a flag that is not set."""
    if isinstance(value, bool):
        return f", {name}" if value else ""
    return f", {name} {value}" if isinstance(value, str) else f", {name} {value:.4g}"
