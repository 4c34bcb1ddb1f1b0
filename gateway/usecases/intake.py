"""From the parts of a payload to everything a submission stores; nothing is written here.

Faults are found in the order parts, context, mapping, patient, resources; those of one step come all at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Members
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.errors import Issue, Unprocessable
from gateway.fhir import json
from gateway.mapping.mapping import Mapping
from gateway.mapping.model import Segment
from gateway.rules.access import Visibility
from gateway.rules.attribution import Attribution, attributed, attribution_of
from gateway.rules.basis import Basis
from gateway.rules.codes import instant
from gateway.rules.several import key_of
from gateway.rules.size import check_size
from gateway.rules.subjects import subject_of
from gateway.store import registry, transcripts
from gateway.store.database import Reader
from gateway.store.submissions import Part
from gateway.usecases.context import NAME, called, check_context, patients_of
from gateway.usecases.door import check_all
from gateway.usecases.first_draft import Drafted, first_draft
from gateway.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Intake:
    """All that one accepted submission stores; `patients` are all it is about."""

    patients: tuple[str, ...]
    session: transcripts.Session
    custodian_id: str
    segments: Sequence[Segment]
    draft: Drafted | None
    skipped: Sequence[Issue] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where a payload comes from: the client that sent it, what it may see, and the moment it is tried at; when it was
    received first, and the digest of its bytes."""

    client_id: str
    visibility: Visibility
    at: datetime
    received_at: datetime
    digest: str


def take_in(services: Services, db: Reader, source: Source, mapping: Mapping, parts: Iterable[Part]) -> Intake:
    """Raises Unprocessable (or MappingRefusal) with every fault of the first step that finds one."""
    parts = tuple(parts)
    context = _context(parts, source, services.limits.payload_depth)
    given = {part.name: part.data for part in parts if part.name != NAME}
    received = mapping.read(given, services.limits.payload_depth)
    mapped = replace(mapping.apply(received.inputs, context["session"]), skipped=received.skipped)
    evidence = [(statement.resource, len(statement.segments)) for statement in mapped.statements]
    if issues := check_size(mapped.resources, evidence, mapped.place):
        raise Unprocessable("The document is too large.", issues=issues)
    patients = _patients(db, source, context)
    if mapping.number_of_patients(received.inputs) not in (None, len(patients)):
        place = f"{NAME}.patients" if "patients" in context else f"{NAME}.patient"
        raise Unprocessable(issues=[Issue("The payload is about another number of patients.", place, "invariant")])
    session = _session(db, source, context, patients)
    attribution = attribution_of(context, source.visibility.organization_id)
    made = attributed(context, attribution, source.at)
    check_all(services, made, lambda resource: _place_of(resource, attribution))
    draft = None
    if mapped.resources:
        basis = _basis(context, session, patients, attribution)
        whom = dict(zip((called(wanted) for _, wanted in patients_of(context)), patients, strict=True))
        draft = first_draft(services, db, source.visibility, basis, whom, made, mapped, mapping.name, source.at)
    return Intake(patients, session, attribution.custodian_id, mapped.transcript, draft, tuple(mapped.skipped))


def _place_of(attributed: Members[str, Any], attribution: Attribution) -> str | None:
    """Where the context says what a Device, card or prompt is made of."""
    places = {
        attribution.app_id: "source",
        attribution.device_id: "model" if attribution.is_ai else "source",
        attribution.card_id: "modelCard",
        attribution.prompt_id: "prompt",
    }
    return f"{NAME}.{places[attributed['id']]}"


def _basis(
    context: dict[str, Any], session: transcripts.Session, patients: tuple[str, ...], attribution: Attribution
) -> Basis:
    times = context["session"]
    return Basis(
        draft_id=str(uuid.uuid4()),
        session_id=session.id,
        patient_id=subject_of("Composition", patients) or "",
        attribution=attribution,
        start=times["start"],
        end=times.get("end"),
        clinician=context.get("clinician", {}).get("reference"),
        several=patients if len(patients) > 1 else (),
    )


def _context(parts: Iterable[Part], source: Source, max_depth: int) -> dict[str, Any]:
    """What the part `context` says; where it tells of no session, the submission is one by itself."""
    try:
        context = check_context(
            {part.name: json.parse(part.data, max_depth=max_depth) for part in parts if part.name == NAME}
        )
    except json.JsonFault as fault:
        at = f" ({fault.place})" if fault.place else ""
        issue = Issue(f"The part is not strict JSON: {fault.reason}{at}.", NAME, "structure")
        raise Unprocessable("A part is not JSON.", issues=[issue]) from None
    return {"session": {"id": source.digest, "start": instant(source.received_at)}} | context


def _session(db: Reader, source: Source, context: dict[str, Any], patients: tuple[str, ...]) -> transcripts.Session:
    """That of several is of the same patients together: the same name with others is another session."""
    if "clinician" in context:
        clinician = context["clinician"]["reference"].partition("/")[2]
        if registry.practitioner(db, clinician) is None:
            raise Unprocessable(
                issues=[Issue("No such practitioner is known here.", "context.clinician.reference", "not-found")]
            )
    external = context["session"]["id"]
    whose = patients[0] if len(patients) == 1 else key_of(source.visibility.organization_id, patients)
    known = transcripts.session_id(db, source.client_id, whose, external)
    return transcripts.Session(known or str(uuid.uuid4()), source.client_id, whose, external)


def _patients(db: Reader, source: Source, context: dict[str, Any]) -> tuple[str, ...]:
    """All it is about. Raises Unprocessable for who is not known, or is named twice."""
    found: list[str] = []
    for place, wanted in patients_of(context):
        found.append(_patient(db, source, wanted, place))
        if found[-1] in found[:-1]:
            raise Unprocessable(issues=[Issue("The same patient is named twice.", place, "duplicate")])
    return tuple(found)


def _patient(db: Reader, source: Source, wanted: dict[str, Any], place: str) -> str:
    """The custodian's patient. One of another custodian, or none, or several with one identifier: the same refusal."""
    if "reference" in wanted:
        one = registry.patient(db, source.visibility, wanted["reference"].partition("/")[2])
        found = [one] if one else []
    else:
        identifier = wanted["identifier"]
        found = registry.patients_identified(db, source.visibility, identifier["system"], identifier["value"])
    if len(found) != 1 or found[0].is_deleted:
        issue = Issue(
            "Not exactly one patient of this organization.",
            f"{place}.{'reference' if 'reference' in wanted else 'identifier'}",
            "not-found",
        )
        raise Unprocessable(issues=[issue])
    return found[0].id
