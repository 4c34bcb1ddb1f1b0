"""Which Consents are admitted: what is enforced, and nothing else; every fault is named with its element."""

from __future__ import annotations

import copy
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.labels import ACT_CODE_SYSTEM, CONFIDENTIALITY_SYSTEM
from gateway.rules.codes import ACT_REASON, LOINC, TERMINOLOGY
from gateway.rules.consent_admission import admit
from gateway.rules.consent_codes import KIND_SYSTEM, PCF, POLICY, Concern, concern_of
from gateway.rules.consent_form import consent_of, permit
from tests.world import SHARED

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
ACTION, TYPES = f"{TERMINOLOGY}/consentaction", "http://hl7.org/fhir/resource-types"


def consent() -> dict[str, Any]:
    return consent_of(permit("p1", "hospital", "TREAT", "2026-09-02", "2027-09-02"), "c1", "clinic", NOON)


def at(place: str, value: Any) -> dict[str, Any]:
    """A consent in which one element is set, or taken away where the value is `...`."""
    changed = copy.deepcopy(consent())
    steps: list[Any] = [int(step) if step.isdigit() else step for step in place.split(".")]
    target: Any = changed
    for step in steps[:-1]:
        target = target[step]
    if value is ...:
        del target[steps[-1]]
    else:
        target[steps[-1]] = value
    return changed


def code(system: str, *codes: str) -> list[dict[str, str]]:
    return [{"system": system, "code": each} for each in codes]


def told(system: str, *codes: str) -> list[dict[str, Any]]:
    return [{"coding": [each]} for each in code(system, *codes)]


def to(reference: str) -> dict[str, Any]:
    return {"role": told(f"{TERMINOLOGY}/v3-ParticipationType", "IRCP")[0], "reference": {"reference": reference}}


def about(meaning: str, reference: str) -> list[dict[str, Any]]:
    return [{"meaning": meaning, "reference": {"reference": reference}}]


def places(changed: dict[str, Any]) -> list[str | None]:
    return [issue.expression for issue in admit(changed, NOON)]


def nested(depth: int) -> list[dict[str, Any]]:
    """A provision in a provision, each about other content than the one it stands in."""
    within = {"provision": nested(depth - 1)} if depth > 1 else {}
    return [{"type": "deny" if depth % 2 else "permit", "dataPeriod": {"start": str(2000 + depth)}, **within}]


