"""The Provenance of what is changed after its approval: who did it, and which version it comes from.

http://hl7.org/fhir/us/core/StructureDefinition/us-core-provenance (agents act for an organization).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.rules.access import Caller
from gateway.rules.balp_parts import CLIENT_ID
from gateway.rules.codes import ACT_REASON, DATA_OPERATION, PARTICIPANT, US_CORE_PROVENANCE, concept, instant, reference
from gateway.rules.labelling_written import label_carried, label_written


def witness(
    id: str,
    target: str,
    resource: Mapping[str, Any],
    former: str | None,
    by: Caller,
    at: datetime,
    because: Sequence[str] = (),
) -> dict[str, Any]:
    """Of the version `target`, which reads `resource`; labelled no lower than that. `former` is the version before,
    `because` are references to what led to it."""
    entities = [("revision", former)] if former else []
    entities += [("source", each) for each in because]
    made = {
        "resourceType": "Provenance",
        "id": id,
        "meta": {"profile": [US_CORE_PROVENANCE]},
        "target": [{"reference": target}],
        "occurredDateTime": instant(at),
        "recorded": instant(at),
        "reason": [concept(ACT_REASON, by.purpose)],
        "activity": concept(DATA_OPERATION, "UPDATE" if former else "CREATE"),
        "agent": [agent(by)],
        **({"entity": [{"role": role, "what": {"reference": what}} for role, what in entities]} if entities else {}),
    }
    return label_carried(label_written(made, None), [resource])


def agent(by: Caller) -> dict[str, Any]:
    """Who did it: the person, else the Device that the client is, else the client by its identifier."""
    who: dict[str, Any] = {"type": "Device", "identifier": {"system": CLIENT_ID, "value": by.client_id}}
    for kind, id in (("Device", by.device_id), ("Practitioner", by.practitioner_id), ("Patient", by.patient_id)):
        who = reference(kind, id) if id else who
    behalf = {} if by.patient_id else {"onBehalfOf": reference("Organization", by.organization_id)}
    return {"type": concept(PARTICIPANT, "author"), "who": who, **behalf}
