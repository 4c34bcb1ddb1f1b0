"""Who did what: one Provenance per resource, and one per statement by its element id.

The machine's part claims AI-Provenance and US Core Provenance at once, a clinician's own part US Core Provenance only.
Segments, drafts and sentences are named by identifier, never by a literal reference: they are not served.
http://hl7.org/fhir/uv/aitransparency (AI-Provenance), US Core 6.1.0 Provenance (agents act for an organization).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
from gateway.rules.document import Approval, Basis
from gateway.rules.evidence import Origin, Statement, revision_identifier, segment_identifier
from gateway.rules.labelling import label_record
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


def of_resource(id: str, target: str, statements: Sequence[Statement], act: Act) -> dict[str, Any]:
    """The Provenance of a whole resource. The machine stays an author, whoever joined it."""
    agents = [_machine(act, "author"), *(_person(act, editor, "author") for editor in act.editors), *_verifier(act)]
    segments = dict.fromkeys(segment for statement in statements for segment in statement.evidence)
    entities = [*_revision(act.former), *_inputs(act), *_sources(act, segments)]
    return _provenance(id, {"reference": target}, act, agents, entities, machine=True)


def of_statement(id: str, target: str, statement: Statement, act: Act) -> dict[str, Any]:
    """The Provenance of one statement: whose words these are, and what they rest on."""
    element = {"extension": [{"url": TARGET_ELEMENT, "valueUri": statement.id}], "reference": target}
    writer = [_person(act, statement.by, "author")] if statement.by else []
    if statement.origin is Origin.HUMAN:
        return _provenance(id, element, act, [*writer, *_verifier(act)], [], machine=False)
    machine = _machine(act, "author" if statement.origin is Origin.MACHINE else "assembler")
    entities = [*_revision(statement.of), *_inputs(act), *_sources(act, statement.evidence)]
    return _provenance(id, element, act, [machine, *writer, *_verifier(act)], entities, machine=True)


def _provenance(
    id: str,
    target: dict[str, Any],
    act: Act,
    agents: list[dict[str, Any]],
    entities: list[dict[str, Any]],
    *,
    machine: bool,
) -> dict[str, Any]:
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
        "agent": agents,
        **({"entity": entities} if entities else {}),
    }
    return label_record(made, act.protection, approved=act.approval is not None)


def _machine(act: Act, kind: str) -> dict[str, Any]:
    attribution = act.basis.attribution
    return {
        "type": concept(PARTICIPANT, kind),
        "role": [concept(AI_DEVICE_TYPE, "Artificial-Intelligence")],
        "who": reference("Device", attribution.device_id),
        "onBehalfOf": reference("Organization", attribution.custodian_id),
    }


def _person(act: Act, practitioner_id: str, kind: str) -> dict[str, Any]:
    return {
        "type": concept(PARTICIPANT, kind),
        "who": reference("Practitioner", practitioner_id),
        "onBehalfOf": reference("Organization", act.basis.attribution.custodian_id),
    }


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
