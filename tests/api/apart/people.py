"""Further people who sign in, for what not every clinician may."""

from __future__ import annotations

from typing import Any

from gateway.usecases import signin
from gateway.usecases.asked import Origin
from tests.house import PASSWORD, House

NOTES = "psychotherapy-notes"


def token(house: House, login: str, *scopes: str, practitioner: str = "", purpose: str = "TREAT", at: str = "") -> str:
    """A token of somebody new who signs in: by default a colleague of the clinic."""
    world, services = house.world, house.world.services
    signin.add_person(
        services,
        login,
        PASSWORD,
        practitioner=practitioner or world.ann,
        organization=at or world.clinic,
        scopes=scopes,
        purpose=purpose,
    )
    return signin.sign_in(services, login, PASSWORD, Origin()).token


def decided(house: House, **form: Any) -> str:
    """The id of a Consent of the patient, by the form that clients fill in."""
    whole = {"patient": house.world.patient, "period": {"start": "2020-01-01"}} | form
    answer = house.ask("POST", "/consents", house.clinician, json=whole)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
