"""What mapping a payload costs: reading its parts, holding them against schema and checks, filling the template.

HealthScribe's are the 34 counselling dialogues of the samples, where they are there; of every other format, and without
the samples, the mapping's own example `full`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from statistics import median

from gateway.mapping.catalogue import load
from gateway.mapping.examples import examples_of, parts_of
from gateway.mapping.mapping import Mapping
from tests.world import PROJECT, SHARED

HEADS = ("format", "payloads", "median ms", "slowest ms", "per second and core")
_MAPPINGS, _SESSIONS = PROJECT / "mappings", SHARED / "samples" / "sessions"
_SAMPLED = "aws-healthscribe"

Parts = dict[str, bytes]


def mapping_speeds(rounds: int) -> list[tuple[str, ...]]:
    """One row for each format, by the processor time of one payload in the best of some rounds."""
    catalogue = load(_MAPPINGS)
    return [_row(catalogue[name], list(_payloads(name)), rounds) for name in sorted(catalogue)]


def _payloads(name: str) -> Iterator[Parts]:
    if name == _SAMPLED and _SESSIONS.is_dir():
        yield from (parts_of(sorted(place.glob("*.json"))) for place in sorted(_SESSIONS.iterdir()) if place.is_dir())
    else:
        yield from (example.parts for example in examples_of(_MAPPINGS / name) if example.name.startswith("full"))


def _row(mapping: Mapping, payloads: Sequence[Parts], rounds: int) -> tuple[str, ...]:
    spent = [min(_timed(mapping, parts) for _ in range(rounds + 1)) for parts in payloads]
    figures = (median(spent) * 1000, max(spent) * 1000)
    return mapping.name, str(len(spent)), *(f"{each:.2f}" for each in figures), f"{len(spent) / sum(spent):.0f}"


def _timed(mapping: Mapping, parts: Parts) -> float:
    began = time.process_time()
    mapping.apply(mapping.read(parts).inputs, {})
    return time.process_time() - began
