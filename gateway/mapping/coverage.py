"""What became of each value a producer sent: mapped, ignored for a stated reason, or unmapped.

Found by experiment, not by reading the template: a leaf is mapped when changing it changes what the mapping makes.
Leaves of one kind (`Sections[*].SectionName`) are changed together, each to a value of its own that is then looked for
in the output; those whose value does not show up there are changed one by one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.mapping.faults import MappingRefusal
from gateway.mapping.places import Place, spell

MAPPED, IGNORED, UNMAPPED = "mapped", "ignored", "unmapped"

# Private-use characters and numbers no session reaches, so that a changed value is found again.
_TEXT, _NUMBER = "\ue000{}\ue001", 7_700_000_000_000
_FOUND = re.compile("\ue000(\\d+)\ue001")

Apply = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of the payload, and what became of it; `reason` tells why it is ignored."""

    place: str
    state: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A part of the payload a mapping leaves out on purpose; `None` in `steps` stands for every item of an array."""

    steps: tuple[str | None, ...]
    reason: str

    def covers(self, place: Place) -> bool:
        ours = tuple(None if isinstance(step, int) else step for step in place)
        return ours[: len(self.steps)] == self.steps


def coverage(inputs: Mapping[str, Any], apply: Apply, ignored: Sequence[Ignored]) -> list[Leaf]:
    """Every leaf of the inputs, in their order."""
    kinds: dict[tuple[str | None, ...], list[Place]] = defaultdict(list)
    for place, _ in leaves(inputs):
        kinds[tuple(None if isinstance(step, int) else step for step in place)].append(place)
    experiment = _Experiment(inputs, apply)
    mapped = {place for places in kinds.values() for place in experiment.mapped(places)}
    return [_leaf(place, place in mapped, ignored) for place, _ in leaves(inputs)]


def leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Each place that holds a value of its own; null is none."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*place, index))
    elif value is not None:
        yield place, value


def _leaf(place: Place, is_mapped: bool, ignored: Sequence[Ignored]) -> Leaf:
    if is_mapped:
        return Leaf(spell(place), MAPPED)
    reason = next((entry.reason for entry in ignored if entry.covers(place)), None)
    return Leaf(spell(place), IGNORED if reason else UNMAPPED, reason)


class _Experiment:
    def __init__(self, inputs: Mapping[str, Any], apply: Apply) -> None:
        self.inputs, self.apply = inputs, apply
        self.outcome = apply(inputs)

    def mapped(self, places: list[Place]) -> list[Place]:
        """Which of these leaves of one kind make a difference."""
        outcome = self.changed(places)
        if outcome == self.outcome:
            return []
        shown = _shown(outcome)
        return [place for n, place in enumerate(places) if n in shown or self.changed([place]) != self.outcome]

    def changed(self, places: list[Place]) -> Any:
        """What the mapping makes when these leaves are others; None when it then refuses."""
        inputs: Any = deepcopy(dict(self.inputs))
        for n, place in enumerate(places):
            holder = inputs
            for step in place[:-1]:
                holder = holder[step]
            holder[place[-1]] = _other(holder[place[-1]], n)
        try:
            return self.apply(inputs)
        except MappingRefusal:
            return None


def _other(value: Any, n: int) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value + _TEXT.format(n)
    return Decimal(_NUMBER + n) if isinstance(value, Decimal) else _NUMBER + n


def _shown(outcome: Any) -> set[int]:
    """The numbers of the changed leaves whose values are seen in an outcome."""
    found: set[int] = set()
    for value in _scalars(outcome):
        if isinstance(value, str):
            found.update(int(number) for number in _FOUND.findall(value))
        elif isinstance(value, int | Decimal) and value >= _NUMBER:
            found.add(int(value) - _NUMBER)
    return found


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _scalars(item)
    else:
        yield value
