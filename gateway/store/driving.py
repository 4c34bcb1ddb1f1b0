"""Where a search had best begin: at the criterion that the fewest rows of the index meet, as far as that is soon told.

The rows of everybody are counted. That decides on the way to an answer and never on the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count as counter

from sqlalchemy import func, select

from gateway.fhir.search.chain import Link
from gateway.fhir.search.criteria import Criterion
from gateway.fhir.search.query import Query
from gateway.rules.access import Visibility
from gateway.store import matching
from gateway.store.database import Reader
from gateway.store.matching import Shape
from gateway.store.reaching import rows_open
from gateway.store.statements import Prepared, up_to

# Of more rows than MANY it is quicker to go along the order of the answer until a page is full; of so many times more
# if all must meet SEVERAL criteria, since common ones may be rare together. Below FEW nothing better is looked for.
MANY, SEVERAL, FEW = 2000, 5, 50
CONSENTS = -1  # the search begins with what can be open to the caller
_End = tuple[str, Criterion]


def driver_of(db: Reader, visibility: Visibility, query: Query, *, whole: bool) -> int | None:
    """The place of the best driver among the criteria and links, these after those, or CONSENTS; None: the order of
    the answer. `whole`: all matches are wanted, not one page of them."""
    if query.patient is not None or any(_names_rows(one) for one in query.criteria):
        return None
    most = MANY * SEVERAL if len(query.criteria) + len(query.links) > 1 else MANY
    counted: list[tuple[bool, int, int]] = []  # whether there may be more of them, how many, where
    for place, ends in sorted(_candidates(query), key=lambda one: not all(_is_promising(end) for end in one[1])):
        rows = sum(_rows(db, *end, most) for end in ends)
        if rows < FEW:
            return place
        counted.append((rows >= most, rows, place))
    open = rows_open(db, visibility, query.wanted, MANY * SEVERAL)
    if open is not None and open < MANY * SEVERAL:
        counted.append((False, open, CONSENTS))
    are_many, _, best = min(counted, default=(True, 0, None))
    return best if whole or not are_many else None


def _candidates(query: Query) -> Iterator[tuple[int, Sequence[_End]]]:
    """What could drive, and the criteria by whose rows it is to be judged."""
    for place, criterion in enumerate(query.criteria):
        if _has_rows(criterion):
            yield place, [(type, criterion) for type in query.wanted]
    for place, link in enumerate(query.links, len(query.criteria)):
        ends = list(_ends(link))
        if all(_has_rows(criterion) or _names_rows(criterion) for _, criterion in ends):
            yield place, ends


def _ends(link: Link) -> Iterator[_End]:
    """The far ends of a chain."""
    for branch in link.branches:
        if isinstance(branch.condition, Link):
            yield from _ends(branch.condition)
        else:
            yield branch.type, branch.condition


def _names_rows(criterion: Criterion) -> bool:
    return criterion.parameter.code == "_id" and criterion.modifier is None


def _has_rows(criterion: Criterion) -> bool:
    """Whether what matches is what has certain rows in the index."""
    is_column = criterion.parameter.code in ("_id", "_lastUpdated")
    return not is_column and criterion.modifier not in ("not", "not-in", "missing")


def _is_promising(end: _End) -> bool:
    """Whether few resources can be expected to match: looked at first."""
    parameter = end[1].parameter
    return parameter.kind in ("reference", "string", "uri", "composite") or parameter.code == "identifier"


def _rows(db: Reader, type: str, criterion: Criterion, most: int) -> int:
    """How many rows match, at most so many."""
    if _names_rows(criterion):
        return len(criterion.values)
    shape, values = matching.flatten(criterion)
    bound = {f"p{place}": value for place, value in enumerate(values)}
    row = db.one(_probe(type, shape), {**bound, "most": most})
    assert row is not None
    return int(row[0])


@lru_cache(maxsize=1024)
def _probe(type: str, shape: Shape) -> Prepared:
    rows = matching.rows(shape, (f"p{place}" for place in counter()), type=type)
    return Prepared(select(func.count()).select_from(rows.limit(up_to("most")).subquery()))
