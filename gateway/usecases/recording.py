"""A refusal of a known caller is recorded in a transaction of its own: what was refused left no other trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import Refusal
from gateway.rules.audit import Act, Outcome
from gateway.store import audit
from gateway.usecases.asked import Asked
from gateway.usecases.services import Services


@contextmanager
def recorded(services: Services, asked: Asked, act: Act, target: str | None = None) -> Iterator[None]:
    """Record a refusal that leaves the block, which has rolled back whatever it began; then let it go on."""
    try:
        yield
    except Refusal as refusal:
        outcome = Outcome.DENIED if refusal.status == 403 else Outcome.REFUSED
        entry = asked.entry(act, target, outcome=outcome, detail={"reason": refusal.code})
        with services.database.write() as writer:
            audit.record(writer, entry)
        raise
