"""How large a document may be. Each statement is told of many times over (Provenance, narrative, the document in its
entry), so a payload that is small to send could be costly to keep; a session's summary has a few dozen sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gateway.errors import Issue
from gateway.fhir.json import dump

MOST_STATEMENTS = 1_000
MOST_EVIDENCE = 5_000  # segments, named by all statements together
MOST_BYTES = 1024 * 1024
_LOOKED_AT = 50  # of the heaviest, to tell in which list they are
_LAST_ITEM = re.compile(r"\[\d+\]$")


def check_size(
    resources: Sequence[dict[str, Any]], evidence: Iterable[tuple[int, int]], place: Callable[[int], str]
) -> list[Issue]:
    """What is too much of it, and where most of that is: in one thing, or in a list of things. `evidence` tells of each
    statement in which resource it is, and how many segments it names; `place` where a resource comes from."""
    counted = Counter[int]()
    named = Counter[int]()
    for resource, segments in evidence:
        counted[resource] += 1
        named[resource] += segments
    written = Counter({number: len(dump(resource)) for number, resource in enumerate(resources)})
    measured = (
        (counted, MOST_STATEMENTS, "statements"),
        (named, MOST_EVIDENCE, "references to segments"),
        (written, MOST_BYTES, "bytes"),
    )
    return [
        Issue(f"A document has at most {most} {what}, not {sizes.total()}.", _heaviest(sizes, place), "too-costly")
        for sizes, most, what in measured
        if sizes.total() > most
    ]


def _heaviest(sizes: Counter[int], place: Callable[[int], str]) -> str:
    """The one that has the greater part of it by itself, or the list that most of the largest are in."""
    [(first, size)] = sizes.most_common(1)
    if 2 * size > sizes.total():
        return place(first)
    lists = Counter(_LAST_ITEM.sub("", place(number)) for number, _ in sizes.most_common(_LOOKED_AT))
    return lists.most_common(1)[0][0]