PSY, R = code(ACT_CODE_SYSTEM, "PSY"), code(CONFIDENTIALITY_SYSTEM, "R")
CODE = told(LOINC, "44249-1")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("status", "inactive"),
        ("status", "entered-in-error"),
        ("policy.0.uri", "urn:care-continuity-gateway:policy:consent:1"),
        ("policy.0.uri", f"{PCF}/Policy-deny"),
        ("identifier", [{"system": "urn:x", "value": "7"}]),
        ("text", {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Yes.</div>'}),
        ("provision.type", "deny"),
        ("provision.actor", ...),
        ("provision.purpose", ...),
        ("provision.period", ...),
        ("provision.period.start", ...),
        ("provision.period.end", "2026-09-02"),
        ("provision.actor.0.reference.display", "The hospital"),
        ("provision.action", told(ACTION, "access", "use")),
        ("provision.securityLabel", PSY + R),
        ("provision.securityLabel", code(ACT_CODE_SYSTEM, "42CFRPart2", "REDACT")),
        ("provision.class", code(TYPES, "Observation")),
        ("provision.code", CODE),
        ("provision.dataPeriod", {"end": "2026"}),
        ("provision.data", about("dependents", "Observation/o")),
        ("provision.data", about("authoredby", "RelatedPerson/r")),
        ("provision.provision", nested(5)),
        ("provision.provision", [{"type": "permit", "securityLabel": PSY}, {"type": "deny", "securityLabel": R}]),
        *(("provision.actor.0", to(f"{type}/x")) for type in ("Practitioner", "PractitionerRole", "CareTeam", "Group")),
        ("provision.actor.0", to("Device/x")),
        ("provision.actor.0", to("Patient/p2")),
        *(("provision.purpose", code(ACT_REASON, purpose)) for purpose in ("BTG", "MLTRAINING", "HRESCH", "ERTREAT")),
    ],
)
def test_what_is_enforced_is_admitted(place: str, value: Any) -> None:
    assert places(at(place, value)) == []


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        ("status", "draft", "status"),
        ("status", "proposed", "status"),
        ("scope.coding.0.code", "research", "scope.coding[0].code"),
        ("category.0.coding.0.code", "acd", "category[0].coding[0].code"),
        ("category", told(ACT_CODE_SYSTEM, "IDSCL"), "category"),
        ("category", told(LOINC, "59284-0") + told(ACT_CODE_SYSTEM, "IDSCL", "IRDSCL"), "category"),
        ("patient.reference", "Practitioner/x", "patient.reference"),
        ("patient.reference", "https://elsewhere.example/Patient/p1", "patient.reference"),
        ("patient.type", "Group", "patient.type"),
        ("dateTime", "yesterday", "dateTime"),
        ("dateTime", "2026-09-04", "dateTime"),
        ("performer.0.reference", "Patient/p2", "performer[0]"),
        ("policy.0.uri", "https://elsewhere.example/policy", "policy[0].uri"),
        *(("policy.0.uri", f"{PCF}/Policy-{name}", "policy[0].uri") for name in ("basic-normal", "all-normal")),
        ("policy.0.uri", f"{PCF}/Policy-break-glass-only", "policy[0].uri"),
        ("policyRule", CODE[0], "policyRule"),
        ("verification", [{"verified": True}], "verification"),
        ("contained", [{"resourceType": "Group"}], "contained"),
        ("modifierExtension", [{"url": "urn:x"}], "modifierExtension"),
        ("extension", [{"url": "urn:x"}], "extension"),
        ("_status", {"extension": []}, "_status"),
        ("text", {"status": "additional", "div": "<div>And more.</div>"}, "text.status"),
        ("sourceAttachment", ..., "source"),
        ("sourceReference", {"reference": "DocumentReference/x"}, "source"),
        ("provision", ..., "provision"),
        ("provision.type", "perhaps", "provision.type"),
        ("provision.type", ..., "provision.type"),
        ("provision.period", {}, "provision.period"),
        ("provision.period.end", "soon", "provision.period.end"),
        ("provision.period", {"start": "2027", "end": "2026"}, "provision.period"),
        ("provision.period", {"start": "2032"}, "provision.period.start"),
        ("provision.dataPeriod", {"start": "2027", "end": "2026"}, "provision.dataPeriod"),
        ("provision.actor", [], "provision.actor"),
        ("provision.actor.0.reference.reference", "RelatedPerson/x", "provision.actor[0].reference.reference"),
        (
            "provision.actor.0.reference.reference",
            "Organization/x/_history/1",
            "provision.actor[0].reference.reference",
        ),
        ("provision.actor.0.reference", {"identifier": {"value": "7"}}, "provision.actor[0].reference.identifier"),
        ("provision.actor.0", to("Patient/p1"), "provision.actor[0].reference"),
        ("provision.actor.0.role.coding.0.code", "CST", "provision.actor[0].role.coding[0].code"),
        ("provision.purpose.0.code", "CURIOSITY", "provision.purpose[0].code"),
        ("provision.purpose.0.system", "urn:other", "provision.purpose[0].system"),
        ("provision.action", told(ACTION, "correct"), "provision.action"),
        ("provision.action", told(ACTION, "access", "correct"), "provision.action"),
        ("provision.action", told(ACTION, "collect"), "provision.action[0].coding[0].code"),
        ("provision.securityLabel", code(CONFIDENTIALITY_SYSTEM, "PSY"), "provision.securityLabel[0].code"),
        ("provision.securityLabel", code(ACT_CODE_SYSTEM, "NORDSCLCD"), "provision.securityLabel[0].code"),
        ("provision.securityLabel", code("urn:other", "R"), "provision.securityLabel[0].system"),
        ("provision.class", code(TYPES, "AuditEvent"), "provision.class[0].code"),
        ("provision.class", code("urn:ietf:bcp:13", "text/plain"), "provision.class[0].system"),
        ("provision.code", [{"text": "my thoughts"}], "provision.code[0].coding"),
        ("provision.data", about("instance", "AuditEvent/a"), "provision.data[0].reference.reference"),
        ("provision.data", about("authoredby", "Observation/o"), "provision.data[0].reference.reference"),
        ("provision.data", about("instance", "Patient/p2"), "provision.data[0].reference"),
        ("provision.data", [{"meaning": "instance"}], "provision.data[0].reference"),
        ("provision.data", about("hearsay", "Observation/o"), "provision.data[0].meaning"),
    ],
)
def test_what_cannot_be_enforced_is_refused_by_name(place: str, value: Any, named: str) -> None:
    found = places(at(place, value))
    assert f"Consent.{named}" in found
    assert len(found) == 1 or place == "provision.actor.0.reference"  # where the literal reference is missing as well


