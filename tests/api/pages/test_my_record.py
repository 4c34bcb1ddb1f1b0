"""A patient's own page: what she sees of her consents, and how she takes one back; over HTTP, as a browser would."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.api.pages.deciding import HOME, NEW, confirmed, consents, csrf, day, give, hill, part
from tests.browsing import browser, text
from tests.house import PASSWORD, House
from tests.writers import created, observation


def test_each_comes_from_the_sign_in_to_the_pages_of_her_own(house: House) -> None:
    for login, home in (("sam", HOME), ("grace", "/pages/reviews")):
        visitor = browser(house)
        answer = visitor.post("/pages/sign-in", data={"login": login, "password": PASSWORD, "next": ""})
        assert answer.headers["location"] == "/pages"
        assert visitor.get("/pages").headers["location"] == home
        assert visitor.get(home).status_code == 200


def test_nobody_signed_in_comes_to_the_record_by_the_sign_in(house: House) -> None:
    assert browser(house).get(HOME).headers["location"] == f"/pages/sign-in?next={HOME}"


def test_a_patient_sees_no_review_and_a_clinician_no_patients_pages(house: House, sam: TestClient) -> None:
    draft, grace = house.draft(), browser(house, house.clinician)
    for path in ("/pages/reviews", f"/pages/reviews/{draft}", f"/pages/reviews/{draft}/edit"):
        refused = sam.get(path)
        assert refused.status_code == 403
        assert "Sleeps five hours" not in refused.text
        assert "To my record" in refused.text
    for path in (HOME, f"{NEW}/sharing"):
        assert grace.get(path).status_code == 403
    assert sam.post(f"/pages/reviews/{draft}/approve", data={"csrf": csrf(sam), "digest": "x"}).status_code == 403


def test_without_a_consent_the_page_tells_what_holds_anyway(sam: TestClient) -> None:
    page = sam.get(HOME).text
    assert "Kept by Harbour Clinic." in page
    assert "Nobody else sees anything without a consent" in part(page, "always")
    assert "An AI may process what is said in your sessions unless you refuse it." in page
    assert "You have not decided anything yet." in part(page, "in-force")


def test_a_consent_is_told_before_it_is_given_and_opens_the_record_until_it_is_taken_back(
    house: House, sam: TestClient
) -> None:
    seen = f"/fhir/Observation/{created(house, observation(house.world.patient))['id']}"
    today, tomorrow = day(house), day(house, 1)
    shown = text(confirmed(sam, "sharing", who=hill(house), purpose_TREAT="yes", end=tomorrow.isoformat()))
    sentence = (
        f"Hill Practice may see everything that is at most restricted for treatment, from {today} until {tomorrow}."
    )
    assert sentence in shown
    assert (consents(house), house.get(seen, house.ehr).status_code) == ([], 404)

    page = give(sam, "sharing", who=hill(house), purpose_TREAT="yes", end=tomorrow.isoformat())
    assert sentence in part(page, "who-1")
    assert "Because of your consent of" in part(page, "who-1")
    assert house.get(seen, house.ehr).status_code == 200
    ((consent, _),) = consents(house)

    address = f"{HOME}/consents/{consent}/end"
    assert sentence in text(sam.get(address).text)
    assert house.get(seen, house.ehr).status_code == 200
    answer = sam.post(address, data={"csrf": csrf(sam)})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HOME}?said=ended")
    assert house.get(seen, house.ehr).status_code == 404
    page = sam.get(HOME).text
    assert sentence in part(page, "past")
    assert "Taken back" in part(page, "past")
    assert "You have not decided anything yet." in part(page, "in-force")
    assert consents(house) == [(consent, 1), (consent, 2)]
    assert sam.get(address).status_code == 404


def test_what_begins_later_is_told_apart(house: House, sam: TestClient) -> None:
    page = give(sam, "sharing", who=hill(house), purpose_TREAT="yes", start=day(house, 1).isoformat())
    assert "Hill Practice" in part(page, "later")
    assert "No consent of yours is in force" in page


@pytest.mark.parametrize(
    ("headers", "changes"),
    [({"Origin": "https://elsewhere.example"}, {}), ({}, {"csrf": "0" * 64}), ({}, {"csrf": ""})],
)
def test_a_form_that_is_not_of_her_own_page_decides_nothing(
    house: House, sam: TestClient, headers: dict[str, str], changes: dict[str, str]
) -> None:
    standing = house.grant()
    before = consents(house)
    sent = {"csrf": csrf(sam), "who": hill(house), "purpose-TREAT": "yes", "step": "give"} | changes
    for address in (f"{NEW}/sharing", f"{HOME}/consents/{standing}/end"):
        assert sam.post(address, data=sent, headers=headers).status_code == 403
    assert consents(house) == before


def test_what_the_clinic_recorded_for_her_is_hers_to_take_back_and_another_patients_is_not(
    house: House, sam: TestClient
) -> None:
    hers, foreign = house.grant(), house.grant(patient=house.cast.neighbour)
    page = sam.get(HOME).text
    assert hers in page
    assert foreign not in page
    for address in (f"{HOME}/consents/{foreign}/end", f"{HOME}/consents/absent/end", f"{NEW}/something"):
        assert sam.get(address).status_code == 404
        assert sam.post(address, data={"csrf": csrf(sam)}).status_code == 404
    assert sam.post(f"{HOME}/consents/{hers}/end", data={"csrf": csrf(sam)}).status_code == 303


@pytest.mark.spec("X-080")
def test_every_look_and_every_decision_is_recorded_in_her_name(house: House, sam: TestClient) -> None:
    def recorded() -> list[tuple[str, str | None]]:
        query = "SELECT act, patient_id FROM audit WHERE user_patient_id = ? AND act <> 'sign-in' ORDER BY pk"
        return [(row[0], row[1]) for row in house.rows(query, house.world.patient)]

    standing = house.grant()
    sam.get(HOME)
    assert recorded() == [("search", house.world.patient)]
    proof = csrf(sam)
    before = len(recorded())
    sam.get(f"{HOME}/consents/{standing}/end")
    sam.post(f"{HOME}/consents/{standing}/end", data={"csrf": proof})
    give(sam, "ai", answer="no")
    acts = [act for act, patient in recorded()[before:] if patient == house.world.patient]
    assert [act for act in acts if act != "search"] == ["revoke", "consent"]
    assert acts[0] == "search"
