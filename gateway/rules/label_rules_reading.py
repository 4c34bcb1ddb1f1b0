"""From the data of a label rule file to the rules: all of it is understood, or the fault names its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from gateway.fhir.labels import CONFIDENTIALITY_ORDER
from gateway.fhir.path import PathError, compile
from gateway.fhir.search.table import TYPES
from gateway.rules.label_rules import LabelRule, LabelRules, Part, Range, ValueSet
from gateway.rules.sensitivity import DECISIVE, PSYCHOTHERAPY

Place = tuple[str | int, ...]
T = TypeVar("T")
# A rule cannot tell a psychotherapy note: what makes it one is that it is kept apart.
GIVEABLE = DECISIVE - PSYCHOTHERAPY
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_CATEGORY = re.compile(r"[A-Z][0-9A-Z]*(\.[0-9A-Z]+)?")


class RuleFault(ValueError):
    """Something in the data is wrong: `place` leads to it."""

    def __init__(self, place: Place, reason: str) -> None:
        self.place, self.reason = place, reason
        super().__init__(reason)


def rules_of(data: Any) -> LabelRules:
    """Raises RuleFault for the first thing that is wrong."""
    whole = _object(
        data, (), {"version", "systems", "valueSets", "rules"}, {"version", "systems", "valueSets", "rules"}
    )
    version = _text(whole["version"], ("version",))
    if not _VERSION.fullmatch(version):
        raise RuleFault(("version",), "the version must look like 1.0.0")
    systems = {name: _texts(urls, ("systems", name)) for name, urls in _named(whole["systems"], ("systems",)).items()}
    sets = [
        _value_set(name, each, ("valueSets", name), systems)
        for name, each in _named(whole["valueSets"], ("valueSets",)).items()
    ]
    known = {each.name for each in sets}
    rules = _listed(whole["rules"], ("rules",), lambda each, place: _rule(each, place, known))
    _check_used(rules, sets)
    return LabelRules(version, sets, rules)


def _check_used(rules: Iterable[LabelRule], sets: Iterable[ValueSet]) -> None:
    names: set[str] = set()
    for number, rule in enumerate(rules):
        if rule.name in names:
            raise RuleFault(("rules", number, "name"), "another rule has this name")
        names.add(rule.name)
    used = {name for rule in rules for name in rule.codes or ()}
    for each in sets:
        if each.name not in used:
            raise RuleFault(("valueSets", each.name), "no rule uses this value set")


def _value_set(name: str, data: Any, place: Place, systems: Mapping[str, tuple[str, ...]]) -> ValueSet:
    whole = _object(data, place, {"about", "include", "exclude"}, {"about", "include"})
    about = _text(whole["about"], (*place, "about"))
    parts = {
        key: tuple(
            part
            for some in _listed(whole.get(key, []), (*place, key), lambda each, at: _parts(each, at, systems))
            for part in some
        )
        for key in ("include", "exclude")
    }
    if not parts["include"]:
        raise RuleFault((*place, "include"), "a value set includes something")
    return ValueSet(name, about, parts["include"], parts["exclude"])


def _parts(data: Any, place: Place, systems: Mapping[str, tuple[str, ...]]) -> list[Part]:
    whole = _object(data, place, {"system", "codes", "below"}, {"system"})
    name = whole["system"]
    if name not in systems:
        raise RuleFault((*place, "system"), f"the system is one of those named above: {', '.join(systems)}")
    codes = frozenset(_texts(whole.get("codes", []), (*place, "codes")))
    below = _listed(whole.get("below", []), (*place, "below"), _range)
    if not codes and not below:
        raise RuleFault(place, "codes, or categories with all that is below, are missing")
    return [Part(system, codes, tuple(below)) for system in systems[name]]


def _range(data: Any, place: Place) -> Range:
    ends = _text(data, place).split("-")
    if len(ends) > 2 or not all(_CATEGORY.fullmatch(each) for each in ends):
        raise RuleFault(place, "a category looks like F10 or O99.31, a range of them like F10-F19")
    first, last = (each.replace(".", "") for each in (ends[0], ends[-1]))
    if len(first) != len(last) or last < first:
        raise RuleFault(place, "a range leads from one category to a later one of the same length")
    return Range(first, last)


def _rule(data: Any, place: Place, sets: set[str]) -> LabelRule:
    whole = _object(data, place, {"name", "when", "gives", "because"}, {"name", "when", "gives", "because"})
    when = _object(whole["when"], (*place, "when"), {"codes", "types", "mappings", "where"}, set())
    if not when:
        raise RuleFault((*place, "when"), "a rule says when it is met: codes, types, mappings or where")
    gives = _object(whole["gives"], (*place, "gives"), {"confidentiality", "labels"}, set())
    if not gives:
        raise RuleFault((*place, "gives"), "a rule gives a confidentiality or labels")
    confidentiality = gives.get("confidentiality")
    if confidentiality is not None and confidentiality not in tuple(CONFIDENTIALITY_ORDER):
        at = (*place, "gives", "confidentiality")
        raise RuleFault(at, f"a confidentiality is one of {', '.join(CONFIDENTIALITY_ORDER)}")
    return LabelRule(
        _text(whole["name"], (*place, "name")),
        _text(whole["because"], (*place, "because")),
        confidentiality,
        _chosen(gives.get("labels", []), (*place, "gives", "labels"), GIVEABLE, "no label that a rule can give"),
        codes=_some(when, "codes", place, sets, "there is no value set of this name"),
        types=_some(when, "types", place, TYPES, "there is no such resource type here"),
        mappings=_some(when, "mappings", place, None, ""),
        where=_where(when.get("where"), (*place, "when", "where")),
    )


def _where(data: Any, place: Place) -> Any:
    if data is None:
        return None
    try:
        return compile(_text(data, place))
    except PathError as fault:
        raise RuleFault(place, f"not a FHIRPath expression that is run here: {fault}") from None


def _some(when: Mapping[str, Any], key: str, place: Place, known: Any, otherwise: str) -> frozenset[str] | None:
    if key not in when:
        return None
    found = _chosen(when[key], (*place, "when", key), known, otherwise)
    if not found:
        raise RuleFault((*place, "when", key), "nothing is listed")
    return frozenset(found)


def _chosen(data: Any, place: Place, known: Any, otherwise: str) -> tuple[str, ...]:
    found = _texts(data, place)
    for number, each in enumerate(found):
        if known is not None and each not in known:
            raise RuleFault((*place, number), otherwise)
    return found


def _object(data: Any, place: Place, known: set[str], needed: set[str]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise RuleFault(place, "this must be an object")
    for key in data:
        if key not in known:
            raise RuleFault((*place, key), "this key is not known")
    for key in sorted(needed):
        if data.get(key) in (None, "", [], {}):
            raise RuleFault((*place, key), "this key is missing")
    return data


def _named(data: Any, place: Place) -> dict[str, Any]:
    return _object(data, place, set(data) if isinstance(data, dict) else set(), set())


def _listed(data: Any, place: Place, read: Callable[[Any, Place], T]) -> list[T]:
    if not isinstance(data, list):
        raise RuleFault(place, "this must be a list")
    return [read(each, (*place, number)) for number, each in enumerate(data)]


def _texts(data: Any, place: Place) -> tuple[str, ...]:
    return tuple(_listed(data, place, _text))


def _text(data: Any, place: Place) -> str:
    if isinstance(data, int) and not isinstance(data, bool):
        return str(data)  # a code of digits that stands without quotes
    if not isinstance(data, str) or not data.strip():
        raise RuleFault(place, "this must be text")
    return data
