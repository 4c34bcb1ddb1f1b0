"""Who may see what, and why: asked by the custodian's staff, and by the patient about the own record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.rules.codes import ACT_REASON
from tests.house import House
from tests.writers import created, observation


def ask(house: House, token: str = "", **question: Any) -> Any:
    whole = {"patient": house.world.patient, "who": f"Organization/{house.world.other}", "purpose": "TREAT"} | question
    return house.ask("POST", "/consent-decisions", token or house.clinician, json=whole)


def ruled(house: House, token: str = "", **question: Any) -> dict[str, Any]:
    answer = ask(house, token, **question)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def permit(house: House, **form: Any) -> str:
    whole = {"patient": house.world.patient, "recipients": [f"Organization/{house.world.other}"], "purposes": ["TREAT"]}
    answer = house.ask("POST", "/consents", house.clinician, json=whole | form)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def seen(house: House) -> str:
    return f"Observation/{created(house, observation(house.world.patient))['id']}"


def test_the_decision_is_what_a_read_would_meet_and_names_the_provision(house: House) -> None:
    what = seen(house)
    assert ruled(house, what=what)["rulings"][0]["basis"] == "silence"
    assert house.get(f"/fhir/{what}", house.ehr).status_code == 404
    consent = permit(house)
    told = ruled(house, what=what)
    assert told["decision"] == "permit"
    assert told["rulings"][0]["reasons"] == [{"consent": f"Consent/{consent}/_history/1", "provision": "provision"}]
    assert house.get(f"/fhir/{what}", house.ehr).status_code == 200
    house.revoke(consent)
    assert ruled(house, what=what)["decision"] == "deny"


def test_a_refusal_names_the_exception_that_refused(house: House) -> None:
    what = seen(house)
    consent = permit(house, exceptions=[{"type": "deny", "data": [{"meaning": "instance", "reference": what}]}])
    (ruling,) = ruled(house, what=what)["rulings"]
    assert (ruling["decision"], ruling["basis"]) == ("deny", "deny")
    assert ruling["reasons"] == [{"consent": f"Consent/{consent}/_history/1", "provision": "provision.provision[0]"}]


def test_of_a_type_each_decision_is_told_with_how_many_it_is_about(house: House) -> None:
    first, *_ = [seen(house) for _ in range(3)]
    permit(house, exceptions=[{"type": "deny", "data": [{"meaning": "instance", "reference": first}]}])
    told = ruled(house, what="Observation")
    assert told["decision"] == "partly"
    assert {ruling["decision"]: ruling["count"] for ruling in told["rulings"]} == {"permit": 2, "deny": 1}
    assert ruled(house, what="Goal") | {"at": ""} == {"decision": "deny", "at": "", "rulings": []}


def test_it_is_told_in_plain_words(house: House) -> None:
    permit(house)
    (ruling,) = ruled(house, what=seen(house))["rulings"]
    assert " may see Observation/" in ruling["words"]
    assert ruling["words"].endswith(" for treatment because the patient consented.")


def test_persons_devices_and_the_patient_herself_may_be_asked_about(house: House) -> None:
    what, lee, sam = seen(house), f"Practitioner/{house.world.lee}", f"Patient/{house.world.patient}"
    clinic = f"Organization/{house.world.clinic}"
    assert ruled(house, what=what, who=sam, purpose="PATRQT")["rulings"][0]["basis"] == "own-access"
    assert ruled(house, what=what, who=lee, organization=clinic)["rulings"][0]["basis"] == "own-use"
    permit(house, type="deny", recipients=[lee], purposes=[])
    assert ruled(house, what=what, who=lee, organization=clinic)["decision"] == "deny"
    assert ruled(house, what=what, who=clinic)["decision"] == "permit"


def test_a_role_stands_for_a_person_at_an_organization(house: House) -> None:
    lee, clinic = f"Practitioner/{house.world.lee}", f"Organization/{house.world.clinic}"
    role = {
        "resourceType": "PractitionerRole",
        "practitioner": {"reference": lee},
        "organization": {"reference": clinic},
    }
    who = f"PractitionerRole/{created(house, role)['id']}"
    assert ruled(house, what=seen(house), who=who)["rulings"][0]["basis"] == "own-use"


def test_what_a_consent_will_permit_is_known_before(house: House) -> None:
    what, tomorrow = seen(house), datetime.now(UTC) + timedelta(days=1)
    permit(house, period={"start": tomorrow.date().isoformat()})
    assert ruled(house, what=what)["decision"] == "deny"
    later = (tomorrow + timedelta(days=1)).isoformat()
    assert ruled(house, what=what, at=later)["decision"] == "permit"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"purpose": "CURIOSITY"}, "body.purpose"),
        ({"who": "Organization/nowhere"}, "body.who"),
        ({"who": "CareTeam/some"}, "body.who"),
        ({"who": "somebody"}, "body.who"),
        ({"organization": "Organization/nowhere"}, "body.organization"),
        ({"what": "Nonsense"}, "body.what"),
        ({"at": "2020-01-01T00:00:00Z"}, "body.at"),
        ({"surprise": 1}, "body.surprise"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_with_its_place(
    house: House, changes: dict[str, Any], place: str
) -> None:
    answer = ask(house, **({"what": "Observation"} | changes))
    assert answer.status_code == 422
    assert place in [issue["expression"][0] for issue in answer.json()["issue"]]


def test_nobody_asks_about_a_record_that_is_not_theirs(house: House) -> None:
    what, foreign = seen(house), house.cast.neighbour
    assert ask(house, house.foreign_writer, what=what).status_code == 404
    assert ask(house, house.ehr, what=what).status_code == 403  # which has no scope for it
    assert ask(house, house.patient, what="Observation", patient=foreign).status_code == 404
    assert ask(house, what=f"Patient/{foreign}").status_code == 404
    assert ask(house, what="Observation/absent").status_code == 404


def test_a_patient_asks_about_the_own_record(house: House) -> None:
    what = seen(house)
    permit(house)
    assert ruled(house, house.patient, what=what)["decision"] == "permit"


@pytest.mark.spec("X-103")
def test_whoever_wants_to_know_is_recorded_with_what_was_decided(house: House) -> None:
    what, consent = seen(house), permit(house)
    ruled(house, what=what)
    ruled(house, what=what, purpose="HMARKT")
    events = house.found("/fhir/AuditEvent?type=110113", house.auditor)
    assert [event["outcome"] for event in events] == ["8", "0"]
    permitted = events[1]
    assert permitted["meta"]["profile"] == [
        "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.AuthZconsent"
    ]
    agents = {agent["type"]["coding"][0]["code"]: agent for agent in permitted["agent"]}
    assert agents["IRCP"]["who"] == {"reference": f"Organization/{house.world.other}"}
    assert agents["IRCP"]["purposeOfUse"] == [{"coding": [{"system": ACT_REASON, "code": "TREAT"}]}]
    assert agents["AUT"]["who"] == {"reference": f"Practitioner/{house.world.grace}"}
    assert permitted["entity"][-1]["what"] == {"reference": f"Consent/{consent}/_history/1"}
    assert "profile" not in events[0]["meta"]  # on silence there is no Consent to name


def test_all_consents_are_told_in_words_with_where_they_stand(house: House) -> None:
    ended = permit(house, period={"end": "2020-01-01"}, purposes=["HRESCH"])
    revoked = permit(house, purposes=["HPAYMT"])
    house.revoke(revoked)
    standing = permit(house, kind="disclosure", exceptions=[{"type": "deny", "labels": ["PSY"]}])
    address = f"/consent-overview?patient={house.world.patient}"
    for token in (house.clinician, house.patient):
        told = house.get(address, token).json()
        states = {each["consent"].split("/")[1]: each["state"] for each in told["consents"]}
        assert states == {ended: "ended", revoked: "revoked", standing: "in-force"}
        assert len(told["policy"]) == 3
    (one,) = house.get(f"{address}&state=in-force", house.patient).json()["consents"]
    assert len(one["words"]) == 2
    assert one["words"][1].startswith("But: ")
    assert house.get(f"/consent-overview?patient={house.cast.neighbour}", house.patient).status_code == 404
    assert house.get(address, house.foreign_writer).status_code == 404


def test_a_patient_grants_reads_and_revokes_the_own_consents_and_no_others(house: House) -> None:
    form = {"patient": house.world.patient, "recipients": [f"Organization/{house.world.other}"], "purposes": ["TREAT"]}
    made = house.ask("POST", "/consents", house.patient, json=form)
    assert made.status_code == 201, made.text
    id = made.json()["id"]
    assert made.json()["performer"] == [{"reference": f"Patient/{house.world.patient}"}]
    assert house.get(f"/consents/{id}", house.patient).json()["id"] == id
    assert house.ask("POST", f"/consents/{id}/revocation", house.patient).json()["status"] == "inactive"
    for changes in ({"patient": house.cast.neighbour}, {"performer": f"Practitioner/{house.world.grace}"}):
        assert house.ask("POST", "/consents", house.patient, json=form | changes).status_code == 422
    other = house.grant(patient=house.cast.neighbour)
    assert house.get(f"/consents/{other}", house.patient).status_code == 404
    assert house.ask("POST", f"/consents/{other}/revocation", house.patient).status_code == 404


def test_a_consent_is_rendered_as_fast_beside_its_form_of_pcf(house: House) -> None:
    id = permit(house)
    kept, fast = (house.get(f"/consents/{id}?rendering={name}", house.clinician) for name in ("pcf", "fast"))
    assert kept.json()["organization"] == [{"reference": f"Organization/{house.world.clinic}"}]
    assert "organization" not in fast.json()
    assert fast.json()["meta"]["versionId"] == kept.json()["meta"]["versionId"] == "1"
    assert fast.json()["patient"]["identifier"]["system"]
    deep = {"type": "deny", "labels": ["R"], "exceptions": [{"type": "permit", "labels": ["PSY"]}]}
    deeper = permit(house, purposes=["COC"], exceptions=[deep])
    assert house.get(f"/consents/{deeper}?rendering=fast", house.clinician).status_code == 406
    assert house.get(f"/consents/{deeper}", house.clinician).status_code == 200
