"""A patient says what is wrong, a clinician decides, she disagrees; each in a browser of her own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENT_LOGIN, opened, sign_in, tabbed_to
from tests.browser.house import House
from tests.browser.test_access import CONTRAST

MINE, THEIRS = "/pages/my-record/corrections", "/pages/corrections"
GOAL = "To fall asleep within half an hour"
WRONG, RIGHT = "I said an hour, not half of one.", "To fall asleep within an hour"


@pytest.fixture
def hers(chromium: Browser, house: House) -> Iterator[Page]:
    """The patient's browser."""
    with opened(chromium, house) as page:
        sign_in(page, login=PATIENT_LOGIN)
        expect(page.get_by_role("heading", level=1)).to_contain_text("My record")
        yield page


def approved_goal(page: Page, house: House) -> None:
    few = dict.fromkeys(("homework", "homeworkResults", "questionnaires", "moods", "journal", "themes", "risks"))
    plan = {"title": "Sleep", "goals": [{"text": GOAL}]}
    page.goto(f"/pages/reviews/{house.products(**few, summary=None, interventions=None, carePlan=plan)}")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Approved", exact=True)).to_be_visible()


def asked(hers: Page, words: str) -> None:
    hers.goto("/pages/my-record")
    hers.get_by_role("link", name="Something is wrong").click()
    hers.get_by_role("link", name="Ask for a correction").click()
    hers.get_by_role("link", name=GOAL).first.click()
    hers.get_by_role("button", name="Send it to my clinic").click()
    expect(hers.get_by_role("alert")).to_contain_text("Write what is wrong.")
    hers.get_by_label("What is wrong, and how it should read").fill(words)
    hers.get_by_role("button", name="Send it to my clinic").click()
    expect(hers.get_by_role("status")).to_contain_text("Your clinic has it.")
    expect(hers.locator(".letter").first).to_contain_text(words)
    expect(hers.get_by_text("59 days left").first).to_be_visible()


def opened_by_clinician(page: Page, words: str) -> None:
    page.goto(THEIRS)
    page.locator("a.row").filter(has_text="Mara Quillfeather").last.click()
    expect(page.get_by_role("region", name="What was said")).to_contain_text(words)


def test_the_patient_asks_and_the_clinician_puts_it_right(signed_in: Page, hers: Page, house: House) -> None:
    approved_goal(signed_in, house)
    asked(hers, WRONG)
    opened_by_clinician(signed_in, WRONG)
    signed_in.get_by_label("In part").check()
    signed_in.get_by_label("Why, in words that the patient reads").fill("You are right.")
    signed_in.get_by_role("button", name="Decide").click()
    signed_in.get_by_role("alert").get_by_role("link", name="Change what is wrong").click()
    expect(signed_in.get_by_label("In part")).to_be_checked()
    expect(signed_in.get_by_label("Why, in words")).to_have_value("You are right.")
    signed_in.get_by_label("Goal", exact=True).fill(RIGHT)
    signed_in.get_by_role("button", name="Decide").click()
    expect(signed_in.get_by_role("status")).to_contain_text("It is decided")
    hers.goto(MINE)
    expect(hers.get_by_text("Put right in part").first).to_be_visible()
    expect(hers.get_by_text("You are right.").first).to_be_visible()


def test_a_denial_is_disagreed_with_by_keyboard(signed_in: Page, hers: Page, house: House) -> None:
    approved_goal(signed_in, house)
    asked(hers, "This is not my goal.")
    opened_by_clinician(signed_in, "This is not my goal.")
    for target, press in (("No: what is there", "Space"), ("Why, in words", None)):
        tabbed_to(signed_in, signed_in.get_by_label(target), arrows=True)
        signed_in.keyboard.press(press) if press else signed_in.keyboard.type("We wrote it down together.")
    tabbed_to(signed_in, signed_in.get_by_role("button", name="Decide"))
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("status")).to_contain_text("It is decided")
    hers.goto(MINE)
    hers.get_by_text("I disagree").first.click()
    hers.get_by_label("Your words.").first.fill("We did not.")
    hers.get_by_role("button", name="Keep my disagreement").first.click()
    expect(hers.get_by_role("status")).to_contain_text("kept with the record")
    expect(hers.locator(".letter").filter(has_text="We did not.")).to_be_visible()


def test_a_decision_on_what_was_taken_back_meanwhile_keeps_the_words(signed_in: Page, hers: Page, house: House) -> None:
    approved_goal(signed_in, house)
    asked(hers, "Please look again.")
    opened_by_clinician(signed_in, "Please look again.")
    hers.get_by_role("button", name="Take it back").first.click()
    expect(hers.get_by_role("status")).to_contain_text("It is taken back.")
    signed_in.get_by_label("No: what is there").check()
    signed_in.get_by_label("Why, in words").fill("It is as you said.")
    signed_in.get_by_role("button", name="Decide").click()
    expect(signed_in.get_by_role("alert")).to_contain_text("Somebody dealt with this while you were reading.")
    expect(signed_in.locator(".kept")).to_contain_text("It is as you said.")


def test_her_pages_fit_a_phone(signed_in: Page, hers: Page, house: House) -> None:
    approved_goal(signed_in, house)
    asked(hers, "On a phone.")
    opened_by_clinician(signed_in, "On a phone.")
    pages = [(hers, MINE), (hers, f"{MINE}/new"), (hers, f"{MINE}/new?about=other")]
    for page, address in [*pages, (signed_in, THEIRS), (signed_in, signed_in.url)]:
        page.set_viewport_size({"width": 375, "height": 667})
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_can_be_read_by_day_and_by_night(signed_in: Page, hers: Page, house: House, scheme: str) -> None:
    for page in (hers, signed_in):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    words = f"To be read when it is {scheme}."
    approved_goal(signed_in, house)
    asked(hers, words)
    opened_by_clinician(signed_in, words)
    waiting = signed_in.url
    for page, address in [(hers, MINE), (hers, f"{MINE}/new"), (signed_in, THEIRS), (signed_in, waiting)]:
        page.goto(address)
        page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
        assert page.evaluate(CONTRAST) == []
    for page, address, button in (
        (hers, f"{MINE}/new?about=other", "Send it to my clinic"),
        (signed_in, waiting, "Decide"),
    ):
        page.goto(address)
        assert page.evaluate(CONTRAST) == []
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert page.evaluate(CONTRAST) == []
    signed_in.get_by_label("No: what is there").check()
    signed_in.get_by_label("Why, in words").fill("We have looked at it.")
    signed_in.get_by_role("button", name="Decide").click()
    expect(signed_in.get_by_role("status")).to_contain_text("It is decided")
    hers.goto(MINE)
    hers.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    assert hers.evaluate(CONTRAST) == []


def test_her_fields_have_names_and_headings_go_down_step_by_step(signed_in: Page, hers: Page, house: House) -> None:
    approved_goal(signed_in, house)
    asked(hers, "Look at the headings.")
    unnamed = "all => all.filter(f => f.type !== 'hidden' && !(f.labels && f.labels.length)).length"
    for address in (MINE, f"{MINE}/new", f"{MINE}/new?about=other"):
        hers.goto(address)
        assert hers.locator("input, textarea").evaluate_all(unnamed) == 0
        levels = hers.locator("h1, h2, h3, h4").evaluate_all("all => all.map(h => Number(h.tagName[1]))")
        assert levels[0] == 1
        assert all(later - former <= 1 for former, later in pairwise(levels))
