"""The rule against the oracle: over random worlds, both answer alike and name the same provisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from gateway.fhir import dates
from gateway.fhir.labels import confidentiality_of
from gateway.rules.access import Visibility
from gateway.rules.consent_compile import compile_all, selectors_of
from gateway.rules.consent_decide import Decision, Facts, Rule, Verdict, decide
from gateway.rules.content import Kind, aspect_of, kind_of, told_by
from gateway.rules.membership import Member
from gateway.rules.selector import Selector, outgoing
from gateway.rules.shape import shape_of
from tests.rules import consent_worlds
from tests.rules.consent_oracle import Answer, Caller, answer
from tests.rules.consent_oracle_content import World

CUSTODIAN = "clinic"


class Directory:
    def __init__(self, groups: dict[str, list[tuple[str, str, str]]]) -> None:
        self._groups = groups

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


class Rules:
    """The world as the gateway keeps it: compiled, interned and read back."""

    def __init__(self, world: World) -> None:
        compiled_all = {patient: compiled(world, patient) for patient in consent_worlds.PATIENTS}
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


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(consent_worlds.worlds(), st.lists(consent_worlds.callers(), min_size=1, max_size=6))
def test_what_is_compiled_decides_as_the_consents_say(world: World, callers: list[Caller]) -> None:
    rules = Rules(world)
    for caller in callers:
        for resource in world.record.values():
            for subjects in consent_worlds.subjects_of(resource):
                told = rules.decide(caller, resource, subjects)
                event(f"{told.verdict} by {told.basis}{', redacted' if told.redacts else ''}")
                provisions = frozenset((each.consent.split("/")[1], each.path) for each in told.reasons)
                found = Answer(told.permits, told.verdict is Verdict.DENY, told.redacts, provisions)
                assert found == answer(world, caller, resource, subjects, CUSTODIAN), (caller, resource, subjects)
