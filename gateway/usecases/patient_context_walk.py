"""The items of a patient's context in their order, one after the other: what comes later is not read before it is asked
for, so a page costs what it tells, whatever lies in the record beside it.

The order is that of the index; only what no index has a date of is read to know its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from gateway.fhir.json import parse
from gateway.rules.access import Visibility
from gateway.rules.patient_context import (
    BODILY,
    CORRECTIONS,
    DONE,
    KINDS,
    MOST_POINTS,
    SERIES,
    SOURCES,
    Place,
    low_of,
    may_be_told,
    measure,
    measured,
    points,
    series_of,
    told,
)
from gateway.rules.patient_context_items import Item, Resource
from gateway.store import patient_context as store
from gateway.store.belonging import texts
from gateway.store.database import Reader
from gateway.store.patient_context import Row
from gateway.store.resources import Stored
from gateway.usecases.belonging import LINKS

_BATCH = 64
_NEAR = {"answers": 1, "note": 2, "document": 2}  # how far what stands in their place may lie: a note's is another's
MayTell = Callable[[Stored], bool]


class Found(NamedTuple):
    """An item, where it stands, and what it tells of."""

    place: Place
    item: Item
    rows: Sequence[Stored]


def walk(
    db: Reader, visibility: Visibility, patient_id: str, after: Place | None, may_tell: MayTell
) -> Iterator[Found]:
    """What the visibility lets through and `may_tell` too, after a place."""
    walker = _Walker(db, visibility, patient_id, may_tell)
    for number, kind in enumerate(KINDS):
        if after is None or number >= after[0]:
            yield from walker.series(number, after) if kind == SERIES else walker.items(kind, number, after)


class _Walker(NamedTuple):
    db: Reader
    visibility: Visibility
    patient_id: str
    may_tell: MayTell

    def items(self, kind: str, number: int, after: Place | None) -> Iterator[Found]:
        rows = self._placed(kind, number)
        rest = sorted((place, row) for place, row in rows if after is None or place > after)
        for start in range(0, len(rest), _BATCH):
            some = rest[start : start + _BATCH]
            whole = self._read([row for _, row in some])
            tell = told(kind, _parsed(whole.values()), _parsed(self._near(kind, whole)), self.patient_id)
            for place, row in some:
                if row.name in tell:
                    yield Found(place, tell[row.name](), [whole[row.name]])

    def _placed(self, kind: str, number: int) -> Iterator[tuple[Place, Row]]:
        source = SOURCES[kind]
        links = tuple((type, LINKS[type]) for type in source.types)
        systems = CORRECTIONS if kind == "dispute" else ()
        rows = store.dated(self.db, self.visibility, self.patient_id, links, source.dates, systems)
        undated = self._read([row for row in rows if row.low is None])
        lows = {name: low_of(parse(row.text)) for name, row in undated.items()}
        for row in rows:
            if row.low is not None or row.name in lows:
                low = lows[row.name] if row.low is None else row.low
                yield (number, -low, row.name), row

    def series(self, number: int, after: Place | None) -> Iterator[Found]:
        """Each begins where its latest point is."""
        measures = self._measures()
        placed = {key: (number, -max(low for low, _ in rows), " ".join(key)) for key, rows in measures.items()}
        for key in sorted(placed, key=placed.__getitem__):
            if after is not None and placed[key] <= after:
                continue
            rows = sorted(measures[key], key=lambda one: (-one[0], one[1].id))
            latest, left_out = self._points([row for _, row in rows])
            if latest:
                item = series_of([each for each, _ in latest], len(rows) - left_out)
                yield Found(placed[key], item, [row for _, row in latest])

    def _measures(self) -> dict[tuple[str, str], list[tuple[int, Row]]]:
        """The numbers that may be told, by what they are numbers of."""
        links = (("Observation", LINKS["Observation"]),)
        found = store.numbers(self.db, self.visibility, self.patient_id, links, DONE, BODILY)
        numbers = [each for each, content in found if may_be_told(content)]
        unknown = self._read([each.row for each in numbers if not each.is_known or each.row.low is None])
        read = {name: parse(row.text) for name, row in unknown.items()}
        measures: dict[tuple[str, str], list[tuple[int, Row]]] = {}
        for each in numbers:
            row, low = each.row, each.row.low
            key: tuple[str, str] | None = measure(each.system, each.code, each.unit)
            if not each.is_known or low is None:
                resource = read.get(row.name)
                key, low = (measured(resource), low_of(resource)) if resource else (None, 0)
            if key is not None:
                measures.setdefault(key, []).append((low, row))
        return measures

    def _points(self, rows: Sequence[Row]) -> tuple[list[tuple[Resource, Stored]], int]:
        """The latest that are told, and how many of those looked at are not."""
        latest: list[tuple[Resource, Stored]] = []
        seen = 0
        while len(latest) < MOST_POINTS and seen < len(rows):
            whole = self._read(rows[seen : seen + MOST_POINTS])
            latest += [
                (each, whole[f"Observation/{each['id']}"]) for each in points(_parsed(whole.values()), self.patient_id)
            ]
            seen = min(seen + MOST_POINTS, len(rows))
        return latest[:MOST_POINTS], seen - len(latest)

    def _near(self, kind: str, whole: dict[str, Stored]) -> list[Stored]:
        found = dict(whole)
        for _ in range(_NEAR.get(kind, 0)):
            rows = store.beside(self.db, self.visibility, list(found.values()))
            found |= {f"{row.type}/{row.id}": row for row in rows if self.may_tell(row)}
        return [row for name, row in found.items() if name not in whole]

    def _read(self, rows: Sequence[Row]) -> dict[str, Stored]:
        """Those that may be told, with their text, by name."""
        whole = texts(self.db, self.visibility, rows) if rows else []
        return {f"{row.type}/{row.id}": row for row in whole if self.may_tell(row)}


def _parsed(rows: Iterable[Stored]) -> list[Resource]:
    return [parse(row.text) for row in rows]
