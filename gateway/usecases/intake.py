"""From the parts of a payload to everything a submission stores; nothing is written here.

Faults are found in the order parts, context, mapping, patient, resources; those of one step come all at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.errors import Issue, Unprocessable
from gateway.fhir import json
from gateway.mapping.mapping import Mapping
from gateway.mapping.model import Mapped, Segment
from gateway.rules.access import Visibility
from gateway.rules.attribution import Attribution, attributed, attribution_of
from gateway.rules.composition import outline
from gateway.rules.document import Basis
from gateway.rules.protection import SESSION, raised
from gateway.rules.provenance import Act
from gateway.rules.revision import Dossier, Revision, drafted
from gateway.rules.size import check_size
from gateway.store import registry, transcripts
from gateway.store.database import Reader
from gateway.store.submissions import Part
from gateway.usecases.companions import companions_of
from gateway.usecases.context import NAME, check_context
from gateway.usecases.door import check_all
from gateway.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Drafted:
    """The draft a submission makes: its dossier, its first revision and its title."""

    dossier: Dossier
    revision: Revision
    title: str


@dataclass(frozen=True, slots=True)
class Intake:
    """All that one accepted submission stores."""

    session: transcripts.Session
    custodian_id: str
    segments: Sequence[Segment]
    draft: Drafted | None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a payload comes from: the client that sent it, what it may see, when."""

    client_id: str
    visibility: Visibility
    at: datetime


def take_in(services: Services, db: Reader, source: Source, mapping: Mapping, parts: Iterable[Part]) -> Intake:
    """Raises Unprocessable (or MappingRefusal) with every fault of the first step that finds one."""
    parsed = _parsed(parts, services.limits.payload_depth)
    context = check_context(parsed)
    inputs = {name: value for name, value in parsed.items() if name != NAME}
    mapped = mapping.apply(inputs, context["session"])
    if issues := check_size(mapped.resources, [statement.segments for statement in mapped.statements]):
        raise Unprocessable("The document is too large.", issues=issues)
    session = _session(db, source, context)
    custodian_id = source.visibility.organization_id
    attribution = attribution_of(context, custodian_id)
    made = attributed(context, attribution, source.at)
    check_all(services, made)
    draft = (
        _draft(services, db, source, context, session, attribution, made, mapped, mapping.name)
        if mapped.resources
        else None
    )
    return Intake(session, custodian_id, mapped.transcript, draft)


def _parsed(parts: Iterable[Part], max_depth: int) -> dict[str, Any]:
    """Every part as JSON. Raises Unprocessable with one issue per part that is not."""
    parsed: dict[str, Any] = {}
    issues = []
    for part in parts:
        try:
            parsed[part.name] = json.parse(part.data, max_depth=max_depth)
        except json.JsonFault as fault:
            at = f" ({fault.place})" if fault.place else ""
            issues.append(Issue(f"The part is not strict JSON: {fault.reason}{at}.", part.name, "structure"))
    if issues:
        raise Unprocessable("A part is not JSON.", issues=issues)
    return parsed


def _session(db: Reader, source: Source, context: dict[str, Any]) -> transcripts.Session:
    patient_id = _patient(db, source, context["patient"])
    if "clinician" in context:
        clinician = context["clinician"]["reference"].partition("/")[2]
        if registry.practitioner(db, clinician) is None:
            raise Unprocessable(
                issues=[Issue("No such practitioner is known here.", "context.clinician.reference", "not-found")]
            )
    external = context["session"]["id"]
    known = transcripts.session_id(db, source.client_id, patient_id, external)
    return transcripts.Session(known or str(uuid.uuid4()), source.client_id, patient_id, external)


def _patient(db: Reader, source: Source, wanted: dict[str, Any]) -> str:
    """The custodian's patient. One of another custodian, or none, or several with one identifier: the same refusal."""
    if "reference" in wanted:
        one = registry.patient(db, source.visibility, wanted["reference"].partition("/")[2])
        found = [one] if one else []
    else:
        identifier = wanted["identifier"]
        found = registry.patients_identified(db, source.visibility, identifier["system"], identifier["value"])
    if len(found) != 1 or found[0].is_deleted:
        place = f"context.patient.{next(iter(wanted))}"
        raise Unprocessable(issues=[Issue("Not exactly one patient of this organization.", place, "not-found")])
    return found[0].id


def _draft(
    services: Services,
    db: Reader,
    source: Source,
    context: dict[str, Any],
    session: transcripts.Session,
    attribution: Attribution,
    made: Sequence[dict[str, Any]],
    mapped: Mapped,
    mapping: str,
) -> Drafted:
    composition = _composition(mapped)
    clinician = context.get("clinician", {}).get("reference")
    times = context["session"]
    basis = Basis(
        draft_id=str(uuid.uuid4()),
        session_id=session.id,
        patient_id=session.patient_id,
        attribution=attribution,
        start=times["start"],
        end=times.get("end"),
        clinician=clinician,
    )
    marked = [(entry.path, entry.segments) for entry in mapped.statements]
    dossier = Dossier(basis, outline(composition, marked), tuple(made), mapping)
    companions = companions_of(db, source.visibility, basis, (), made)
    protection = raised(SESSION, services.labels.given(composition, mapping))
    act = Act(basis, 1, source.at, protection=protection)
    author = f"Device/{attribution.device_id}"
    base = services.fhir_base
    revision = drafted(act, dossier.outline, dossier.outline.statements, author, companions, base)
    check_all(services, revision.resources)
    return Drafted(dossier, revision, str(composition["title"])[:255])


def _composition(mapped: Mapped) -> dict[str, Any]:
    """The one Composition a session's mapping makes."""
    kinds = [item.get("resourceType") for item in mapped.resources]
    if kinds != ["Composition"] or not mapped.resources[0].get("title") or not mapped.resources[0].get("type"):
        raise Unprocessable("The mapping did not make one Composition with a title and a type.")
    return mapped.resources[0]
