"""Homework as an approval assigns it, on the way a producer takes; and an app that tells how it goes."""

from __future__ import annotations

import json
from typing import Any

from joserfc.jwk import ECKey

from gateway.usecases import clients, register, signin
from gateway.usecases.asked import Origin
from tests.house import PASSWORD, Backend, House
from tests.writers import put

APP = "system/Task.rus system/QuestionnaireResponse.crs system/Observation.crs"
DIARY = {"homework": [{"id": "diary", "title": "Diary", "instructions": "Write down three moments of calm."}]}


WALK = {"id": "walk", "title": "Walk", "instructions": "Once around the pond."}


def homework(house: House, patient: str = "") -> dict[str, Any]:
    """The Task of an approved assignment, as it is served."""
    (task,) = assigned(house, DIARY, patient)["Task"]
    return task


def planned(house: House) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """An approved care plan, and by title the two Tasks that are its activities."""
    plan = {"title": "Quiet evenings", "goals": [{"text": "To fall asleep before midnight"}]}
    made = assigned(house, {"carePlan": plan, "homework": [*DIARY["homework"], WALK]})
    return made["CarePlan"][0], {task["code"]["text"]: task for task in made["Task"]}


def assigned(house: House, products: dict[str, Any], patient: str = "") -> dict[str, list[dict[str, Any]]]:
    """What the approval of these products published, by type, as it is served to the clinic."""
    whom = {"patient": {"reference": f"Patient/{patient}"}} if patient else {}
    context = house.world.context(f"s-{len(house.rows('SELECT 1 FROM draft'))}", **whom)
    parts = {"context": context, "products": products}
    files = {name: (name, json.dumps(value), "application/json") for name, value in parts.items()}
    answer = house.ask("POST", "/submissions/gateway", house.scribe, files=files)
    assert answer.status_code == 201, answer.text
    approval = house.step(answer.json()["draft"], "approval")
    assert approval.status_code == 200, approval.text
    made: dict[str, list[dict[str, Any]]] = {}
    for reference in approval.json()["published"]:
        made.setdefault(reference.partition("/")[0], []).append(house.get(f"/fhir/{reference}", house.own_ehr).json())
    return made


def device_app(house: House) -> tuple[str, str]:
    """The token of a homework app that is known as a Device, and the reference of that."""
    world, key = house.world, ECKey.generate_key("P-384", {"use": "sig", "alg": "ES384", "kid": "app"}, private=True)
    device = register.device(world.services, world.asked(), "Diary").id
    jwks = {"keys": [key.as_dict(private=False)]}
    known = clients.add(
        world.services, "A diary", world.clinic, jwks=jwks, scopes=APP.split(), purpose="TREAT", device=device
    )
    return Backend(known.id, key, APP).token(house.http), f"Device/{device}"


def herself(house: House, *scopes: str, patient: str = "", login: str = "sam-at-home") -> str:
    """The token of a patient who signs in with these scopes."""
    services, whom = house.world.services, patient or house.world.patient
    signin.add_patient(services, house.world.asked("consent"), login, PASSWORD, whom, scopes)
    return signin.sign_in(services, login, PASSWORD, Origin()).token


def after(house: House, task: dict[str, Any], app: str, **told: Any) -> dict[str, Any]:
    """The Task once the app has told something."""
    answer = put(house, task | told, app)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def brought(house: House, app: str, *statuses: str) -> dict[str, Any]:
    """Homework that the app has brought there step by step."""
    task = homework(house)
    for status in statuses:
        task = after(house, task, app, status=status)
    return task
