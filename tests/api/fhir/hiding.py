"""What an EHR elsewhere may not see, by each means there is of hiding something; and the consents that open the rest.

All of it is data: a world that holds what is hidden differs from one that does not in these resources alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gateway.fhir.labels import ACT_CODE_SYSTEM
from tests.api.fhir.conftest import document, patient, provenance

TREAT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}
_RECIPIENT = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}
_TYPES = "http://hl7.org/fhir/resource-types"
_THIS_YEAR = {"start": "2026-01-01", "end": "2026-12-31"}
Resource = dict[str, Any]


class Held(NamedTuple):
    """A resource to publish, the patient it is about, and its labels."""

    resource: Resource
    patient: str | None = "ann"
    confidentiality: str | None = "R"
    labels: tuple[str, ...] = ()


def consent(id: str, of: str, *exceptions: Resource, to: str = "ehr", **elements: Any) -> Resource:
    """A consent as PCF has it: a root provision for an organization, and exceptions from it."""
    actor = [{"role": _RECIPIENT, "reference": {"reference": f"Organization/{to}"}}]
    root = {"type": "permit", "period": _THIS_YEAR, "actor": actor, "purpose": [TREAT], **elements.pop("root", {})}
    return {
        "resourceType": "Consent",
        "id": id,
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": f"Patient/{of}"},
        "dateTime": "2026-01-01T08:00:00Z",
        "performer": [{"reference": f"Patient/{of}"}],
        "organization": [{"reference": "Organization/clinic"}],
        "sourceReference": {"display": "on paper"},
        "policy": [{"uri": "urn:care-continuity-gateway:policy:consent:2"}],
        "provision": root | ({"provision": list(exceptions)} if exceptions else {}),
        **elements,
    }


def _deny(**what: Any) -> Resource:
    return {"type": "deny", **what}


def _data(meaning: str, reference: str) -> dict[str, Any]:
    return {"data": [{"meaning": meaning, "reference": {"reference": reference}}]}


def _during(id: str, day: str) -> Resource:
    """A document of Pia's about care on a day; when it was written does not count."""
    return document(id, "pia", context={"period": {"start": day, "end": day}})


# The same in both worlds. Pia opens what was done in a year, Ann all but what she names.
CONSENTS = (
    consent(
        "c-ann",
        "ann",
        _deny(securityLabel=[{"system": ACT_CODE_SYSTEM, "code": "SUD"}]),
        _deny(**{"class": [{"system": _TYPES, "code": "QuestionnaireResponse"}]}),
        _deny(code=[{"coding": [{"system": "urn:codes", "code": "unspeakable"}]}]),
        _deny(**_data("instance", "Observation/one")),
        _deny(**_data("dependents", "Encounter/visit")),
        _deny(**_data("authoredby", "Practitioner/ex")),
    ),
    consent("c-bob", "bob"),
    consent("c-pia", "pia", root={"dataPeriod": {"start": "2026-01-01", "end": "2026-12-31"}}),
)
# What may be seen, beside that of tests/api/fhir/conftest.py.
SHOWN = (
    Held({"resourceType": "Practitioner", "id": "ex", "name": [{"family": "Former"}]}, None, "N"),
    Held(patient("pia", "Period"), "pia"),
    Held(_during("in-time", "2026-05-05"), "pia"),
    Held(
        {
            "resourceType": "Encounter",
            "id": "meeting",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": "Patient/ann"},
        }
    ),
)


def observation(id: str, of: str = "ann", code: str = "mood", **elements: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "category": [{"coding": [{"system": "urn:categories", "code": "survey"}]}],
        "code": {"coding": [{"system": "urn:codes", "code": code}]},
        "subject": {"reference": f"Patient/{of}"},
        "effectiveDateTime": "2026-05-05",
        "performer": [{"reference": "Practitioner/dr"}],
        "valueQuantity": {"value": 7, "unit": "points"},
        **elements,
    }


def condition(id: str, of: str = "ann", **elements: Any) -> Resource:
    clinical = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "7200002", "display": "Alcoholism"}]}
    subject = {"reference": f"Patient/{of}"}
    return {
        "resourceType": "Condition",
        "id": id,
        "clinicalStatus": clinical,
        "code": code,
        "subject": subject,
        **elements,
    }


