"""Organizations, practitioners and patients made known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.errors import Unprocessable
from gateway.fhir.check import check
from gateway.fhir.labels import confidentiality_of
from gateway.fhir.profiles import Profiles
from gateway.rules.access import Visibility
from gateway.store import registry, resources
from gateway.store.resources import Stored
from gateway.usecases import register
from tests.world import World

NPI = ("http://hl7.org/fhir/sid/us-npi", "1234567893")


def test_an_organization_is_found_by_id_and_identifier_by_everybody(world: World) -> None:
    made = register.organization(world.services, world.asked(), "Lakeside Clinic", [NPI])
    with world.services.database.read() as db:
        assert registry.organization(db, made.id) == made
        assert registry.listed(db, "Organization", *NPI) == [made]
        stranger = Visibility("anyone", "HRESCH", world.services.clock())
        assert resources.read(db, stranger, "Organization", made.id) == made


def test_a_patient_is_kept_from_other_organizations(world: World) -> None:
    made = register.patient(
        world.services, world.asked(), world.clinic, "Rivers", ["Sam"], "unknown", None, [("urn:example:mrn", "1")]
    )
    assert (made.patient_id, made.custodian_id, made.confidentiality) == (made.id, world.clinic, "R")
    for organization, expected in ((world.clinic, made), (world.other, None)):
        with world.services.database.read() as db:
            sight = Visibility(organization, "TREAT", world.services.clock())
            assert resources.read(db, sight, "Patient", made.id) == expected


def test_each_is_labelled_and_keeps_to_us_core(world: World, known_profiles: Profiles) -> None:
    made: list[Stored] = [
        register.organization(world.services, world.asked(), "Lakeside Clinic", [NPI]),
        register.practitioner(world.services, world.asked(), "Okafor", ["Grace"], [NPI]),
        register.patient(
            world.services, world.asked(), world.clinic, "Rivers", ["Sam"], "female", "1990", [("urn:example:mrn", "1")]
        ),
    ]
    bodies = [json.loads(stored.text) for stored in made]
    assert [confidentiality_of(body) for body in bodies] == ["U", "N", "R"]
    assert [check(body, profiles=known_profiles) for body in bodies] == [[], [], []]


@pytest.mark.parametrize(
    ("gender", "birth_date", "place"),
    [("unspecified", None, "Patient.gender"), ("female", "1990-02-31", "Patient.birthDate")],
)
def test_what_is_not_valid_is_refused_with_its_place(
    world: World, gender: str, birth_date: str | None, place: str
) -> None:
    before = world.rows("resource")
    with pytest.raises(Unprocessable) as refused:
        register.patient(world.services, world.asked(), world.clinic, "Rivers", [], gender, birth_date, [])
    assert place in [issue.expression for issue in refused.value.issues]
    assert world.rows("resource") == before


def test_a_patient_needs_a_custodian_that_is_known(world: World) -> None:
    with pytest.raises(Unprocessable) as refused:
        register.patient(world.services, world.asked(), "nowhere", "Rivers", [], "female", None, [])
    assert [issue.expression for issue in refused.value.issues] == ["Patient.managingOrganization"]


def test_registering_is_recorded(world: World, tmp_path: Path) -> None:
    before = world.rows("audit")
    register.organization(world.services, world.asked(), "Lakeside Clinic")
    assert world.rows("audit") == before + 1
