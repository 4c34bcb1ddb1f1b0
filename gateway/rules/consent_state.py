"""Where a Consent stands in its life at one moment; nothing is written when it goes on to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.fhir import dates
from gateway.rules.consent_compile import supersedes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class State(StrEnum):
    IN_FORCE = "in-force"
    PLANNED = "planned"  # its period has not begun
    ENDED = "ended"  # its period is over
    SUPERSEDED = "superseded"  # a later one took its place
    REVOKED = "revoked"
    MISTAKEN = "mistaken"  # entered in error


_BY_STATUS = {"inactive": State.REVOKED, "entered-in-error": State.MISTAKEN}


def state_of(consent: Mapping[str, Any], consents: Iterable[Mapping[str, Any]], at: datetime) -> State:
    """The state of one among all `consents` of its patient."""
    if consent["status"] != "active":
        return _BY_STATUS[consent["status"]]
    moment = (at - _EPOCH) // timedelta(microseconds=1)
    period = _period(consent)
    if moment > period.high:
        return State.ENDED
    if any(_period(other).low <= moment for other in consents if supersedes(other, consent)):
        return State.SUPERSEDED
    return State.PLANNED if moment < period.low else State.IN_FORCE


def _period(consent: Mapping[str, Any]) -> dates.Interval:
    return dates.period(consent["provision"].get("period", {}))