def _record(name: str, *consents: Resource) -> list[Held]:
    """A patient with some content, whom nothing opens."""
    appends = [{"code": "appends", "target": {"reference": "DocumentReference/doc-ann"}}]
    letter = document(f"doc-{name}", name, status="superseded", date="2026-05-05", description="unspeakable")
    letter |= {"identifier": [{"system": "urn:x", "value": name}], "relatesTo": appends}
    del letter["author"]
    return [
        Held(patient(name, f"{name}son".title(), birthDate="1990-01-02", gender="other"), name),
        Held(letter, name),
        *(Held(each, name) for each in consents),
    ]


def _visit() -> Resource:
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    subject = {"reference": "Patient/ann"}
    return {"resourceType": "Encounter", "id": "visit", "status": "finished", "class": kind, "subject": subject}


def _answers() -> Resource:
    answered = {"status": "completed", "subject": {"reference": "Patient/ann"}, "authored": "2026-05-05"}
    return {"resourceType": "QuestionnaireResponse", "id": "answers", **answered, "item": [{"linkId": "1"}]}


def _list() -> Resource:
    held = [{"item": {"reference": f"DocumentReference/{id}"}} for id in ("doc-ann", "doc-zed")]
    whose = {"subject": {"reference": "Patient/zed"}}
    return {"resourceType": "List", "id": "secret-list", "status": "current", "mode": "working", "entry": held, **whose}


def _binary(id: str, **elements: Any) -> Resource:
    return {"resourceType": "Binary", "id": id, "contentType": "text/plain", "data": "aGVsbG8=", **elements}


_BOTH = [{"reference": "Patient/ann"}, {"reference": "Patient/zed"}]
_PAST, _FUTURE = {"start": "2020-01-01", "end": "2020-12-31"}, {"start": "2027-01-01"}
_RESEARCH = {"system": TREAT["system"], "code": "HRESCH"}
_DENIED = {"type": "deny"}
_SAME = [{"system": "urn:consents", "value": "1"}]
# By each means of hiding: what it hides.
MEANS: Mapping[str, list[Held]] = {
    "no consent": [
        *_record("zed"),
        Held(observation("obs-zed", "zed"), "zed"),
        Held(provenance("prov-zed", "DocumentReference/doc-zed/_history/1"), "zed"),
        Held(_list(), "zed"),
        Held(_binary("secured", securityContext={"reference": "DocumentReference/doc-zed"}), "zed"),
        Held(_binary("attached"), None),
    ],
    "very restricted": [
        Held(document("grave", description="unspeakable"), confidentiality="V"),
        Held(provenance("grave-prov", "DocumentReference/doc-ann/_history/1"), confidentiality="V"),
    ],
    "unlabelled": [Held(document("bare"), confidentiality=None)],
    "a label": [Held(condition("drinks"), labels=("ETHUD",))],
    "a law": [Held(condition("treated"), labels=("42CFRPart2",)), Held(condition("told-on"), labels=("NORDSCLCD",))],
    "a psychotherapy note": [Held(document("notes"), labels=("PSYTHPN",))],
    "a type": [Held(_answers())],
    "a code": [Held(observation("spoken", code="unspeakable"))],
    "an instance": [Held(observation("one")), Held(provenance("one-prov", "Observation/one/_history/1"))],
    "what depends on it": [Held(_visit()), Held(observation("during", encounter={"reference": "Encounter/visit"}))],
    "an author": [Held(document("by-ex", author=[{"reference": "Practitioner/ex"}]))],
    "a time": [
        Held(_during("long-ago", "2019-05-05"), "pia"),
        Held(document("once", "pia"), "pia"),
    ],
    "several subjects": [Held(document("couple", context={"related": _BOTH}), "*")],
    "an expired consent": _record("exa", consent("c-exa", "exa", root={"period": _PAST})),
    "a future consent": _record("fay", consent("c-fay", "fay", root={"period": _FUTURE})),
    "a revoked consent": _record("rae", consent("c-rae", "rae", status="inactive")),
    "a consent in error": _record("ira", consent("c-ira", "ira", status="entered-in-error")),
    "a consent for others": _record("oda", consent("c-oda", "oda", to="other")),
    "a consent for another purpose": _record("pam", consent("c-pam", "pam", root={"purpose": [_RESEARCH]})),
    "a superseded consent": _record(
        "sue",
        consent("c-sue", "sue", identifier=_SAME),
        consent("c-sue-2", "sue", identifier=_SAME, to="other", dateTime="2026-02-01T08:00:00Z"),
    ),
    "another consent that denies": _record("dan", consent("c-dan", "dan"), consent("c-dan-2", "dan", root=_DENIED)),
    "a consent that tells of others": [Held(consent("c-else", "ann", to="other"))],
    "what only its custodian knows": [Held({"resourceType": "Device", "id": "inner", "lotNumber": "7"}, None)],
}
