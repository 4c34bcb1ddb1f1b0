"""Random worlds of consents: a few people, days and labels, so that what is written about one often means the other.

Everything is FHIR JSON as it comes in: admitted Consents of every shape, and checked resources.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.rules.consent_oracle import Caller
from tests.rules.consent_oracle_content import INLINE, World

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
DAYS = ("2026-01-01", "2026-03-01", "2026-06-01", "2026-09-01", "2027-01-01")
PATIENTS = ("p1", "p2")
PURPOSES = ("TREAT", "COC", "ETREAT", "BTG", "HPAYMT", "HOPERAT", "MLTRAINING", "HRESCH", "CLINTRCH", "PATRQT")
LEVELS = ("N", "R", "V", "M")
SENSITIVITIES = ("SPI", "BH", "DVD", "MH", "PSY", "PSYTHPN", "HIPAAPsyNotes", "SUD", "ETHUD", "HIV", "42CFRPart2")
ACTORS = (
    *("Organization/hospital", "Organization/clinic", "Practitioner/ada", "Practitioner/bob", "Device/d1"),
    *("Patient/p1", "Patient/p2", "CareTeam/t1", "PractitionerRole/r1", "Group/empty"),
)
GROUPS = {
    "CareTeam/t1": [("Practitioner/ada", "2026-03-01", "2026-08-31"), ("Organization/hospital", "2026-09-01", "9")],
    "PractitionerRole/r1": [("Practitioner/bob@hospital", "", "2026-06-30")],
    "Group/empty": [],
}
ENCOUNTER = "Encounter/e1"
RECORD = ("Observation/o1", "Condition/k1", ENCOUNTER, "AllergyIntolerance/a1", "RiskAssessment/s1")
CODES = ("8480-6", "9279-1")


def coding(system: str, code: str) -> dict[str, str]:
    return {"system": f"{TERMINOLOGY}/{system}", "code": code}


def label(code: str) -> dict[str, str]:
    return coding("v3-Confidentiality" if code in LEVELS else "v3-ActCode", code)


def reference(to: str) -> dict[str, str]:
    return {"reference": to}


AIAST = coding("v3-ObservationValue", "AIAST")
IRDSCL = coding("v3-ActCode", "IRDSCL")
AI_PROCESSING = {"system": "urn:care-continuity-gateway:consent-kind", "code": "ai-processing"}


def some(values: Any, most: int = 2) -> SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


def seldom(strategy: SearchStrategy[Any], one_in: int = 3) -> SearchStrategy[Any]:
    """Mostly nothing: what says too much never means anything."""
    return st.one_of(*[st.none()] * (one_in - 1), strategy)


def _period(first: str, second: str, way: int) -> dict[str, str]:
    start, end = sorted([first, second])
    return ({"start": start}, {"end": end}, {"start": start, "end": end})[way]


def periods() -> SearchStrategy[dict[str, str]]:
    return st.builds(_period, st.sampled_from(DAYS), st.sampled_from(DAYS), st.integers(0, 2))


def data() -> SearchStrategy[dict[str, Any]]:
    authors = ("Practitioner/ada", "Practitioner/bob", "CareTeam/t1")
    ways = [(meaning, each) for meaning in ("instance", "related", "dependents") for each in RECORD]
    ways += [("authoredby", each) for each in authors]
    return st.sampled_from([{"meaning": meaning, "reference": reference(each)} for meaning, each in ways])


OPENING = st.sampled_from([["REDACT"], ["N", "REDACT"], ["V"]])
ELEMENTS: dict[str, SearchStrategy[Any]] = {
    "period": periods(),
    "actor": some(ACTORS),
    "purpose": some(PURPOSES),
    "action": some(("access", "use", "disclose", "correct")),
    "securityLabel": st.one_of(
        some((*LEVELS, *SENSITIVITIES), 3), st.sampled_from([["REDACT"], ["N", "REDACT"], ["V"]])
    ),
    "class": some(("Observation", "Condition", "Provenance", "RiskAssessment")),
    "code": some(CODES),
    "dataPeriod": periods(),
    "data": st.lists(data(), min_size=1, max_size=2),
}
# What tells provisions apart most often.
OFTEN = ("actor", "purpose", "securityLabel", "securityLabel")


@st.composite
def provisions(draw: DrawFn, depth: int = 0) -> dict[str, Any]:
    stated = draw(st.lists(st.sampled_from((*OFTEN, *ELEMENTS)), max_size=2, unique=True))
    made: dict[str, Any] = {"type": draw(st.sampled_from(["permit", "deny", "permit"]))}
    made |= {name: _element(name, draw(ELEMENTS[name])) for name in stated}
    nested = [draw(provisions(depth + 1)) for _ in range(draw(st.integers(0, 2 - min(2, depth))))]
    return made | ({"provision": nested} if nested else {})


def _element(name: str, value: Any) -> Any:
    match name:
        case "actor":
            role = {"coding": [coding("v3-ParticipationType", "IRCP")]}
            return [{"role": role, "reference": reference(each)} for each in value]
        case "purpose":
            return [coding("v3-ActReason", each) for each in value]
        case "action":
            return [{"coding": [coding("consentaction", each)]} for each in value]
        case "securityLabel":
            return [label(each) for each in value]
        case "class":
            return [{"system": "http://hl7.org/fhir/resource-types", "code": each} for each in value]
        case "code":
            return [{"coding": [{"system": "http://loinc.org", "code": each}]} for each in value]
    return value


@st.composite
def consents(draw: DrawFn, number: int) -> dict[str, Any]:
    category = draw(st.sampled_from([None, None, None, None, IRDSCL, AI_PROCESSING]))
    categories = [{"system": "http://loinc.org", "code": "59284-0"}, *([category] if category else [])]
    identifiers = draw(st.sampled_from([[], [], [], ["one"], ["two"]]))
    return {
        "resourceType": "Consent",
        "id": f"c{number}",
        "meta": {"security": [label("R")]},
        "identifier": [{"value": each} for each in identifiers],
        "status": draw(st.sampled_from(["active", "active", "active", "active", "inactive", "entered-in-error"])),
        "category": [{"coding": [each]} for each in categories],
        "patient": reference(f"Patient/{draw(st.sampled_from(['p1', 'p1', 'p2']))}"),
        "dateTime": draw(st.sampled_from(DAYS[:3])),
        "provision": draw(provisions()),
    }


@st.composite
def resources(draw: DrawFn, name: str) -> dict[str, Any]:
    kind, _, id = name.partition("/")
    security = draw(st.lists(st.sampled_from(LEVELS), min_size=0, max_size=1) if draw(st.booleans()) else some("NR", 1))
    security += draw(seldom(some((*SENSITIVITIES[2:], "NORDSCLCD", "NOPAT", "PROCESSINLINELABEL")), 2)) or []
    made: dict[str, Any] = {"resourceType": kind, "id": id}
    made |= {"meta": {"security": [label(each) for each in security]}} if security else {}
    by = reference(draw(st.sampled_from(["Practitioner/ada", "Practitioner/bob", "Organization/hospital"])))
    code = {"coding": [{"system": "http://loinc.org", "code": draw(st.sampled_from(CODES))}]}
    other = {"coding": [{"system": "http://loinc.org", "code": draw(st.sampled_from(CODES))}]}
    match kind:
        case "Observation":
            made |= {"status": "final", "code": code, "subject": reference("Patient/p1"), "performer": [by]}
            made |= {"component": [{"code": other, "valueString": "x"}]} if draw(st.booleans()) else {}
            made |= {"encounter": reference(ENCOUNTER)} if draw(st.booleans()) else {}
            made |= draw(_dated("effectiveDateTime", "effectivePeriod"))
            made |= draw(_noted())
            made |= draw(seldom(st.sampled_from([{"contained": [each]} for each in _INSIDE]))) or {}
        case "Condition":
            made |= {"code": code, "subject": reference("Patient/p1"), "recorder": by}
            start, end = sorted([draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))])
            made |= {"onsetDateTime": start} if draw(st.booleans()) else {}
            made |= {"abatementDateTime": end} if draw(st.booleans()) else {}
        case "Encounter":
            made |= {"status": "finished", "class": coding("v3-ActCode", "AMB"), "subject": reference("Patient/p1")}
            made |= {"diagnosis": [{"condition": reference("Condition/k1")}]} if draw(st.booleans()) else {}
            made |= draw(_dated(None, "period"))
        case "AllergyIntolerance":
            made |= {"patient": reference("Patient/p1"), "code": code, "asserter": by}
        case "RiskAssessment":
            who = draw(st.sampled_from(["Practitioner/ada", "Practitioner/bob", "Device/d1"]))
            made |= {**_ESTIMATE, "code": code, "performer": reference(who)}
            made |= draw(_dated("occurrenceDateTime", "occurrencePeriod"))
            made |= {"basis": [reference("Observation/o1")]} if draw(st.booleans()) else {}
            made |= draw(_noted())
            made = draw(st.sampled_from([_by_machine, _noted_by_machine, _by_nobody_else]))(made)
        case "Provenance":
            targets = draw(some((*RECORD, "Observation/gone"), 2))
            made |= {"target": [reference(each) for each in targets], "recorded": "2026-06-01T00:00:00Z"}
            made |= {"agent": [{"who": by}]}
    return made


def _dated(moment: str | None, period: str) -> SearchStrategy[dict[str, Any]]:
    ways: list[SearchStrategy[dict[str, Any]]] = [st.just({}), periods().map(lambda value: {period: value})]
    if moment:
        ways.append(st.sampled_from(DAYS).map(lambda day: {moment: day}))
    return st.one_of(ways)


def _noted() -> SearchStrategy[dict[str, Any]]:
    """A note that is more restricted than the rest, or not."""
    labels = st.one_of(st.just([]), st.sampled_from([["V"], ["R"], ["R", "HIV"]]), some((*SENSITIVITIES[2:], "NOPAT")))
    return labels.map(_note)


def _note(codes: list[str]) -> dict[str, Any]:
    inline = [{"url": INLINE, "valueCoding": label(each)} for each in codes]
    return {"note": [{"text": "x", "extension": inline}]} if inline else {}


def _by_nobody_else(resource: dict[str, Any]) -> dict[str, Any]:
    return resource


def _by_machine(resource: dict[str, Any]) -> dict[str, Any]:
    labels = resource.get("meta", {}).get("security", [])
    return resource | {"meta": {"security": [*labels, AIAST]}}


_ESTIMATE = {"resourceType": "RiskAssessment", "status": "final", "subject": reference("Patient/p1")}
_INSIDE = ({**_ESTIMATE, "id": "inside"}, _by_machine({**_ESTIMATE, "id": "inside"}))


def _noted_by_machine(resource: dict[str, Any]) -> dict[str, Any]:
    """One more note, and that is the machine's."""
    note = {"text": "y", "extension": [{"url": INLINE, "valueCoding": AIAST}]}
    return resource | {"note": [*resource.get("note", []), note]}


