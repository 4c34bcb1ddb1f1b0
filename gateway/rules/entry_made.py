"""An entry made whole: what the mapping gave, with ids, people, dates, status, profiles, narrative and labels.

R4 CarePlan, Goal, CareTeam, Task, QuestionnaireResponse, Observation, RiskAssessment, Communication, DocumentReference;
US Core 6.1.0. An Observation has no Device as performer in R4, but one that it was made with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.rules.basis import Basis
from gateway.rules.codes import URI, instant, reference
from gateway.rules.entries import CLINICIAN, CUSTODIAN, PATIENT, Entry, resolved
from gateway.rules.entry_kinds import ASSESSMENT_PLAN, CLINICAL_NOTE, KINDS, SURVEY, has_coding, profiles_of
from gateway.rules.entry_leaves import leaves
from gateway.rules.evidence import Origin
from gateway.rules.labelling import is_mixed, label_content, label_part, repeated
from gateway.rules.narrative import div, element
from gateway.rules.people import author_of, clinician_of, practitioner
from gateway.rules.provenance import Act

Json = dict[str, Any]


def references_of(act: Act, ids: Mapping[str, str]) -> dict[str, str]:
    """What each local name means: `ids` are the literal references of the named entries."""
    basis = act.basis
    people = {
        **({} if basis.several else {PATIENT: reference("Patient", basis.patient_id)}),
        CLINICIAN: clinician_of(basis),
        CUSTODIAN: reference("Organization", basis.attribution.custodian_id),
    }
    return {name: each["reference"] for name, each in people.items()} | dict(ids)


def made(entry: Entry, act: Act, id: str, references: Mapping[str, str]) -> Json:
    """The whole resource under `id`, as it stands in the draft or, with an approval, in the record."""
    kind, approved = KINDS[entry.type], act.approval is not None
    content = resolved(_labelled(entry), references) or {"resourceType": entry.type}
    rest = {key: value for key, value in content.items() if key not in ("id", "meta", "text")}
    given = {kind.status: kind.settled if approved else kind.drafted} | _GIVEN[entry.type](entry, act, rest)
    whole: Json = {"resourceType": entry.type, "id": id, **rest, **given}
    whole |= _DEFAULTS[entry.type](act.basis, whole) if entry.type in _DEFAULTS else {}
    if profiles := profiles_of(whole):
        whole["meta"] = {"profile": profiles}
    label_content(whole, act.protection, entry.origin, [part.origin for part in entry.parts], approved=approved)
    if entry.type == "DocumentReference":
        whole |= {
            "masterIdentifier": {"system": URI, "value": f"urn:uuid:{id}"},
            "identifier": [{"system": URI, "value": f"urn:uuid:{id}"}],
            "securityLabel": repeated(whole),
        }
    return whole | {"text": narrative(whole)}


def narrative(resource: Mapping[str, Any]) -> Json:
    """All that it says, a line for each value."""
    said = [element("p", f"{leaf.name}: {leaf.text}" if leaf.name else leaf.text) for leaf in leaves(resource)]
    title = element("p", KINDS[resource["resourceType"]].one.capitalize())
    return {"status": "generated", "div": div(title, *said)}


def _labelled(entry: Entry) -> Json:
    """A copy in which each part says by whom it is, where they are not all by the same."""
    if not is_mixed(entry.origin, [part.origin for part in entry.parts]):
        return entry.resource
    origins = {part.id: part.origin for part in entry.parts}
    copied: Json = _with_labels(entry.resource, origins)
    return copied


def _with_labels(value: Any, origins: Mapping[str, Origin]) -> Any:
    if isinstance(value, list):
        return [_with_labels(item, origins) for item in value]
    if not isinstance(value, dict):
        return value
    members = {key: _with_labels(item, origins) for key, item in value.items()}
    origin = origins.get(str(value.get("id", "")))
    return label_part(members, origin) if origin else members


def _patient(act: Act) -> Json:
    return reference("Patient", act.basis.patient_id)


def _custodian(act: Act) -> Json:
    return reference("Organization", act.basis.attribution.custodian_id)


def _editor(entry: Entry) -> list[Json]:
    return [practitioner(entry.by)] if entry.by and entry.origin is Origin.REVISION else []


def _care_plan(entry: Entry, act: Act, content: Json) -> Json:
    category = content.get("category", [])
    category = category if has_coding(category, ASSESSMENT_PLAN) else [ASSESSMENT_PLAN, *category]
    people = {"subject": _patient(act), "author": author_of(act.basis, entry.origin, entry.by)}
    editors = _editor(entry)
    return {"category": category, **people, "created": instant(act.at)} | ({"contributor": editors} if editors else {})


def _goal(entry: Entry, act: Act, content: Json) -> Json:
    """R4 knows no Device that expresses a goal."""
    who = author_of(act.basis, entry.origin, entry.by)
    is_person = who["reference"].startswith(("Patient/", "Practitioner/"))
    return {"subject": _patient(act)} | ({"expressedBy": who} if is_person else {})


def _care_team(entry: Entry, act: Act, content: Json) -> Json:
    return {"subject": _patient(act), "managingOrganization": [_custodian(act)]}


def _task(entry: Entry, act: Act, content: Json) -> Json:
    """Asked for by who approved it; before, by who wrote it."""
    requester = author_of(act.basis, entry.origin, entry.by)
    if act.approval and entry.origin is not Origin.PATIENT:
        requester = practitioner(act.approval.practitioner_id)
    dates = {"authoredOn": instant(act.at), "lastModified": instant(act.at)}
    return {"for": _patient(act), "owner": _patient(act), "requester": requester, **dates}


def _answers(entry: Entry, act: Act, content: Json) -> Json:
    """`source` gave the answers, `author` wrote them down."""
    attribution, who = act.basis.attribution, author_of(act.basis, entry.origin, entry.by)
    is_person = who["reference"].startswith(("Patient/", "Practitioner/"))
    writer = attribution.device_id if entry.origin in (Origin.MACHINE, Origin.REVISION) else attribution.carrier_id
    people = {"subject": _patient(act), "author": reference("Device", writer)}
    return people | ({"source": who} if is_person else {})


def _observation(entry: Entry, act: Act, content: Json) -> Json:
    who = author_of(act.basis, entry.origin, entry.by)
    if entry.origin not in (Origin.MACHINE, Origin.REVISION):
        return {"subject": _patient(act), "performer": [who]}
    editors = _editor(entry)
    return {"subject": _patient(act), "device": who} | ({"performer": editors} if editors else {})


def _risk(entry: Entry, act: Act, content: Json) -> Json:
    """R4 knows no Patient and no Organization that estimates a risk; the Provenance names them."""
    who = author_of(act.basis, entry.origin, entry.by)
    may_perform = not who["reference"].startswith(("Patient/", "Organization/"))
    return {"subject": _patient(act)} | ({"performer": who} if may_perform else {})


def _message(entry: Entry, act: Act, content: Json) -> Json:
    to = _custodian(act) if entry.origin is Origin.PATIENT else _patient(act)
    return {"subject": _patient(act), "sender": author_of(act.basis, entry.origin, entry.by), "recipient": [to]}


def _document(entry: Entry, act: Act, content: Json) -> Json:
    """Authenticated by who approves it, but for the patient's own words, which nobody answers for but the patient."""
    authenticator = (
        {"authenticator": practitioner(act.approval.practitioner_id)}
        if act.approval and entry.origin is not Origin.PATIENT
        else {}
    )
    return {
        "status": "current",
        "subject": _patient(act),
        "date": instant(act.at),
        "author": [author_of(act.basis, entry.origin, entry.by), *_editor(entry)],
        **authenticator,
        "custodian": _custodian(act),
    }


