"""Do what an upgrade left to be done, a batch at a time; searches meanwhile find what is done."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.rules.audit import Act
from gateway.store import reindexing
from gateway.store.database import Database
from gateway.usecases.asked import Asked
from gateway.usecases.services import Services

BATCH = 200  # other writers wait for one batch at most


def is_behind(database: Database) -> bool:
    """Whether some of the index was made by other search parameters than those of this release."""
    with database.read() as db:
        return reindexing.is_behind(db)


def left(services: Services) -> int:
    """How many resources are to be indexed anew."""
    with services.database.read() as db:
        return reindexing.behind(db)


def reindex(services: Services, asked: Asked) -> Iterator[int]:
    """How many resources each step has indexed; every step is kept and recorded, so it can end and begin anywhere."""
    while done := _step(services, asked):
        yield done


def _step(services: Services, asked: Asked) -> int:
    if not is_behind(services.database):
        return 0
    with services.database.write() as writer:
        return reindexing.go_on(writer, asked.entry(Act.REINDEX, None), count=BATCH)
