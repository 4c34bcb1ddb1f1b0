"""A care plan that an AI has drafted, with its goals, interventions, team and homework; and how the homework goes."""

from __future__ import annotations

from typing import Any

from gateway.demo.handing_in import (
    COMPANION,
    approve,
    hand_in_products,
    model_card,
    products,
    texts_of,
    told_of,
)
from gateway.demo.road import Chapter, Road, expect
from gateway.fhir.json import parse

SPOKEN = {
    "s4": ("clinician", "Then let us give the nights six weeks before anything else."),
    "s5": ("patient", "Six hours, that is all I want."),
    "s6": ("clinician", "The bed for sleeping only, every night."),
    "s7": ("clinician", "And each morning you write down when you went to bed and when you woke."),
}
TRANSCRIPT = {"segments": [{"id": id, "speaker": who, "text": text} for id, (who, text) in SPOKEN.items()]}


def plan(road: Road) -> str:
    draft = hand_in_products(
        road,
        products(road, "care-plan", "homework"),
        road.token(road.cast.scribe),
        session={"id": "session-2", "start": "2026-09-08T14:00:00Z"},
        model=COMPANION,
        modelCard={"dsi": parse(model_card(road, "source-attributes.json"))},
        prompt={"text": "Draft a plan of what was agreed, with goals in the client's words.", "version": "3"},
        transcript=TRANSCRIPT,
    )
    made = approve(road, draft)
    (road.homework_id,) = made["Task"]
    own_ehr = road.token(road.cast.own_ehr)
    resource = road.read(f"CarePlan/{made['CarePlan'][0]}", own_ehr)
    goal = road.read(f"Goal/{made['Goal'][0]}", own_ehr)
    linked = {each["reference"]["reference"] for each in resource["activity"] if "reference" in each}
    expect(linked == {f"Task/{road.homework_id}"}, "the plan does not lead to its homework")
    expect("CareTeam" in made, "nobody cares for the plan")
    by = "the client's own words" if goal["expressedBy"]["reference"] == road.client else "nobody's"
    return (
        f'"{resource["title"]}" until {resource["period"]["end"]}: the goal "{goal["description"]["text"]}" in {by}, '
        f"due {goal['target'][0]['dueDate']}, {_interventions(resource)}, a care team, one homework"
    )


def card(road: Road) -> str:
    model = told_of(road, f"Task/{road.homework_id}")
    (text,), (prompt,) = (texts_of(road, model[name]).values() for name in ("card", "prompt"))
    told = parse(model_card(road, "source-attributes.json"))
    left_out = [id for id, words in told.items() if words not in text]
    expect(not left_out and "*Not told.*" not in text, f"the card lacks what its maker said: {', '.join(left_out)}")
    return (
        f"{model['name']}: all {len(told)} source attributes of 45 CFR 170.315(b)(11) as its maker tells them, among "
        f'them its risks ("{told["risks"]}") and how good it is elsewhere ("{told["external_validity"]}"); its prompt: '
        f'"{prompt}"'
    )


def begin(road: Road) -> str:
    _told(road, "accepted")
    task = _told(road, "in-progress") | {"description": "Write as little as you like."}
    road.send("PUT", f"/fhir/Task/{road.homework_id}", task, road.token(road.cast.app), expect=422)
    return "by FHIR update from the client's app: accepted, in progress; to change what was assigned is refused (422)"


def complete(road: Road) -> str:
    app, address = road.token(road.cast.app), "urn:uuid:6f1b9f0e-7d2a-4c4e-9d3f-2f6c1d5a8e01"
    task = road.read(f"Task/{road.homework_id}", app)
    output = [{"type": {"text": "Sleep diary"}, "valueReference": {"reference": address}}]
    entry = [
        _entry("POST", "QuestionnaireResponse", _diary(road), fullUrl=address),
        _entry("PUT", f"Task/{road.homework_id}", {**task, "status": "completed", "output": output}),
    ]
    road.send("POST", "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": entry}, app)
    statuses = [
        each["status"] for each in reversed(road.versions(f"Task/{road.homework_id}", road.token(road.cast.own_ehr)))
    ]
    expect(statuses == ["requested", "accepted", "in-progress", "completed"], f"the history tells {statuses}")
    result = road.read(f"Task/{road.homework_id}", app)["output"][0]["valueReference"]["reference"]
    labels = {each["code"] for each in road.read(result, app)["meta"]["security"]}
    expect("PATAST" in labels and "AIAST" not in labels, "what the client wrote is not told to be hers")
    return f"in one transaction with its result [bold]{result}[/bold]; its history: {' → '.join(statuses)}"


def _interventions(resource: dict[str, Any]) -> str:
    details = [each["detail"]["code"]["text"] for each in resource["activity"] if "detail" in each]
    return f"the intervention {', '.join(details)}"


def _told(road: Road, status: str) -> dict[str, Any]:
    """The homework once the app has told how far it is."""
    app, reference = road.token(road.cast.app), f"Task/{road.homework_id}"
    return road.send("PUT", f"/fhir/{reference}", road.read(reference, app) | {"status": status}, app)


def _diary(road: Road) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "subject": {"reference": road.client},
        "source": {"reference": road.client},
        "authored": "2026-09-15T07:30:00Z",
        "item": [{"linkId": "hours", "text": "Hours asleep?", "answer": [{"valueDecimal": 5.5}]}],
    }


def _entry(method: str, url: str, resource: dict[str, Any], **more: str) -> dict[str, Any]:
    return {**more, "resource": resource, "request": {"method": method, "url": url}}


CHAPTER = Chapter(
    "The plan and its homework",
    (
        ("An AI drafts the plan that was agreed, and the clinician approves it", plan),
        ("Who wants to know the model reads its card and its prompt", card),
        ("The client takes the homework on", begin),
        ("She completes it", complete),
    ),
)