@st.composite
def worlds(draw: DrawFn) -> World:
    record = {name: draw(resources(name)) for name in (*RECORD, "Provenance/v1")}
    given = [draw(consents(number)) for number in range(draw(st.integers(1, 4)))]
    return World(given, GROUPS, record | {f"Consent/{each['id']}": each for each in given})


def callers() -> SearchStrategy[Caller]:
    return st.one_of(
        st.builds(
            Caller,
            st.sampled_from(["hospital", "hospital", "clinic", "lab"]),
            st.sampled_from(("TREAT", "TREAT", *PURPOSES)),
            st.sampled_from(DAYS),
            practitioner=st.sampled_from(["ada", "bob", None]),
            device=st.sampled_from(["d1", None, None]),
            bound_to=st.sampled_from([None, None, None, "p1"]),
        ),
        st.builds(
            lambda day, patient, bound: Caller("", "PATRQT", day, patient=patient, bound_to=patient if bound else None),
            st.sampled_from(DAYS),
            st.sampled_from(PATIENTS),
            st.booleans(),
        ),
    )


def subjects_of(resource: dict[str, Any]) -> list[list[str]]:
    """Whose content it may be taken for."""
    if resource["resourceType"] == "Consent":
        return [[resource["patient"]["reference"].partition("/")[2]]]
    return [["p1"], ["p1", "p2"], []]