@pytest.mark.parametrize(
    ("meaning", "reference"), [("instance", "Consent/c1"), ("related", "Consent/c1"), ("instance", "Consent/c2")]
)
def test_a_consent_neither_leads_back_to_itself_nor_opens_another(meaning: str, reference: str) -> None:
    assert places(at("provision.data", about(meaning, reference))) == ["Consent.provision.data[0].reference.reference"]
    source = {name: value for name, value in consent().items() if name != "sourceAttachment"}
    assert places(source | {"sourceReference": {"reference": reference}}) == ["Consent.sourceReference.reference"]


DENY_R, PERMIT_R = {"type": "deny", "securityLabel": R}, {"type": "permit", "securityLabel": R}
ELSEWHEN = {"type": "deny", "period": {"start": "2028"}, "securityLabel": R}
PSY_UNDER_GLASS = {
    "type": "permit",
    "purpose": code(ACT_REASON, "BTG"),
    "securityLabel": code(ACT_CODE_SYSTEM, "PSYTHPN"),
}


@pytest.mark.parametrize(
    ("provisions", "named"),
    [
        ([DENY_R, PERMIT_R], "provision[1]"),
        ([DENY_R, PSY_UNDER_GLASS | {"securityLabel": PSY}, DENY_R], "provision[2]"),
        ([{"type": "permit"}], "provision[0]"),
        ([{"type": "deny"}], "provision[0]"),
        ([{"type": "permit", "purpose": [{**code(ACT_REASON, "TREAT")[0], "display": "care"}]}], "provision[0]"),
        ([{**DENY_R, "provision": [{"type": "permit"}]}], "provision[0].provision[0]"),
        ([ELSEWHEN], "provision[0].period"),
        ([{**DENY_R, "securityLabel": R + code(ACT_CODE_SYSTEM, "REDACT")}], "provision[0].securityLabel"),
        ([PSY_UNDER_GLASS], "provision[0].securityLabel"),
        ([{"type": "deny", "securityLabel": R, "surprise": 1}], "provision[0].surprise"),
    ],
)
def test_provisions_that_contradict_each_other_or_say_nothing_are_refused(
    provisions: list[dict[str, Any]], named: str
) -> None:
    assert places(at("provision.provision", provisions)) == [f"Consent.provision.{named}"]


def test_the_order_of_a_list_makes_no_difference() -> None:
    one, other = {**DENY_R, "securityLabel": R + PSY}, {**PERMIT_R, "securityLabel": PSY + R}
    assert places(at("provision.provision", [one, other])) == ["Consent.provision.provision[1]"]


