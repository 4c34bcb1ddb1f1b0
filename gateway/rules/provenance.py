"""Who did what: one Provenance per resource, and one per statement by its element id.

The machine's part claims AI-Provenance and US Core Provenance at once, a clinician's own part US Core Provenance only.
Segments, drafts and sentences are named by identifier, never by a literal reference: they are not served.
http://hl7.org/fhir/uv/aitransparency (AI-Provenance), US Core 6.1.0 Provenance (agents act for an organization).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.rules.basis import Approval, Basis
from gateway.rules.codes import (
    ACT_REASON,
    AI_DEVICE_TYPE,
    AI_PROVENANCE,
    DATA_OPERATION,
    DOCUMENT_COMPLETION,
    OBSERVATION_VALUE,
    PARTICIPANT,
    TARGET_ELEMENT,
    US_CORE_PROVENANCE,
    concept,
    instant,
    logical,
    reference,
)
from gateway.rules.entries import Entry, Part
from gateway.rules.evidence import Origin, Statement, revision_identifier, segment_identifier
from gateway.rules.labelling import label_record
from gateway.rules.people import author_of
from gateway.rules.protection import SESSION, Protection


@dataclass(frozen=True, slots=True)
class Act:
    """What is told of: a draft's `revision` made at `at` by the machine and, from the second on, `editors`; or, with
    `approval`, its publication."""

    basis: Basis
    revision: int
    at: datetime
    editors: tuple[str, ...] = ()
    approval: Approval | None = None
    protection: Protection = SESSION

    def about(self, patient_id: str | None) -> Act:
        """The same, told of what is about one of several patients."""
        if patient_id is None:
            return self
        return replace(self, basis=replace(self.basis, patient_id=patient_id, several=()))

    @property
    def activity(self) -> dict[str, Any]:
        if self.approval:
            return concept(DOCUMENT_COMPLETION, "LA", "legally authenticated")
        return concept(DATA_OPERATION, "CREATE" if self.revision == 1 else "UPDATE")

    @property
    def occurred(self) -> dict[str, Any]:
        """When the machine's part came about: at one moment, or from its making to its approval."""
        if self.approval:
            return {"occurredPeriod": {"start": instant(self.approval.made_at), "end": instant(self.at)}}
        return {"occurredDateTime": instant(self.at)}

    @property
    def former(self) -> str | None:
        """The draft revision this one comes from: the approved one, or the one before."""
        revision = self.revision if self.approval else self.revision - 1
        return revision_identifier(self.basis.draft_id, revision) if revision else None


def of_note(id: str, target: str, origin: Origin, statements: Sequence[Statement], act: Act) -> dict[str, Any]:
    """The Provenance of a note or its index entry as a whole. The first author stays one, whoever joined."""
    segments = dict.fromkeys(segment for statement in statements for segment in statement.evidence)
    writers = [*_writers(act, origin), *(_person(act, editor, "author") for editor in act.editors)]
    return _provenance(id, {"reference": target}, act, writers, _revision(act.former), segments, origin)


def of_statement(id: str, target: str, statement: Statement, act: Act) -> dict[str, Any]:
    """The Provenance of one statement: whose words these are, and what they rest on."""
    return _of_words(id, _element(target, statement.id), statement, act)


def of_entry(id: str, target: str, entry: Entry, act: Act) -> dict[str, Any]:
    """The Provenance of an entry as a whole."""
    return _of_words(id, {"reference": target}, entry, act)


def of_part(id: str, target: str, part: Part, act: Act) -> dict[str, Any]:
    """The Provenance of an element of an entry."""
    return _of_words(id, _element(target, part.id), part, act)


def _element(target: str, id: str) -> dict[str, Any]:
    return {"extension": [{"url": TARGET_ELEMENT, "valueUri": id}], "reference": target}


def _of_words(id: str, target: dict[str, Any], words: Statement | Entry | Part, act: Act) -> dict[str, Any]:
    writers = _writers(act, words.origin, words.by)
    revises = _revision(None if isinstance(words, Part) else words.of)
    return _provenance(id, target, act, writers, revises, words.evidence, words.origin)


def _writers(act: Act, origin: Origin, by: str | None = None) -> list[dict[str, Any]]:
    """Who wrote it, and who put it together. What a clinician wrote here nobody carried."""
    if origin is Origin.MACHINE:
        return [_machine(act, "author")]
    if origin is Origin.REVISION:
        return [_machine(act, "assembler"), *([_person(act, by, "author")] if by else [])]
    if by:
        return [_person(act, by, "author")]
    who = author_of(act.basis, origin)
    return [_agent(act, "author", who), _agent(act, "assembler", reference("Device", act.basis.attribution.carrier_id))]


def _provenance(
    id: str,
    target: dict[str, Any],
    act: Act,
    writers: list[dict[str, Any]],
    revises: list[dict[str, Any]],
    segments: Iterable[str],
    origin: Origin,
) -> dict[str, Any]:
    """What a person wrote derives from no prompt and no model card."""
    machine = origin in (Origin.MACHINE, Origin.REVISION)
    entities = [*(revises if machine else ()), *(_inputs(act) if machine else ()), *_sources(act, segments)]
    reasons = [concept(OBSERVATION_VALUE, "AIAST", "Artificial Intelligence asserted")] if machine else []
    made = {
        "resourceType": "Provenance",
        "id": id,
        "meta": {"profile": [AI_PROVENANCE, US_CORE_PROVENANCE] if machine else [US_CORE_PROVENANCE]},
        "target": [target],
        **(act.occurred if machine else {"occurredDateTime": instant(act.at)}),
        "recorded": instant(act.at),
        "reason": [*reasons, concept(ACT_REASON, "TREAT")],
        "activity": act.activity,
        "agent": [*writers, *_verifier(act)],
        **({"entity": entities} if entities else {}),
    }
    return label_record(made, act.protection, approved=act.approval is not None)


def _machine(act: Act, kind: str) -> dict[str, Any]:
    attribution = act.basis.attribution
    return {
        "type": concept(PARTICIPANT, kind),
        "role": [concept(AI_DEVICE_TYPE, "Artificial-Intelligence")],
        "who": reference("Device", attribution.device_id),
        "onBehalfOf": _custodian(act),
    }


def _person(act: Act, practitioner_id: str, kind: str) -> dict[str, Any]:
    return _agent(act, kind, reference("Practitioner", practitioner_id))


def _agent(act: Act, kind: str, who: dict[str, Any]) -> dict[str, Any]:
    """Practitioners and Devices act for the organization (US Core), patients for themselves."""
    acts_for = {} if who["reference"].startswith(("Patient/", "Organization/")) else {"onBehalfOf": _custodian(act)}
    return {"type": concept(PARTICIPANT, kind), "who": who, **acts_for}


def _custodian(act: Act) -> dict[str, Any]:
    return reference("Organization", act.basis.attribution.custodian_id)


def _verifier(act: Act) -> list[dict[str, Any]]:
    return [_person(act, act.approval.practitioner_id, "verifier")] if act.approval else []


def _revision(identifier: str | None) -> list[dict[str, Any]]:
    return [{"role": "revision", "what": logical(identifier)}] if identifier else []


def _inputs(act: Act) -> list[dict[str, Any]]:
    inputs = (act.basis.attribution.card_id, act.basis.attribution.prompt_id)
    return [{"role": "derivation", "what": reference("DocumentReference", id)} for id in inputs if id]


def _sources(act: Act, segments: Iterable[str]) -> list[dict[str, Any]]:
    session_id = act.basis.session_id
    return [{"role": "source", "what": logical(segment_identifier(session_id, segment))} for segment in segments]
