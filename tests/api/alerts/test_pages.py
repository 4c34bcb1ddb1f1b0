"""The page of alerts: what waits, the acknowledgement, the flag, and the word of it in the inbox."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.alarms import alarm, queue
from tests.house import PASSWORD, House
from tests.world import BASE


def signed_in(house: House, login: str) -> TestClient:
    browser = TestClient(house.http.app, base_url=BASE, headers={"Origin": BASE})  # type: ignore[attr-defined]
    answer = browser.post("/pages/sign-in", data={"login": login, "password": PASSWORD, "next": ""})
    assert answer.status_code == 200
    return browser


@pytest.fixture
def browser(house: House) -> Iterator[TestClient]:
    yield signed_in(house, "grace")


def csrf(browser: TestClient) -> str:
    return str(re.findall(r'name="csrf" value="([0-9a-f]+)"', browser.get("/pages/alerts").text)[-1])


def test_the_inbox_tells_that_an_alert_waits(house: House, browser: TestClient) -> None:
    assert "Something that came in tells of a risk." not in browser.get("/pages/reviews").text
    alarm(house)
    assert "1 alert waits" in browser.get("/pages/reviews").text
    alarm(house)
    assert "2 alerts wait" in browser.get("/pages/reviews").text


def test_an_alert_says_what_was_found_in_whose_record(house: House, browser: TestClient) -> None:
    alert = alarm(house)
    text = browser.get("/pages/alerts").text
    assert "Sam Rivers" in text and "Item 9 of the PHQ" in text and "Found in the record: " in text
    assert alert["source"] not in text


def test_an_acknowledged_alert_waits_no_more_and_names_who_has_seen_it(house: House, browser: TestClient) -> None:
    alert = alarm(house)
    said = browser.post(f"/pages/alerts/{alert['id']}/acknowledge", data={"csrf": csrf(browser)}).text
    assert "Acknowledged. Nobody is told" in said and "No alert waits" in said
    assert "Acknowledged by Grace Okafor" in browser.get("/pages/alerts?state=acknowledged").text


def test_a_flag_is_made_in_the_clinicians_words(house: House, browser: TestClient) -> None:
    alert = alarm(house)
    words = "Thoughts of death <on the bridge>"
    data = {"csrf": csrf(browser), "words": words}
    said = browser.post(f"/pages/alerts/{alert['id']}/flag", data=data).text
    (heard,) = queue(house, state="acknowledged")
    assert "The flag is in the patient’s record." in said and "A flag in the patient’s record tells of it." in said
    assert house.get(f"/fhir/{heard['flag']}", house.own_ehr).json()["code"]["text"] == words


@pytest.mark.parametrize("words", ["", "   ", "x" * 501])
def test_a_flag_without_words_is_not_made(house: House, browser: TestClient, words: str) -> None:
    alert = alarm(house)
    answer = browser.post(f"/pages/alerts/{alert['id']}/flag", data={"csrf": csrf(browser), "words": words})
    assert answer.status_code == 422 and "Error: " in answer.text and words.strip() in answer.text
    assert queue(house)[0]["flag"] is None


@pytest.mark.parametrize("step", ["acknowledge", "flag"])
def test_a_form_from_elsewhere_does_nothing(house: House, browser: TestClient, step: str) -> None:
    alert, proof = alarm(house), csrf(browser)
    for data, origin in (({"words": "x"}, BASE), ({"csrf": proof, "words": "x"}, "https://elsewhere.example")):
        answer = browser.post(f"/pages/alerts/{alert['id']}/{step}", data=data, headers={"Origin": origin})
        assert answer.status_code == 403
    assert [each["id"] for each in queue(house)] == [alert["id"]]


def test_a_patient_sees_no_page_of_alerts(house: House) -> None:
    alarm(house)
    assert signed_in(house, "sam").get("/pages/alerts").status_code == 403
