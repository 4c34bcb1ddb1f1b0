"""Which version is current, and number and time of the one that comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import String, and_, bindparam, select, union_all

from gateway.store.database import Reader
from gateway.store.statements import Prepared, batches
from gateway.store.tables import resource
from gateway.store.times import micros

_ONE_VERSION = frozenset({"Provenance", "AuditEvent"})  # what was told of an act is never told otherwise
_KEY = ("type", "id")
_COLUMN_OF = {"updated_micros": "updated_at"}


class NeverChanges(Exception):
    """A further version was wanted of what has only one."""


class Stale(Exception):
    """Another version is current than the one that a further one was decided upon."""


class Current(NamedTuple):
    """The version that is current, of which the next one has to know this much."""

    pk: int
    version: int
    updated_micros: int
    confidentiality: str
    kind_pk: int


Formers = Mapping[tuple[str, str], Current]  # by type and id


def currents(db: Reader, references: Sequence[tuple[str, str]]) -> Formers:
    """Those of the resources that are there, by type and id."""
    found: dict[tuple[str, str], Current] = {}
    for some in batches(references):
        values = {
            f"{name}{place}": text for place, one in enumerate(some) for name, text in zip(_KEY, one, strict=True)
        }
        found |= {(type, id): Current(*row) for type, id, *row in db.all(_latest(len(some)), values)}
    return found


@cache
def _latest(size: int) -> Prepared:
    keys = (select(*(bindparam(f"{name}{place}", type_=String).label(name) for name in _KEY)) for place in range(size))
    asked = union_all(*keys).cte("asked")  # joined, as SQLite would look through all the current ones for a list
    columns = (resource.c.type, resource.c.id, *(resource.c[_COLUMN_OF.get(name, name)] for name in Current._fields))
    one = and_(resource.c.type == asked.c.type, resource.c.id == asked.c.id)
    return Prepared(select(*columns).select_from(asked.join(resource, one)).where(resource.c.is_current))


def following(at: datetime, formers: Formers, type: str, id: str, after: int | None) -> tuple[int, int]:
    """Number and time of the next version."""
    former = formers.get((type, id))
    if after is not None and after != (former.version if former else 0):
        raise Stale(type)
    updated_at = micros(at)
    if former is None:
        return 1, updated_at
    if type in _ONE_VERSION:
        raise NeverChanges(type)
    return former.version + 1, max(updated_at, former.updated_micros + 1)
