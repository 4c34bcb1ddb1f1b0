"""A brake on guessing: after some failures a name has to wait, longer each time, until it succeeds.

Kept in memory, so each process counts for itself; the cost of argon2id bounds what many processes together can try.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=1)  # longer would let anybody lock a clinician out
MAX_NAMES = 10_000


@dataclass(slots=True)
class _Failures:
    count: int
    until: datetime


class Throttle:
    """Counts failures by name. Any thread may call it."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = Lock()

    def wait(self, name: str, now: datetime) -> timedelta:
        """How long `name` has to wait before it may try; nothing if it may now."""
        with self._lock:
            failures = self._failures.get(name)
            return max(failures.until - now, timedelta()) if failures else timedelta()

    def failed(self, name: str, now: datetime) -> None:
        with self._lock:
            count = self._failures.pop(name, _Failures(0, now)).count + 1
            doublings = min(count - FREE_FAILURES, 16)
            pause = min(FIRST_WAIT * 2**doublings, LONGEST_WAIT) if doublings >= 0 else timedelta()
            self._failures[name] = _Failures(count, now + pause)
            if len(self._failures) > MAX_NAMES:
                self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        with self._lock:
            self._failures.pop(name, None)
