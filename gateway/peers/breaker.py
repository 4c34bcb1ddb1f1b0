"""A circuit breaker per destination: after failures in a row, nobody asks there for a while."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

FAILURES = 5
PAUSE_SECONDS = 30.0
MAX_DESTINATIONS = 1000


class Breaker:
    """Counts failures by destination. Any thread may call it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failures: dict[str, tuple[int, float]] = {}
        self._lock = Lock()

    def is_open(self, destination: str) -> bool:
        """Whether the destination has failed so often that it is left alone for now."""
        with self._lock:
            count, last = self._failures.get(destination, (0, 0.0))
            return count >= FAILURES and self._monotonic() - last < PAUSE_SECONDS

    def failed(self, destination: str) -> None:
        with self._lock:
            if len(self._failures) >= MAX_DESTINATIONS and destination not in self._failures:
                self._failures.clear()
            count, _ = self._failures.get(destination, (0, 0.0))
            self._failures[destination] = (count + 1, self._monotonic())

    def succeeded(self, destination: str) -> None:
        with self._lock:
            self._failures.pop(destination, None)