_GIVEN: Mapping[str, Callable[[Entry, Act, Json], Json]] = {
    "CarePlan": _care_plan,
    "Goal": _goal,
    "CareTeam": _care_team,
    "Task": _task,
    "QuestionnaireResponse": _answers,
    "Observation": _observation,
    "RiskAssessment": _risk,
    "Communication": _message,
    "DocumentReference": _document,
}


def _missing(whole: Json, name: str, value: Any) -> Json:
    return {} if name in whole else {name: value}


def _when(name: str, type: str = "") -> Callable[[Basis, Json], Json]:
    """Where it says no time, that of the session."""

    def default(basis: Basis, whole: Json) -> Json:
        is_said = any(key.removeprefix("_").startswith(name) for key in whole)
        return {} if is_said else {f"{name}{type}": basis.start}

    return default


def _observed(basis: Basis, whole: Json) -> Json:
    return _when("effective", "DateTime")(basis, whole) | _missing(whole, "category", [SURVEY])


def _documented(basis: Basis, whole: Json) -> Json:
    context = whole.get("context", {})
    return _missing(whole, "category", [CLINICAL_NOTE]) | {"context": {"period": basis.period} | context}


_DEFAULTS: Mapping[str, Callable[[Basis, Json], Json]] = {
    "CarePlan": lambda _, whole: _missing(whole, "intent", "plan"),
    "Task": lambda _, whole: _missing(whole, "intent", "order"),
    "QuestionnaireResponse": _when("authored"),
    "Observation": _observed,
    "RiskAssessment": _when("occurrence", "DateTime"),
    "Communication": _when("sent"),
    "DocumentReference": _documented,
}
