"""A patient's own pages: what she sees of her consents, and how she decides; over HTTP, as a browser would."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.casting import cast, quiet
from tests.house import PASSWORD, Cast, House, opened
from tests.world import BASE
from tests.writers import created, observation

__all__ = ["cast", "quiet"]
HOME, NEW = "/pages/my-record", "/pages/my-record/new"
COOKIE = "__Host-gateway"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


@pytest.fixture
def house(cast: Cast, tmp_path: Path) -> Iterator[House]:
    """A house whose day does not end while a test looks at it: each look at its clock is a millisecond later."""
    now, ticks = datetime.now(UTC), count()
    start = min(now, datetime.combine(now.date(), time.max, UTC) - timedelta(seconds=30))
    slow = replace(cast.world.services, clock=lambda: start + timedelta(milliseconds=next(ticks)))
    with opened(replace(cast, world=replace(cast.world, services=slow)), tmp_path / "house") as house:
        yield house


def day(house: House, after: int = 0) -> date:
    """Today, or so many days after."""
    return house.world.services.clock().date() + timedelta(days=after)


def browser(house: House, token: str = "") -> TestClient:
    cookies = {COOKIE: token} if token else None
    return TestClient(
        house.http.app,  # type: ignore[attr-defined]  # the client of the house is a TestClient
        base_url=BASE,
        headers={"Origin": BASE},
        cookies=cookies,
        follow_redirects=False,
    )


@pytest.fixture
def sam(house: House) -> Iterator[TestClient]:
    """The patient's browser, signed in."""
    yield browser(house, house.patient)


