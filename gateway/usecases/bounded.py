"""A bound on the work of searching: who asks for more than that is told so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import BadRequest, Issue
from gateway.store.budget import TooLong, at_most
from gateway.store.database import Reader, Writer
from gateway.usecases.services import Services

_HELD = 0.2  # the share of one that writes: meanwhile nobody else does, and no read is recorded


@contextmanager
def bounded(services: Services, db: Reader) -> Iterator[None]:
    """What is looked through in the block, and in such blocks before it in this unit of work. Raises BadRequest."""
    try:
        with at_most(db, services.limits.search_seconds * (_HELD if isinstance(db, Writer) else 1)):
            yield
    except TooLong:
        words = "The search would take too long; narrow it."
        raise BadRequest(issues=[Issue(words, code="too-costly")]) from None
