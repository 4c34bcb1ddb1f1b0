"""A page is bounded by its bytes as well as by its count: resources may be as long as what is written at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.rules.access import Visibility
from gateway.store.database import Reader
from gateway.store.resources import COLUMNS, Stored
from gateway.store.statements import Prepared
from gateway.store.visible import parameters

MOST_BYTES = 16 * 1024 * 1024
TEXT = next(place for place, column in enumerate(COLUMNS) if column.name == "text")


def page_of(db: Reader, visibility: Visibility, prepared: Prepared, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Rows of a shielded statement that begin with `COLUMNS`: two at least, else no further than the one with which
    they are longer than a page."""
    rows, size = [], 0
    for row in db.each(prepared, {**parameters(visibility), **values}):
        rows.append(row)
        size += len(row[TEXT])
        if size > MOST_BYTES and len(rows) > 1:
            break
    return rows


def is_full(sizes: Iterable[int]) -> bool:
    sizes = list(sizes)
    return len(sizes) > 1 and sum(sizes) > MOST_BYTES


def fitting(rows: Sequence[Stored], count: int) -> int:
    """How many of the rows a page of at most `count` holds: one in any case."""
    size = 0
    for place, row in enumerate(rows[:count]):
        size += row.size
        if size > MOST_BYTES and place:
            return place
    return min(count, len(rows))
