"""The label rules a gateway runs with, and what an analyst asks of them: are they sound, what do they give to this?

They are read like a mapping (plain YAML, every fault with its file and line), once at start-up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.fhir.elements import objects_of
from gateway.fhir.labels import security_of
from gateway.mapping.faults import MappingFault
from gateway.mapping.places import Place, spell
from gateway.mapping.source import Source, read
from gateway.rules.label_rules import Given, LabelRules
from gateway.rules.label_rules_reading import RuleFault, rules_of
from gateway.rules.labelling_written import label_written

RULES, EXAMPLES = "labels.yaml", "examples.yaml"
_KEYS = {"case", "resource", "rules", "labels"}


@dataclass(frozen=True, slots=True)
class Trial:
    """What the rules give to a resource and the labels it then carries. `places`: where each rule found its code."""

    given: tuple[Given, ...]
    places: tuple[str, ...]
    labelled: dict[str, Any]

    @property
    def labels(self) -> list[str]:
        return [code for _, code in security_of(self.labelled)]


def load(folder: Path) -> LabelRules:
    """The rules of a folder. Raises MappingFault with file and line."""
    source = read(folder / RULES)
    try:
        return rules_of(source.data)
    except RuleFault as fault:
        raise source.fault(fault.place, fault.reason) from None


def try_rules(rules: LabelRules, resource: Mapping[str, Any], mapping: str | None = None) -> Trial:
    """Label a copy of the resource as a writer's would be; nothing is stored."""
    given = rules.given(resource, mapping)
    copy = {**resource, "meta": {**resource.get("meta", {})}}
    copy["meta"]["security"] = [dict(each) for each in copy["meta"].get("security", ())]
    places = tuple(_place(resource, each) for each in given)
    return Trial(given, places, label_written(copy, None, given))


def check_folder(folder: Path) -> list[MappingFault]:
    """Everything wrong with the rules of a folder and their examples; empty when all is well."""
    try:
        rules, source = load(folder), read(folder / EXAMPLES)
    except MappingFault as fault:
        return [fault]
    if not isinstance(source.data, list):
        return [source.fault((), "the examples must be a list")]
    met: set[str] = set()
    faults = [fault for number, case in enumerate(source.data) for fault in _check(source, (number,), case, rules, met)]
    return faults + [
        source.fault((), f"no example meets the rule {rule.name}") for rule in rules.rules if rule.name not in met
    ]


def _check(source: Source, place: Place, case: Any, rules: LabelRules, met: set[str]) -> Iterator[MappingFault]:
    if not isinstance(case, dict) or not case.keys() >= _KEYS or case.keys() - _KEYS - {"mapping"}:
        yield source.fault(place, "an example has case, resource, rules and labels, and maybe a mapping")
        return
    if not isinstance(case["resource"], dict) or "resourceType" not in case["resource"]:
        yield source.fault((*place, "resource"), "this is no resource")
        return
    trial = try_rules(rules, case["resource"], case.get("mapping"))
    names = [each.rule.name for each in trial.given]
    met.update(names)
    for key, expected, found in (("rules", case["rules"], names), ("labels", case["labels"], trial.labels)):
        if sorted(map(str, expected or ())) != sorted(found):
            yield source.fault((*place, key), f"expected {_words(expected or ())}; it is {_words(found)}")


def _words(codes: Any) -> str:
    return ", ".join(map(str, codes)) or "nothing"


def _place(resource: Mapping[str, Any], given: Given) -> str:
    """Where the code stands that met the rule; empty where it asks for none."""
    if given.code is None:
        return ""
    wanted = next(each for each in objects_of(resource) if (each.get("system"), each.get("code")) == given.code)
    return f"{resource['resourceType']}.{spell(_path(resource, wanted) or ())}"


def _path(value: Any, wanted: Mapping[str, Any]) -> Place | None:
    if value is wanted:
        return ()
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in members:
        if (rest := _path(item, wanted)) is not None:
            return (key, *rest)
    return None
