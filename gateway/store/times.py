"""Times in the database: integer microseconds since the epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """The stored form of an aware time, exact to the microsecond."""
    return (moment - _EPOCH) // _MICRO


@lru_cache(maxsize=4096)  # the bounds of consents come back with every read
def moment(stored: int) -> datetime:
    return _EPOCH + timedelta(microseconds=stored)


def instant(stored: int) -> str:
    """The FHIR instant of a stored time: https://hl7.org/fhir/R4/datatypes.html#instant"""
    return moment(stored).isoformat(timespec="microseconds").replace("+00:00", "Z")
