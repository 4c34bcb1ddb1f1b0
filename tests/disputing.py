"""A patient who asks for a correction, and what the clinic makes of it."""

from __future__ import annotations

from typing import Any

import httpx

from gateway.rules.correction import COMMUNICATION_TYPES, DISAGREEMENT, REQUEST
from tests.house import House
from tests.writers import send

OPERATION = "/fhir/Communication/$correction-request"


def letter(house: House, *payload: dict[str, Any], kind: str = REQUEST, **elements: Any) -> dict[str, Any]:
    """What the patient says."""
    return {
        "resourceType": "Communication",
        "status": "completed",
        "category": [{"coding": [{"system": COMMUNICATION_TYPES, "code": kind}]}],
        "subject": {"reference": f"Patient/{house.world.patient}"},
        "sender": {"reference": f"Patient/{house.world.patient}"},
        "recipient": [{"reference": f"Organization/{house.world.clinic}"}],
        "sent": "2026-09-12T08:00:00Z",
        "payload": list(payload) or [{"contentString": "This does not describe me."}],
        **elements,
    }


def about(reference: str) -> dict[str, Any]:
    return {"contentReference": {"reference": reference}}


def ask(house: House, *said: dict[str, Any], token: str = "") -> httpx.Response:
    """Send letters as the operation takes them, as the patient unless somebody else is named."""
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in said]}
    return send(house, "POST", OPERATION, bundle, token or house.patient)


def asked(house: House, *said: dict[str, Any], token: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """The Communication and the Task that were kept."""
    answer = ask(house, *said, token=token)
    assert answer.status_code == 200, answer.text
    communication, task = (entry["resource"] for entry in answer.json()["entry"])
    return communication, task


def disputed(house: House, reference: str) -> dict[str, Any]:
    """The Task of a request about a resource."""
    return asked(house, letter(house, {"contentString": "This does not describe me."}, about(reference)))[1]


def disagreed(house: House, task: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    named = [{"reference": f"Task/{task['id']}"}]
    return asked(house, letter(house, {"contentString": "I still see it otherwise."}, kind=DISAGREEMENT, about=named))


def decide(house: House, task: dict[str, Any], decision: str, token: str = "", **more: Any) -> httpx.Response:
    body = {"decision": decision, "reason": "We have looked at it together.", **more}
    return house.ask("POST", f"/corrections/{task['id']}/decision", token or house.clinician, json=body)


def decided(house: House, task: dict[str, Any], decision: str, **more: Any) -> dict[str, Any]:
    answer = decide(house, task, decision, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def stage(task: dict[str, Any]) -> str:
    return str(task["businessStatus"]["coding"][0]["code"])
