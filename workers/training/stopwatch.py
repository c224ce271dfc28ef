"""Clock of the training time, which excludes the time that the caller takes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]


class Stopwatch:
    """A clock that can be stopped."""

    def __init__(self, clock: Clock) -> None:
        """Start the stopwatch.

        Args:
            clock: Returns seconds, from any origin.
        """
        self._clock = clock
        self._paused = 0.0

    def now(self) -> float:
        """Return the seconds of the clock minus the length of all pauses."""
        return self._clock() - self._paused

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the clock for the duration of a ``with`` block."""
        paused_at = self._clock()
        yield
        self._paused += self._clock() - paused_at
