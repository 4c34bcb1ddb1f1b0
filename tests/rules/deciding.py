"""The rule asked about a world of JSON, as the gateway keeps it: compiled, interned and read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.fhir import dates
from gateway.fhir.labels import confidentiality_of
from gateway.rules.access import Visibility
from gateway.rules.consent import Decision, Facts, Rule, decide
from gateway.rules.consent_compile import compile_all, selectors_of
from gateway.rules.content import Kind, aspect_of, kind_of, told_by
from gateway.rules.membership import Member
from gateway.rules.selector import Selector, outgoing
from gateway.rules.shape import shape_of
from tests.rules.consent_oracle import Caller
from tests.rules.consent_oracle_content import World

CUSTODIAN = "clinic"


class Directory:
    def __init__(self, groups: dict[str, list[tuple[str, str, str]]]) -> None:
        self._groups = groups

    def authors(self, reference: str) -> Sequence[str]:
        return [reference, *(key.partition("@")[0] for key, *_ in self._groups.get(reference, []))]

    def members(self, reference: str) -> Sequence[Member]:
        members = self._groups.get(reference, [(reference, "", "9")])
        return [
            Member(key, *dates.period({"start": start} | ({"end": end} if end != "9" else {})))
            for key, start, end in members
        ]


def compiled(world: World, patient: str) -> list[Rule]:
    mine = [(each, 1) for each in world.consents if each["patient"]["reference"] == f"Patient/{patient}"]
    return compile_all(mine, Directory(world.groups))


def kind(world: World, resource: dict[str, Any], selectors: list[Selector]) -> Kind:
    anchors = {each.anchor for each in selectors if each.anchor in world.record}
    refers = {anchor: outgoing(world.record[anchor]) for anchor in anchors if anchor}
    if resource["resourceType"] != "Provenance":
        return Kind(frozenset({aspect_of(resource, selectors, refers)}))
    named = [world.record.get(each["reference"]) for each in resource["target"]]
    targets = [kind(world, each, selectors) if each else Kind(frozenset()) for each in named]
    return told_by(resource, targets, selectors, refers)


class Compiled:
    """What is decided in one world."""

    def __init__(self, world: World) -> None:
        compiled_all = {patient: compiled(world, patient) for patient in _patients(world)}
        self.by_patient = {
            patient: [rule._replace(shape=shape_of(rule.shape.body)) for rule in rules]
            for patient, rules in compiled_all.items()
        }
        selectors = [each for rules in compiled_all.values() for each in selectors_of(rules)]
        self.kinds = {name: kind_of(kind(world, each, selectors).body) for name, each in world.record.items()}

    def decide(self, caller: Caller, resource: dict[str, Any], subjects: list[str]) -> Decision:
        day = datetime.fromisoformat(caller.day).replace(hour=12, tzinfo=UTC)
        seen = Visibility(caller.organization, caller.purpose, day, *caller[3:])
        what = self.kinds[f"{resource['resourceType']}/{resource['id']}"]
        is_consent = resource["resourceType"] == "Consent"
        consent_id = resource["id"] if is_consent else None
        facts = Facts(tuple(subjects), CUSTODIAN, confidentiality_of(resource), what, consent_id)
        return decide(facts, seen, self.by_patient)


def _patients(world: World) -> set[str]:
    return {each["patient"]["reference"].partition("/")[2] for each in world.consents}


def seen(
    consents: Sequence[dict[str, Any]],
    record: Iterable[dict[str, Any]],
    caller: Caller,
    groups: Mapping[str, list[tuple[str, str, str]]] | None = None,
) -> set[str]:
    """The ids of what the caller may see of one patient's record; what is redacted ends in "*"."""
    known = {f"{each['resourceType']}/{each['id']}": each for each in record}
    compiled_world = Compiled(World(list(consents), dict(groups or {}), known))
    patient = consents[0]["patient"]["reference"].partition("/")[2]
    decisions = {each["id"]: compiled_world.decide(caller, each, [patient]) for each in known.values()}
    return {f"{id}*" if found.redacts else id for id, found in decisions.items() if found.permits}
