"""A patient decides on her pages: what can be chosen, what it would mean, what is at fault; as a browser would."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from tests.api.pages.deciding import NEW, confirmed, consents, csrf, day, give, hidden, hill, part
from tests.browsing import text
from tests.house import House
from tests.writers import created, observation

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


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
