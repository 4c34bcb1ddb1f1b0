"""Granting, revoking and listing consents: what is published, who sees what from then on, what is recorded."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import NotFound, Refusal, Unprocessable
from gateway.fhir import profiles
from gateway.fhir.check import check
from gateway.fhir.labels import RESTRICTED, label
from gateway.rules.access import Visibility
from gateway.rules.audit import Act
from gateway.rules.consent_form import Form, permit
from gateway.store import consents, resources
from gateway.store.resources import New, Stored
from gateway.usecases import consent
from gateway.usecases.asked import Asked
from tests.world import SHARED, World

PCF = SHARED / "packages" / "SUSHI-BUILT-ihe.iti.pcf-1.1.1-current.tgz"


def form(world: World, **changes: Any) -> Form:
    given: dict[str, Any] = {
        "patient": world.patient,
        "recipient": world.other,
        "purpose": "TREAT",
        "start": "2020-01-01",
    }
    return permit(**(given | changes))


def staff(world: World, **who: Any) -> Asked:
    return world.asked(person=world.grace, client="pages", **who)


def note(world: World) -> str:
    """A published note of the patient."""
    resource = label({"resourceType": "DocumentReference", "id": "note", "status": "current"}, RESTRICTED)
    with world.services.database.write() as writer:
        entry = staff(world).entry(Act.CREATE, "DocumentReference/note")
        resources.publish(writer, entry, New(resource, world.patient, world.clinic))
    return "note"


def seen(world: World, organization: str, purpose: str = "TREAT") -> Stored | None:
    sight = Visibility(organization, purpose, world.services.clock())
    with world.services.database.read() as db:
        return resources.read(db, sight, "DocumentReference", "note")


def acts(world: World) -> list[tuple[str, str, str | None, str | None]]:
    """Act, outcome, patient and target of each audit row since the clinic was settled."""
    query = "SELECT act, outcome, patient_id, target_type, target_id, target_version FROM audit WHERE act <> 'register'"
    with world.services.database.read() as db:
        rows = db.connection.exec_driver_sql(f"{query} ORDER BY pk").all()
    return [(act, outcome, patient, type) for act, outcome, patient, type, _, _ in rows]


def test_a_grant_publishes_a_consent_and_opens_the_record_to_its_recipient(world: World) -> None:
    note(world)
    assert seen(world, world.other) is None
    granted = consent.grant(world.services, staff(world), form(world))
    found = seen(world, world.other)
    assert found is not None
    assert found.consents == (f"Consent/{granted.id}/_history/1#provision",)
    assert seen(world, "somebody else") is None
    assert seen(world, world.other, "HPAYMT") is None


def test_the_consent_reads_as_fhir_and_is_restricted(world: World) -> None:
    granted = consent.grant(world.services, staff(world), form(world, end="2030-01-01", source="Paper, folder 7"))
    body = json.loads(granted.text)
    assert check(body) == []
    assert (body["status"], body["patient"]["reference"]) == ("active", f"Patient/{world.patient}")
    assert body["organization"] == [{"reference": f"Organization/{world.clinic}"}]
    assert body["sourceAttachment"]["title"] == "Paper, folder 7"
    assert granted.confidentiality == "R"


@pytest.mark.skipif(not PCF.is_file(), reason="the package ihe.iti.pcf is not in ../shared/packages")
def test_the_consent_conforms_to_the_basic_profile_of_ihe(world: World, tmp_path: Any) -> None:
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / PCF.name).symlink_to(PCF)
    known = profiles.load(folder)
    body = json.loads(consent.grant(world.services, staff(world), form(world)).text)
    assert check(body, profiles=known) == []
    del body["organization"]
    assert check(body, profiles=known) != []  # the profile is really asked


def test_a_revocation_closes_the_record_and_keeps_both_versions(world: World) -> None:
    note(world)
    granted = consent.grant(world.services, staff(world), form(world))
    revoked = consent.revoke(world.services, staff(world), granted.id)
    assert seen(world, world.other) is None
    assert (revoked.version, json.loads(revoked.text)["status"]) == (2, "inactive")
    with world.services.database.read() as db:
        first = resources.vread(db, staff(world).visibility, "Consent", granted.id, 1)
    assert first is not None and json.loads(first.text)["status"] == "active"


def test_revoking_one_consent_leaves_the_other_in_force(world: World) -> None:
    note(world)
    first, second = (consent.grant(world.services, staff(world), form(world)) for _ in range(2))
    consent.revoke(world.services, staff(world), first.id)
    found = seen(world, world.other)
    assert found is not None and found.consents == (f"Consent/{second.id}/_history/1#provision",)


def test_revoking_again_changes_nothing(world: World) -> None:
    granted = consent.grant(world.services, staff(world), form(world))
    once = consent.revoke(world.services, staff(world), granted.id)
    assert consent.revoke(world.services, staff(world), granted.id) == once


def test_a_consent_that_has_ended_or_not_begun_opens_nothing(world: World) -> None:
    note(world)
    tomorrow = (world.services.clock() + timedelta(days=1)).date().isoformat()
    yesterday = (world.services.clock() - timedelta(days=1)).date().isoformat()
    consent.grant(world.services, staff(world), form(world, start=tomorrow))
    consent.grant(world.services, staff(world), form(world, end=yesterday))
    assert seen(world, world.other) is None
    consent.grant(world.services, staff(world), form(world, end=world.services.clock().date().isoformat()))
    assert seen(world, world.other) is not None  # the last day belongs to it


def test_a_permit_for_treatment_serves_emergencies_too(world: World) -> None:
    note(world)
    consent.grant(world.services, staff(world), form(world))
    assert seen(world, world.other, "ETREAT") is not None
    assert seen(world, world.other, "HRESCH") is None


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"patient": "nobody"}, "Consent.patient"),
        ({"recipient": "nowhere"}, "Consent.provision.actor[0].reference"),
        ({"purpose": "CURIOSITY"}, "Consent.provision.purpose[0].code"),
        ({"start": "2026-02-31"}, "Consent.provision.period.start"),
        ({"end": "2019"}, "Consent.provision.period"),
    ],
)
def test_a_grant_that_cannot_hold_is_refused_with_its_place_and_leaves_only_its_audit(
    world: World, changes: dict[str, str], place: str
) -> None:
    with pytest.raises(Unprocessable) as refused:
        consent.grant(world.services, staff(world), form(world, **changes))
    assert [issue.expression for issue in refused.value.issues] == [place]
    assert world.published() == []
    assert world.rows("consent_rule") == 0
    assert acts(world) == [("consent", "4", None, None)]


def test_another_organization_can_neither_grant_nor_revoke_nor_list(world: World) -> None:
    granted = consent.grant(world.services, staff(world), form(world))
    stranger = staff(world, organization=world.other)  # the recipient itself
    with pytest.raises(Unprocessable):
        consent.grant(world.services, stranger, form(world))
    with pytest.raises(NotFound):
        consent.revoke(world.services, stranger, granted.id)
    with pytest.raises(NotFound):
        consent.of_patient(world.services, stranger, world.patient)
    assert world.rows("consent_rule") > 0


def test_a_consent_that_is_not_there_is_refused_like_one_of_somebody_else(world: World) -> None:
    granted = consent.grant(world.services, staff(world), form(world))
    words = []
    for asked, id in ((staff(world, organization="elsewhere"), granted.id), (staff(world), "absent")):
        with pytest.raises(Refusal) as refused:
            consent.revoke(world.services, asked, id)
        words.append((refused.value.status, refused.value.detail))
    assert words[0] == words[1]


def test_every_act_is_recorded_with_its_patient(world: World) -> None:
    granted = consent.grant(world.services, staff(world), form(world))
    consent.revoke(world.services, staff(world), granted.id)
    listed = consent.of_patient(world.services, staff(world), world.patient)
    assert [row.version for row in listed] == [2]
    assert acts(world) == [
        ("consent", "0", world.patient, "Consent"),
        ("revoke", "0", world.patient, "Consent"),
        ("search", "0", world.patient, "Consent"),
    ]


def test_consent_rows_and_audit_are_one_transaction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(consents, "enforce", fails)
    with pytest.raises(OSError, match="disk full"):
        consent.grant(world.services, staff(world), form(world))
    assert world.published() == []
    assert acts(world) == []
