"""The one place per sweep where running workers ask whether to go on."""

from dataclasses import dataclass
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is told before each step.

    Attributes:
        wind_down: Return at once; what is unfinished stays unfinished.
    """

    wind_down: bool = False


class ControlState:
    """State of the control actor: orders only ever tighten."""

    def __init__(self) -> None:
        self._orders = Orders()

    def orders(self) -> Orders:
        """Return the orders in force."""
        return self._orders

    def wind_down(self) -> None:
        """Tell every worker to return at its next step."""
        self._orders = Orders(wind_down=True)


class Control:
    """A line to the control actor; travels to every worker of the sweep."""

    # Ray makes an actor's methods at run time, so a handle has no static type.
    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def orders(self) -> Orders:
        """Return the orders in force; about a millisecond."""
        orders: Orders = ray.get(self._handle.orders.remote())
        return orders

    def wind_down(self) -> None:
        """Tell every worker to return at its next step; does not wait for them."""
        self._handle.wind_down.remote()


def start() -> Control:
    """Start the control actor beside the calling process; it reserves no CPU.

    Elsewhere the loss of that node would take the orders away from every other one.
    """
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    options = {"num_cpus": 0, "scheduling_strategy": here}
    return Control(ray.remote(ControlState).options(**options).remote())
