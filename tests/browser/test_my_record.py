"""A patient at home: who can see what of hers; a consent given, understood, taken back; with every kind of eyes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.conftest import PATIENT_LOGIN, opened, sign_in
from tests.browser.house import House
from tests.browser.test_access import CONTRAST

HOME = "/pages/my-record"
PAGES = (HOME, *(f"{HOME}/new/{kind}" for kind in ("sharing", "refusal", "ai", "training")))


@pytest.fixture(scope="module")
def her_ticket(chromium: Browser, house: House) -> StorageState:
    with opened(chromium, house) as page:
        sign_in(page, login=PATIENT_LOGIN)
        expect(page.get_by_role("heading", level=1)).to_have_text("My record: who can see what, and why")
        return page.context.storage_state()


@pytest.fixture
def hers(chromium: Browser, house: House, her_ticket: StorageState) -> Iterator[Page]:
    with opened(chromium, house, her_ticket) as page:
        page.goto(HOME)
        yield page


def test_she_gives_a_consent_reads_what_it_means_and_takes_it_back(hers: Page) -> None:
    today = datetime.now(UTC).date()
    hers.get_by_role("link", name="Let somebody see my record").click()
    hers.get_by_label("Who?").select_option("Hill Practice")
    hers.get_by_label("Last day").fill("2999-01-31")
    hers.get_by_label("Mental health").check()
    hers.get_by_role("button", name="Go on").click()

    expect(hers.get_by_role("alert")).to_contain_text("What for: Choose one purpose at least.")
    expect(hers.get_by_label("Mental health")).to_be_checked()
    hers.get_by_label("Treating me With all").check()
    hers.get_by_role("button", name="Go on").click()

    sentence = (
        f"Hill Practice may see everything that is at most restricted for treatment, from {today} until 2999-01-31."
    )
    expect(hers.get_by_role("heading", name="Is this what you want?")).to_be_visible()
    expect(hers.get_by_text(sentence)).to_be_visible()
    hers.get_by_role("button", name="Yes, record it").click()

    expect(hers.get_by_role("status")).to_contain_text("Your decision is recorded.")
    seen_by = hers.get_by_role("region", name="Hill Practice")
    expect(seen_by).to_contain_text(sentence)
    expect(seen_by).to_contain_text("But: Hill Practice may not see anything about")
    seen_by.get_by_role("link", name="consent of").first.click()
    in_force = hers.get_by_role("region", name="In force")
    expect(in_force).to_contain_text("until 31 January 2999")

    in_force.get_by_role("link", name="Take back").click()
    expect(hers.get_by_text("Nobody sees anything by it from then on.")).to_be_visible()
    hers.get_by_role("button", name="Yes, take it back").click()
    expect(hers.get_by_role("status")).to_contain_text("It is taken back")
    expect(hers.get_by_role("region", name="Past")).to_contain_text(sentence)
    expect(hers.get_by_role("region", name="Hill Practice")).to_have_count(0)


def test_the_reviews_are_not_hers_and_she_signs_out_like_everybody(page: Page, house: House) -> None:
    draft = house.draft()
    page.goto("/pages/sign-in")
    sign_in(page, login=PATIENT_LOGIN, stay=True)
    page.goto(f"/pages/reviews/{draft}")
    expect(page.get_by_role("heading", name="That was not allowed")).to_be_visible()
    page.get_by_role("link", name="To my record").click()
    expect(page.get_by_role("heading", name="Right now")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto(HOME)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_refusal_of_ai_is_given_by_keyboard_alone(hers: Page) -> None:
    hers.goto(f"{HOME}/new/ai")
    hers.get_by_label("No, no AI may process it").focus()
    hers.keyboard.press("Space")
    hers.keyboard.press("Enter")
    give = hers.get_by_role("button", name="Yes, record it")
    expect(give).to_be_visible()
    for _ in range(8):
        hers.keyboard.press("Tab")
        if give.evaluate("button => button === document.activeElement"):
            break
    expect(give).to_be_focused()
    hers.keyboard.press("Enter")
    expect(hers.get_by_role("region", name="AI in your sessions")).to_contain_text("Nobody may let an AI process")
    hers.get_by_role("link", name="Take back Refusal of AI").click()
    hers.get_by_role("button", name="Yes, take it back").click()
    expect(hers.get_by_role("region", name="Past")).to_contain_text("Refusal of AI")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_her_pages_can_be_read_by_day_and_by_night(hers: Page, scheme: str) -> None:
    hers.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for address in PAGES:
        hers.goto(address)
        assert hers.evaluate(CONTRAST) == []
    hers.get_by_role("button", name="Go on").click()
    expect(hers.get_by_role("alert")).to_be_focused()
    assert hers.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [320, 768])
def test_her_pages_fit_a_phone_and_400_percent(hers: Page, width: int) -> None:
    hers.set_viewport_size({"width": width, "height": 640})
    for address in PAGES:
        hers.goto(address)
        assert hers.evaluate("document.documentElement.scrollWidth") <= width


def test_every_field_of_hers_has_a_name_and_headings_go_down_step_by_step(hers: Page) -> None:
    unnamed = "all => all.filter(f => f.type !== 'hidden' && !(f.labels && f.labels.length)).length"
    for address in PAGES:
        hers.goto(address)
        assert hers.locator("input, select").evaluate_all(unnamed) == 0
        levels = hers.locator("h1, h2, h3, h4").evaluate_all("all => all.map(h => Number(h.tagName[1]))")
        assert levels[0] == 1
        assert all(later - former <= 1 for former, later in pairwise(levels))
        groups = hers.locator("fieldset").evaluate_all("all => all.filter(f => !f.querySelector('legend')).length")
        assert groups == 0
