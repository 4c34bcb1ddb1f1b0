"""What comes along with the matches of a search: `_include` and `_revinclude`, each row asked like a read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import count as counter
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, String, and_, bindparam, select

from gateway.fhir.search.controls import Include
from gateway.rules.access import Visibility
from gateway.store.binaries import only_opened
from gateway.store.chains import Reach, Scope, flatten_reach, within_reach
from gateway.store.database import Reader
from gateway.store.pages import page_of
from gateway.store.resources import COLUMNS, Stored, permitted, stored
from gateway.store.statements import Prepared, up_to
from gateway.store.tables import ix_reference, resource
from gateway.store.visible import shielded

_BATCHES = (1, 8, 64, 512)


class _Form(NamedTuple):
    """What decides the SQL text. The type of the near rows is bound."""

    code: str | None
    source: str | None
    reverse: bool
    reach: Reach
    size: int


def included(
    db: Reader, visibility: Visibility, include: Include, near: Sequence[Stored], *, scope: Scope, count: int
) -> list[Stored]:
    """At most `count` current resources that the near ones refer to (or that refer to them), by type and id; of each
    batch of near ones no more than fill a page.

    `scope` names the types that may be read, and what of them.
    """
    far = include.source if include.reverse else include.target
    reach, values = flatten_reach({type: scope[type] for type in scope if far in (None, type)})
    found: dict[int, Stored] = {}
    for type in sorted({row.type for row in near}):
        rows = [row for row in near if row.type == type]
        for start in range(0, len(rows), _BATCHES[-1]):
            batch = [row.id if include.reverse else row.pk for row in rows[start : start + _BATCHES[-1]]]
            size = next(size for size in _BATCHES if size >= len(batch))
            padded = [*batch, *[batch[-1]] * (size - len(batch))]
            bound = {f"m{place}": value for place, value in enumerate(padded)}
            bound |= {f"p{place}": value for place, value in enumerate(values)}
            form = _Form(include.code, include.source, include.reverse, reach, size)
            bound |= {"near": type, "count": count}
            got = permitted(db, visibility, [stored(row) for row in page_of(db, visibility, _statement(form), bound)])
            found |= {row.pk: row for row in only_opened(db, visibility, got)}
    return sorted(found.values(), key=lambda row: (row.type, row.id))[:count]


@lru_cache(maxsize=512)
def _statement(form: _Form) -> Prepared:
    names = (f"p{place}" for place in counter())
    statement: Select[Any] = select(*COLUMNS).where(resource.c.is_current, ~resource.c.is_deleted)
    statement = statement.where(within_reach(form.reach, names, drives=False), resource.c.pk.in_(_pks(form)))
    ordered = statement.order_by(resource.c.type, resource.c.id)
    return shielded(ordered.limit(up_to("count")))


def _pks(form: _Form) -> Select[Any]:
    row = ix_reference.c
    near = bindparam("near", type_=String)
    places = [bindparam(f"m{place}", type_=String if form.reverse else BigInteger) for place in range(form.size)]
    named = [row.name == form.code] if form.code else []
    if form.reverse:
        referring = select(row.resource_pk).where(row.type == form.source, *named)
        return referring.where(row.target_type == near, row.target_id.in_(places))
    aim = resource.alias()
    joined = and_(aim.c.type == row.target_type, aim.c.id == row.target_id, aim.c.is_current)
    aims = select(aim.c.pk).join_from(ix_reference, aim, joined).where(row.type == near, *named)
    return aims.where(row.resource_pk.in_(places))
