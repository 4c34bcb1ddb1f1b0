"""Whose forms are believed, and what becomes of those that are not; under https, without a browser."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from gateway.api import pages
from gateway.api.middleware import RequestFrame
from gateway.fhir import profiles
from gateway.rules.access import ReviewerSight
from gateway.rules.consent_form import permit
from gateway.rules.review import State
from gateway.store import drafts
from gateway.usecases import consent, review
from gateway.usecases.signin import add_person
from tests.world import BASE, World, settle

LOGIN, PASSWORD = "grace", "the tide comes in slowly"
COOKIE = "__Host-gateway"
HER_WORDS = "Slept better since Tuesday."


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = settle(tmp_path_factory.mktemp("pages"), profiles.load(tmp_path_factory.mktemp("none")))
    for login, scopes in ((LOGIN, ["review"]), ("clerk", ["consent"])):
        add_person(
            made.services,
            login,
            PASSWORD,
            practitioner=made.grace,
            organization=made.clinic,
            scopes=scopes,
            purpose="TREAT",
        )
    yield made
    made.services.journal.stop()


@pytest.fixture(scope="module")
def app(world: World) -> FastAPI:
    made = FastAPI()
    made.state.services = world.services
    made.add_middleware(RequestFrame)
    made.include_router(pages.router)
    return made


def _browser(app: FastAPI, login: str | None = None) -> TestClient:
    """Something that sends forms as a browser does."""
    made = TestClient(app, base_url=BASE, headers={"Origin": BASE}, follow_redirects=False)
    if login:
        answer = made.post("/pages/sign-in", data={"login": login, "password": PASSWORD, "next": ""})
        assert answer.status_code == 303
        assert re.fullmatch(
            rf"{COOKIE}=[\w-]+; HttpOnly; Path=/; SameSite=strict; Secure", answer.headers["set-cookie"]
        )
    return made


@pytest.fixture(scope="module")
def browser(app: FastAPI) -> TestClient:
    return _browser(app, LOGIN)


@pytest.fixture
def draft(world: World) -> Iterator[str]:
    receipt = world.submitted(context=world.context(session=str(world.rows("draft"))))
    yield world.draft_of(receipt)


def _fields(browser: TestClient, draft: str) -> dict[str, str]:
    text = browser.get(f"/pages/reviews/{draft}").text
    return {name: re.findall(f'name="{name}" value="([0-9a-f]+)"', text)[-1] for name in ("csrf", "digest")}


def _state(world: World, draft: str) -> State:
    with world.services.database.read() as db:
        found = drafts.read(db, ReviewerSight(world.clinic), draft)
    assert found
    return found.state


def test_an_approval_binds_the_text_on_the_screen(browser: TestClient, world: World, draft: str) -> None:
    fields = _fields(browser, draft)
    answer = browser.post(f"/pages/reviews/{draft}/approve", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/pages/reviews/{draft}/approved")
    assert _state(world, draft) is State.APPROVED
    again = browser.post(f"/pages/reviews/{draft}/approve", data=fields)
    assert again.status_code == 303


@pytest.mark.parametrize(
    ("change", "status"),
    [({"digest": "0" * 64}, 412), ({"digest": ""}, 400), ({"csrf": "0" * 64}, 403), ({"csrf": ""}, 403)],
)
def test_another_text_or_another_session_approves_nothing(
    browser: TestClient, world: World, draft: str, change: dict[str, str], status: int
) -> None:
    fields, recorded = _fields(browser, draft) | change, world.rows("audit")
    answer = browser.post(f"/pages/reviews/{draft}/approve", data=fields)
    assert (answer.status_code, _state(world, draft)) == (status, State.PENDING)
    assert (world.rows("audit") > recorded) is (status != 400)
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_sent_from_elsewhere_approves_nothing(
    browser: TestClient, world: World, draft: str, headers: dict[str, str]
) -> None:
    answer = browser.post(f"/pages/reviews/{draft}/approve", data=_fields(browser, draft), headers=headers)
    assert (answer.status_code, _state(world, draft)) == (403, State.PENDING)


def test_the_bearer_header_opens_no_page_and_the_cookie_is_no_bearer(app: FastAPI, browser: TestClient) -> None:
    token = browser.cookies[COOKIE]
    answer = _browser(app).get("/pages/reviews", headers={"Authorization": f"Bearer {token}"})
    assert answer.headers["location"] == "/pages/sign-in?next=/pages/reviews"


def test_what_was_typed_survives_an_ended_session(app: FastAPI, draft: str) -> None:
    ended = _browser(app)
    answer = ended.post(f"/pages/reviews/{draft}/edit", data={"csrf": "x", "digest": "x", "add-c1": HER_WORDS})
    assert answer.status_code == 401
    assert "You were signed out" in answer.text
    assert HER_WORDS in answer.text


def test_somebody_without_the_right_to_review_sees_nothing(app: FastAPI, draft: str) -> None:
    answer = _browser(app, "clerk").get(f"/pages/reviews/{draft}")
    assert answer.status_code == 403
    assert "Sleeps five hours" not in answer.text


@pytest.mark.parametrize("verb", ["return", "reject"])
def test_a_decision_against_needs_a_reason(browser: TestClient, world: World, draft: str, verb: str) -> None:
    for reason in (" \n ", "x" * 2001):
        answer = browser.post(f"/pages/reviews/{draft}/{verb}", data=_fields(browser, draft) | {"reason": reason})
        assert (answer.status_code, _state(world, draft)) == (400, State.PENDING)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"a=" + b"x" * (1 << 20), 413), (b"csrf=%ff", 400), ("csrf=é".encode(), 400), (b"a&" * 5000, 400)],
)
def test_a_form_no_browser_would_send_is_refused(browser: TestClient, draft: str, body: bytes, status: int) -> None:
    answer = browser.post(f"/pages/reviews/{draft}/approve", content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")


def test_a_fault_of_ours_is_a_page_that_tells_nothing(
    browser: TestClient, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = _fields(browser, draft)

    def broken(*_: object) -> None:
        raise RuntimeError("Sleeps five hours a night.")

    monkeypatch.setattr(review, "approve", broken)
    answer = browser.post(f"/pages/reviews/{draft}/approve", data=fields)
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert "five hours" not in answer.text


def test_an_edit_that_changes_nothing_makes_no_revision(browser: TestClient, world: World, draft: str) -> None:
    before = world.rows("draft_revision")
    page = browser.get(f"/pages/reviews/{draft}/edit").text
    answer = browser.post(f"/pages/reviews/{draft}/edit", data=_fields(browser, draft) | _typed(page))
    assert (answer.status_code, world.rows("draft_revision")) == (303, before)


def test_the_protection_is_chosen_on_the_page_and_lowered_with_a_reason_only(
    browser: TestClient, world: World, draft: str
) -> None:
    address, before = f"/pages/reviews/{draft}/protection", world.rows("draft_revision")
    lower = {"confidentiality": "N", "label-MH": "yes"}
    assert browser.post(address, data=_fields(browser, draft) | lower).status_code == 422
    assert world.rows("draft_revision") == before
    assert browser.post(address, data=_fields(browser, draft) | lower | {"reason": "A reminder."}).status_code == 303
    shown = browser.get(f"/pages/reviews/{draft}").text
    assert "How it is protected: Normal: Mental health" in shown
    assert "A reminder." in shown
    same = _fields(browser, draft) | lower
    assert (browser.post(address, data=same).status_code, world.rows("draft_revision")) == (303, before + 1)


def _typed(page: str) -> dict[str, str]:
    """The text fields as a browser would send them back: unescaped, line breaks as CR LF."""
    found = re.findall(r'<textarea class="words" id="(text-[\w-]+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found
    return {name: html.unescape(text).replace("\n", "\r\n") for name, text in found}


def test_the_latest_decision_stands_first_and_the_longest_wait_too(browser: TestClient, world: World) -> None:
    first, second = (world.draft_of(world.submitted(context=world.context(session=name))) for name in ("one", "two"))
    waiting = browser.get("/pages/reviews").text
    assert waiting.index(first) < waiting.index(second)
    for draft in (first, second):
        browser.post(f"/pages/reviews/{draft}/reject", data=_fields(browser, draft) | {"reason": "Not hers."})
    rejected = browser.get("/pages/reviews?state=rejected").text
    assert rejected.index(second) < rejected.index(first)


def test_who_can_see_it_follows_the_consent_as_it_stands(browser: TestClient, world: World, draft: str) -> None:
    browser.post(f"/pages/reviews/{draft}/approve", data=_fields(browser, draft))
    page = f"/pages/reviews/{draft}/approved"
    assert "Nobody else yet" in browser.get(page).text
    given = consent.grant(world.services, world.reviewer, permit(world.patient, world.other, "TREAT", "2026-01-01"))
    assert "Hill Practice, for treatment, under the patient’s consent." in browser.get(page).text
    consent.revoke(world.services, world.reviewer, given.id)
    assert "Nobody else yet" in browser.get(page).text


def test_the_model_card_the_prompt_and_what_was_left_out_are_told(browser: TestClient, draft: str) -> None:
    told = browser.get(f"/pages/reviews/{draft}").text
    for words in ("Card of Scribe 2.3.1", "Summarise the session.", "Prompt, version 14", "JobName: "):
        assert words in told