def test_provisions_are_nested_five_deep_at_the_most() -> None:
    assert places(at("provision.provision", nested(6))) == ["Consent.provision" + ".provision[0]" * 5 + ".provision"]


def test_a_consent_names_a_bounded_number_of_recipients_for_their_purposes() -> None:
    crowded = at("provision.actor", [to(f"Organization/{number}") for number in range(1001)])
    assert places(crowded) == ["Consent.provision"]


AI = told(LOINC, "59284-0") + told(KIND_SYSTEM, "ai-processing")


def test_a_consent_to_ai_processing_tells_who_and_when_but_not_content() -> None:
    asked = at("category", AI)
    assert places(asked) == []
    assert concern_of(asked) is Concern.AI_PROCESSING
    provision = asked["provision"] | {"action": told(ACTION, "collect")}
    assert places(asked | {"provision": provision}) == []
    for name, value in (
        ("securityLabel", R),
        ("class", code(TYPES, "Observation")),
        ("data", about("instance", "Goal/g")),
    ):
        assert places(asked | {"provision": provision | {name: value}}) == [f"Consent.provision.{name}"]
    reading = provision | {"action": told(ACTION, "access")}
    assert places(asked | {"provision": reading}) == ["Consent.provision.action[0].coding[0].code"]


def test_every_fault_is_named_at_once_and_no_value_is_repeated() -> None:
    issues = admit({"resourceType": "Consent", "status": "the patient said", "provision": "the patient said"})
    assert {"Consent.status", "Consent.provision", "Consent.patient"} <= {issue.expression for issue in issues}
    assert all("patient said" not in issue.text for issue in issues)


# --- consents that others wrote -----------------------------------------------------------------------------------

PACKAGE = SHARED / "packages" / "SUSHI-BUILT-ihe.iti.pcf-1.1.1-current.tgz"
SAMPLES = SHARED / "samples" / "consents"
# What cannot be kept here of the examples of IHE, once they name our policy.
REFUSED = {
    "ex-consent-basic-treat-infant": ["Consent.performer[0]"],  # a mother who is a Patient, not a RelatedPerson
    "ex-consent-intermediate-purpose": ["Consent.provision.purpose[0].system"],  # a purpose of example.org
}


@pytest.mark.skipif(not PACKAGE.is_file(), reason="the package ihe.iti.pcf is not in ../shared/packages")
def test_the_examples_of_ihe_are_admitted_under_our_policy_and_refused_under_their_own() -> None:
    examples = _examples(PACKAGE)
    assert len(examples) == 23
    for example in examples:
        assert "Consent.policy[0].uri" in places(example)
        localised = example | {"policy": [{"uri": POLICY}]}
        assert places(localised) == REFUSED.get(example["id"], []), example["id"]


def _examples(package: Path) -> list[dict[str, Any]]:
    with tarfile.open(package) as archive:
        names = [name for name in archive.getnames() if "/example/Consent-" in name]
        return [json.load(file) for name in names if (file := archive.extractfile(name))]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples of consents are not in ../shared/samples")
def test_the_consents_of_another_engine_are_refused_with_each_element_that_it_would_not_keep() -> None:
    """Their scope stands in a category, their LOINC code is not that of a consent, their policy is a policyRule."""
    samples = [json.loads(path.read_text()) for path in sorted(SAMPLES.glob("*.json"))]
    assert len(samples) == 4
    expected = {"category[0].coding[0].system", "category[1].coding[0].code", "performer", "policy", "policyRule"}
    for sample in samples:
        assert set(places(sample)) == {f"Consent.{name}" for name in expected | {"scope", "source"}}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples of consents are not in ../shared/samples")
def test_what_these_consents_say_is_admitted_once_it_is_said_in_the_words_of_pcf() -> None:
    for path in sorted(SAMPLES.glob("*.json")):
        provision = json.loads(path.read_text())["provision"]
        assert places(consent() | {"provision": provision}) == [], path.name
