"""The client has the last word on her record: an upheld dispute is put right and told, a denied one travels along.

Patient Request for Corrections: http://hl7.org/fhir/uv/patient-corrections
"""

from __future__ import annotations

from typing import Any

from gateway.demo.road import Chapter, Road, expect
from gateway.rules.correction import COMMUNICATION_TYPES, DISAGREEMENT, REQUEST

OWN_WORDS = "Her sister as a source of strength"


def uphold(road: Road) -> str:
    theme, harbour = f"Observation/{road.theme_id}", road.cast.recipient_id
    task = _ask(road, REQUEST, "Not my family. My sister.", payload=[_about(theme)])
    seen = road.ask("GET", f"/corrections/{task['id']}", road.cast.clinician.token).json()
    expect(seen["held_by"] == [f"Organization/{harbour}"], "who was given it is not known")
    _decide(road, task, "accept", "You are right.", set={"valueString": OWN_WORDS})
    expect(
        road.endpoint.arrived(road.cast.told_at[harbour], "correction", f"Task/{task['id']}"),
        "the clinic that was given it was not told",
    )
    corrected = road.read(theme, road.token(road.cast.ehr))
    expect((corrected["status"], corrected["valueString"]) == ("corrected", OWN_WORDS), "it was not put right")
    return (
        f"by $correction-request from her own sign-in, decided by the clinician until {seen['due'][:10]}: now reads "
        f'"{OWN_WORDS}"; Harbour Clinic, which had read it, is told at its endpoint and reads the corrected version'
    )


def deny(road: Road) -> str:
    document = f"DocumentReference/{road.document_id}"
    task = _ask(road, REQUEST, "I never said this.", payload=[_about(document)])
    _decide(road, task, "deny", "We have listened to it together: it was said.")
    named = [{"reference": f"Task/{task['id']}"}]
    logged = _ask(road, DISAGREEMENT, "I meant it otherwise.", about=named)
    path = (
        f"/fhir/DocumentReference?_id={road.document_id}&_revinclude=Task:focus&_revinclude:iterate=Communication:about"
    )
    along = road.found(path, "include")
    ids = {each["id"] for each in along}
    expect({task["id"], logged["id"]} <= ids, "a dispute does not travel with what it is about")
    letters = sum(each["resourceType"] == "Communication" for each in along)
    return f"she disagrees, and whoever reads the note may take the dispute along: 2 Tasks and {letters} letters"


def _ask(road: Road, kind: str, words: str, payload: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """The Task of what the client asks for."""
    letter = {
        "resourceType": "Communication",
        "status": "completed",
        "category": [{"coding": [{"system": COMMUNICATION_TYPES, "code": kind}]}],
        "subject": {"reference": road.client},
        "payload": [{"contentString": words}, *(payload or [])],
        **more,
    }
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": letter}]}
    answer = road.send("POST", "/fhir/Communication/$correction-request", bundle, road.cast.client.token)
    task: dict[str, Any] = answer["entry"][1]["resource"]
    return task


def _about(reference: str) -> dict[str, Any]:
    return {"contentReference": {"reference": reference}}


def _decide(road: Road, task: dict[str, Any], decision: str, reason: str, **remedy: Any) -> None:
    body = {"decision": decision, "reason": reason, **remedy}
    road.ask("POST", f"/corrections/{task['id']}/decision", road.cast.clinician.token, json=body)


CHAPTER = Chapter(
    "The client has the last word",
    (
        ("She disputes the theme, and is right", uphold),
        ("She disputes the note, and is denied", deny),
    ),
)
