"""Which slice of an element a value belongs to: https://hl7.org/fhir/R4/profiling.html#discriminator

An answer is True, False, or None where nobody can tell without fetching or without a terminology server.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gateway.fhir.profile_items import Item, items_of
from gateway.fhir.profile_specs import Discriminator, Spec, agrees
from gateway.fhir.tables import Codes, is_a
from gateway.fhir.walker import has_code

_STEP = re.compile(r"[A-Za-z$][A-Za-z0-9]*(?:\([^()]*\))?")
_FUNCTION = re.compile(r"(extension|ofType|resolve)\('?([^()']*)'?\)")
_BY_URL = (Discriminator("value", "url"),)
Answer = bool | None


class Slicing:
    """Sorts values into slices. `url_of` gives the url of an extension profile, `codes_of` the codes of a value set,
    `reached` what a reference points to, `conforms` whether a resource or element conforms to a profile."""

    def __init__(
        self,
        url_of: Callable[[str], str],
        codes_of: Callable[[str], Codes | None],
        reached: Callable[[Item], Item | None],
        conforms: Callable[[Item, str], Answer],
    ) -> None:
        self._url_of = url_of
        self._codes_of = codes_of
        self._reached = reached
        self._conforms = conforms

    def belongs(self, item: Item, group: Spec, piece: Spec) -> Answer:
        """Whether `item` belongs to the slice `piece` of the element `group`."""
        given = group.discriminators or (_BY_URL if group.name in {"extension", "modifierExtension"} else ())
        answers = [self._answer(item, piece, each) for each in given]
        if False in answers:
            return False
        return True if answers and None not in answers else None

    def _answer(self, item: Item, piece: Spec, discriminator: Discriminator) -> Answer:
        specs, fragments, items = [piece], list[Any](), [item]
        if discriminator.kind == "value" and discriminator.path == "url" and piece.types and piece.types[0].profiles:
            return item.members.get("url") == self._url_of(piece.types[0].profiles[0])
        for step in _STEP.findall(discriminator.path):
            if step != "$this":
                fragments = [part for whole in _with_own(specs, fragments) for part in _inside(whole, step)]
                specs, items = self._step(specs, items, step)
        if discriminator.kind == "exists":
            return _exists(specs, items)
        if discriminator.kind == "type":
            return _of_type(specs, items)
        if discriminator.kind == "profile":
            return self._of_profile(specs, items)
        return self._of_value(specs, _with_own(specs, fragments), items)

    def _step(self, specs: list[Spec], items: list[Item], step: str) -> tuple[list[Spec], list[Item]]:
        function = _FUNCTION.fullmatch(step)
        if function is None or function[1] == "extension":
            name = function[1] if function else step
            groups = [spec.groups[name] for spec in specs if name in spec.groups]
            inner = [each for group in groups for each in (group.spec, *(piece for piece in group.slices if piece.min))]
            is_choice = any(group.spec.is_choice for group in groups)
            found = [each for item in items for each in items_of(item.members, name, item.path, is_choice=is_choice)]
            if function:
                found = [each for each in found if each.members.get("url") == function[2]]
            return inner, found
        if function[1] == "ofType":
            return specs, [item for item in items if item.type == function[2]]
        return specs, [target for item in items if (target := self._reached(item)) is not None]

    def _of_value(self, specs: list[Spec], fragments: list[Any], items: list[Item]) -> Answer:
        if not items:
            return False
        answers: list[Answer] = [any(agrees(item.value, fragment) for item in items) for fragment in fragments]
        for spec in specs:
            told = [self._satisfies(item, spec) for item in items]
            answers += [] if all(each is None for each in told) else [True in told]
        return None if not answers else all(answers)

    def _satisfies(self, item: Item, spec: Spec) -> Answer:
        """Whether the value has all the profile fixes in or under this element; None where it fixes nothing."""
        answers: list[Answer] = []
        if spec.fixed is not None:
            answers.append(bool(item.value == spec.fixed))
        if spec.pattern is not None:
            answers.append(agrees(item.value, spec.pattern))
        codes = self._codes_of(spec.value_set) if spec.value_set else None
        if codes is not None:
            answers.append(has_listed_code(item.value, codes))
        for name, group in spec.groups.items():
            inner = items_of(item.members, name, item.path, is_choice=group.spec.is_choice)
            told = [self._satisfies(each, group.spec) for each in inner]
            answers += [each for each in told if each is not None]
            if group.spec.min and not inner and _fixes(group.spec):
                answers.append(False)
        return None if not answers else all(answers)

    def _of_profile(self, specs: list[Spec], items: list[Item]) -> Answer:
        wanted = [profile for spec in specs for kind in spec.types for profile in (*kind.targets, *kind.profiles)]
        if not wanted or not items:
            return None
        answers = [self._conforms(item, profile) for item in items for profile in wanted]
        return True if True in answers else None if None in answers else False


def has_listed_code(value: Any, codes: Codes) -> bool:
    """As `has_code`, for primitive codes too."""
    if isinstance(value, str):
        return any(value in listed for listed in codes.values())
    return has_code(value, codes)


def _with_own(specs: list[Spec], fragments: list[Any]) -> list[Any]:
    own = [each for spec in specs for each in (spec.fixed, spec.pattern) if each is not None]
    return fragments + own


def _inside(whole: Any, name: str) -> list[Any]:
    part = whole.get(name) if isinstance(whole, dict) else None
    return part if isinstance(part, list) else [] if part is None else [part]


def _exists(specs: list[Spec], items: list[Item]) -> Answer:
    if any(spec.max == 0 for spec in specs):
        return not items
    return bool(items) if any(spec.min for spec in specs) else None


def _of_type(specs: list[Spec], items: list[Item]) -> Answer:
    wanted = {kind.code for spec in specs for kind in spec.types}
    wanted |= {target.rpartition("/")[2] for spec in specs for kind in spec.types for target in kind.targets}
    types = [item.type for item in items if item.type is not None]
    if not types or not wanted:
        return None if items else False
    return any(is_a(kind, each) for kind in types for each in wanted)


def _fixes(spec: Spec) -> bool:
    return (
        spec.fixed is not None or spec.pattern is not None or any(_fixes(group.spec) for group in spec.groups.values())
    )