def text(page: str) -> str:
    """The words of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def csrf(sam: TestClient) -> str:
    proof: str = re.findall(r'name="csrf" value="([0-9a-f]+)"', sam.get(HOME).text)[0]
    return proof


def hidden(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in re.findall(r'name="([\w-]+)" value="([^"]*)">', page)}


def confirmed(sam: TestClient, kind: str, **fields: str) -> str:
    """What the page asks to confirm, once a form was sent."""
    sent = {name.replace("_", "-"): value for name, value in fields.items()}
    answer = sam.post(f"{NEW}/{kind}", data=sent | {"csrf": csrf(sam)})
    assert answer.status_code == 200, text(answer.text)
    page: str = answer.text
    return page


def give(sam: TestClient, kind: str, **fields: str) -> str:
    """The page after a form was sent and confirmed."""
    page = confirmed(sam, kind, **fields)
    answer = sam.post(f"{NEW}/{kind}", data=hidden(page) | {"step": "give"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HOME}?said=given"), text(answer.text)
    after: str = sam.get(answer.headers["location"]).text
    return after


def hill(house: House) -> str:
    return f"Organization/{house.world.other}"


def consents(house: House) -> list[tuple[str, int]]:
    return [(row[0], row[1]) for row in house.rows("SELECT id, version FROM resource WHERE type = 'Consent'")]


def part(page: str, heading: str) -> str:
    """The words between this heading and the next that has a name."""
    found = re.search(rf'id="{heading}">(.*?)(?=<h\d id=|</main>)', page, re.DOTALL)
    return text(found[1]) if found else ""


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


def test_what_she_leaves_out_is_not_seen(house: House, sam: TestClient) -> None:
    label = {"meta": {"security": [{"system": ACT_CODE, "code": "SDV"}]}}
    plain, hers = (created(house, observation(house.world.patient) | more)["id"] for more in ({}, label))
    page = give(sam, "sharing", who=hill(house), purpose_TREAT="yes", leave_violence="yes")
    assert "But: Hill Practice may not see anything about sexual assault and domestic violence" in part(page, "who-1")
    assert house.get(f"/fhir/Observation/{plain}", house.ehr).status_code == 200
    assert house.get(f"/fhir/Observation/{hers}", house.ehr).status_code == 404


@pytest.mark.parametrize(
    ("kind", "fields", "sentence"),
    [
        (
            "sharing",
            {"purpose-HRESCH": "yes", "level": "N"},
            "But: Hill Practice may not see anything that is restrict",
        ),
        ("sharing", {"purpose-TREAT": "yes", "level": "V"}, "Also: Hill Practice may see everything that is even very"),
        ("sharing", {"purpose-TREAT": "yes", "open-mind": "yes"}, "everything about psychotherapy notes"),
        ("sharing", {"purpose-TREAT": "yes", "open-substances": "yes"}, "substance use under 42 CFR Part 2"),
        ("training", {}, "Hill Practice may see everything that is at most restricted for training a model"),
        ("refusal", {}, "Hill Practice may not see anything for any purpose"),
        ("refusal", {"who": "*", "purpose-HMARKT": "yes"}, "Nobody may see anything for marketing"),
        ("refusal", {"about-genes": "yes"}, "Hill Practice may not see anything about genetic disease"),
        ("ai", {"answer": "no"}, "Nobody may let an AI process what is said and written"),
        ("ai", {"answer": "yes", "end": "2999-01-01"}, "Everybody may let an AI process what is said and written"),
    ],
)
def test_everything_that_can_be_chosen_is_recorded_as_it_is_told(
    house: House, sam: TestClient, kind: str, fields: dict[str, str], sentence: str
) -> None:
    assert sentence in part(give(sam, kind, **({"who": hill(house)} | fields)), "in-force")


def test_a_refusal_of_ai_turns_away_what_an_ai_sends(house: House, sam: TestClient) -> None:
    assert house.submit("before").status_code == 201
    page = give(sam, "ai", answer="no")
    assert "AI in your sessions" in page
    assert house.submit("after").status_code == 403


def test_a_person_can_be_kept_out_of_the_own_clinic(house: House, sam: TestClient) -> None:
    seen = f"/fhir/Observation/{created(house, observation(house.world.patient))['id']}"
    assert house.get(seen, house.colleague).status_code == 200
    assert "Min Lee may not see anything" in give(sam, "refusal", who=f"Practitioner/{house.world.lee}")
    assert house.get(seen, house.colleague).status_code == 404
    assert house.get(seen, house.clinician).status_code == 200


@pytest.mark.parametrize(
    ("kind", "fields", "field", "words"),
    [
        ("sharing", {"who": "", "purpose-TREAT": "yes"}, "who", "Choose somebody from the list."),
        ("sharing", {"who": "*", "purpose-TREAT": "yes"}, "who", "Choose somebody from the list."),
        ("sharing", {"who": "Organization/nowhere", "purpose-TREAT": "yes"}, "who", "Choose somebody from the list."),
        ("sharing", {}, "purposes", "one purpose at least"),
        ("sharing", {"purpose-TREAT": "yes", "level": "X"}, "level", "Choose how much."),
        ("sharing", {"purpose-TREAT": "yes", "start": "2026-02-30"}, "start", "no day of the calendar"),
        ("sharing", {"purpose-TREAT": "yes", "start": "2999-01-01"}, "start", "within five years"),
        ("sharing", {"purpose-TREAT": "yes", "end": "soon"}, "end", "no day of the calendar"),
        ("sharing", {"purpose-TREAT": "yes", "end": "{yesterday}"}, "end", "This day is over"),
        (
            "sharing",
            {"purpose-TREAT": "yes", "start": "{tomorrow}", "end": "{today}"},
            "end",
            "before the first day",
        ),
        (
            "sharing",
            {"purpose-TREAT": "yes", "open-mind": "yes", "leave-mind": "yes"},
            "open",
            "part of what you leave",
        ),
        ("sharing", {"purpose-TREAT": "yes", "open-mind": "yes", "level": "N"}, "open", "is sensitive"),
        ("sharing", {"purpose-BTG": "yes", "open-mind": "yes"}, "open", "Breaking the glass never opens"),
        ("ai", {}, "answer", "Choose yes or no."),
    ],
)
def test_a_fault_is_told_at_its_field_and_what_was_filled_in_stays(
    house: House, sam: TestClient, kind: str, fields: dict[str, str], field: str, words: str
) -> None:
    days = {"yesterday": day(house, -1), "today": day(house), "tomorrow": day(house, 1)}
    filled = {name: value.format(**days) for name, value in fields.items()}
    sent = {"who": hill(house), "leave-genes": "yes"} | filled | {"csrf": csrf(sam), "step": "give"}
    answer = sam.post(f"{NEW}/{kind}", data=sent)
    assert answer.status_code == 422
    fault = re.search(rf'id="{field}-fault">(.*?)</p>', answer.text)
    assert fault
    assert words in text(fault[1])
    assert f'href="#{field}"' in answer.text
    assert kind == "ai" or re.search(r'name="leave-genes" value="yes" checked', answer.text)
    assert consents(house) == []


def test_she_can_go_back_and_change_it(house: House, sam: TestClient) -> None:
    page = confirmed(sam, "sharing", who=hill(house), purpose_TREAT="yes", leave_mind="yes")
    answer = sam.post(f"{NEW}/sharing", data=hidden(page) | {"step": "change"})
    assert answer.status_code == 200
    assert f'value="{hill(house)}" selected' in answer.text
    assert 'name="leave-mind" value="yes" checked' in answer.text
    assert 'name="leave-genes" value="yes" checked' not in answer.text
    assert consents(house) == []


def test_a_later_consent_tells_which_one_it_takes_the_place_of(house: House, sam: TestClient) -> None:
    give(sam, "sharing", who=hill(house), purpose_TREAT="yes")
    later = confirmed(sam, "sharing", who=hill(house), purpose_TREAT="yes", leave_mind="yes")
    assert "It takes the place of what you decided before: Consent, " in text(later)
    other = confirmed(sam, "sharing", who=hill(house), purpose_HPAYMT="yes")
    assert "It takes the place of" not in text(other)
    page = give(sam, "sharing", who=hill(house), purpose_TREAT="yes", leave_mind="yes")
    assert "Replaced by a later one" in part(page, "replaced")
    assert "But: Hill Practice" in part(page, "in-force")


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
