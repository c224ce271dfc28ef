"""Time that the training took, without the time its caller took."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]


class Stopwatch:
    """A clock that can be stopped."""

    def __init__(self, clock: Clock) -> None:
        """Start.

        Args:
            clock: Seconds.
        """
        self._clock = clock
        self._paused = 0.0

    def now(self) -> float:
        """Return the seconds of the clock, less those of the pauses."""
        return self._clock() - self._paused

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stand still for a while."""
        left = self._clock()
        yield
        self._paused += self._clock() - left
