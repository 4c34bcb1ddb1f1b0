"""Homework as an approval assigns it, and the app that tells how it goes."""

from __future__ import annotations

from typing import Any

from gateway.fhir.labels import AIAST, CLINAST, RESTRICTED
from gateway.rules.audit import Act
from gateway.rules.review import sight_of
from gateway.store import drafts, resources
from tests.house import House

FULFILL = {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}], "text": "Diary"}


def homework(house: House, **elements: Any) -> dict[str, Any]:
    """A Task among what an approval published, as it is served."""
    made = house.approve(house.draft(f"s-{len(house.rows('SELECT 1 FROM draft'))}"))
    world, id = house.world, f"homework-{made['Composition'][:8]}"
    task = {
        "resourceType": "Task",
        "id": id,
        "meta": {"security": [RESTRICTED, AIAST, CLINAST]},
        "status": "requested",
        "intent": "order",
        "code": FULFILL,
        "description": "Write down three moments of calm each day.",
        "for": {"reference": f"Patient/{world.patient}"},
        "requester": {"reference": f"Practitioner/{world.grace}"},
        "owner": {"reference": f"Patient/{world.patient}"},
        **elements,
    }
    asked = world.reviewer
    with world.services.database.write() as writer:
        origin = drafts.origin_of(writer, sight_of(asked.caller), "Composition", made["Composition"])
        draft = drafts.read(writer, sight_of(asked.caller), str(origin))
        assert draft is not None
        entry = asked.entry(Act.APPROVE, f"Task/{id}/_history/1", patient_id=world.patient)
        resources.publish(writer, entry, resources.New(task, world.patient, world.clinic))
        drafts.publish(writer, entry, draft, [task])
    served: dict[str, Any] = house.get(f"/fhir/Task/{id}", house.own_ehr).json()
    return served
