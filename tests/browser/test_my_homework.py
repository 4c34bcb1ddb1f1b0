"""A patient says how her homework goes, in a browser of her own: taken on, done, not done; with every kind of eyes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Locator, Page, StorageState, expect

from tests.browser.conftest import PATIENT_LOGIN, opened, sign_in, tabbed_to
from tests.browser.house import House
from tests.browser.test_access import CONTRAST

RECORD, HOME = "/pages/my-record", "/pages/my-record/homework"
TITLE, TASK = "Three quiet breaths", "Each evening, before you turn off the light."


@pytest.fixture(scope="module")
def her_ticket(chromium: Browser, house: House) -> StorageState:
    with opened(chromium, house) as page:
        sign_in(page, login=PATIENT_LOGIN)
        expect(page.get_by_role("heading", level=1)).to_contain_text("My record")
        return page.context.storage_state()


@pytest.fixture
def hers(chromium: Browser, house: House, her_ticket: StorageState) -> Iterator[Page]:
    with opened(chromium, house, her_ticket) as page:
        yield page


@pytest.fixture
def assigned(signed_in: Page, house: House) -> None:
    """Homework that the clinician has approved, the latest of all."""
    none = ("carePlan", "homeworkResults", "questionnaires", "moods", "journal", "themes", "risks", "interventions")
    assignment = {
        "title": TITLE,
        "instructions": TASK,
        "due": "2999-01-31",
        "schedule": "Once a day",
        "materials": [{"title": "How to breathe", "url": "https://example.org/breathing"}],
    }
    draft = house.products(**dict.fromkeys(none), summary=None, homework=[assignment])
    signed_in.goto(f"/pages/reviews/{draft}")
    signed_in.get_by_role("button", name="Approve").click()
    expect(signed_in.get_by_role("heading", name="Approved", exact=True)).to_be_visible()


def latest(page: Page, part: str = "To do") -> Locator:
    """The piece of homework that was assigned last."""
    return page.get_by_role("region", name=part).get_by_role("listitem").filter(has=page.get_by_role("heading")).first


def said(page: Page) -> None:
    expect(page.get_by_role("status")).to_contain_text("your clinic can read it")


@pytest.mark.usefixtures("assigned")
def test_she_takes_it_on_begins_and_completes_it(hers: Page) -> None:
    hers.goto(RECORD)
    hers.get_by_role("link", name="My homework").click()
    expect(latest(hers)).to_contain_text(TASK)
    expect(latest(hers)).to_contain_text("31 January 2999")
    expect(latest(hers).get_by_role("link", name="How to breathe")).to_be_visible()
    latest(hers).get_by_role("button", name="I will do it").click()
    said(hers)
    latest(hers).get_by_role("button", name="I have begun").click()
    said(hers)
    expect(latest(hers).locator(".mark")).to_have_text("Begun")
    latest(hers).get_by_label("A note, if you like").fill("Easier than I thought.")
    latest(hers).get_by_role("button", name="I have done it").click()
    said(hers)
    over = latest(hers, "Over")
    expect(over.get_by_role("list", name="How it went so far")).to_contain_text("Begun")
    expect(over.locator(".letter")).to_contain_text("Easier than I thought.")
    over.get_by_text("Add a note").click()
    over.get_by_label("Something to add").fill("And again.")
    over.get_by_role("button", name="Keep the note alone").click()
    said(hers)
    expect(latest(hers, "Over").locator(".letter").last).to_contain_text("And again.")


@pytest.mark.usefixtures("assigned")
def test_what_did_not_work_out_is_told_by_keyboard_alone(hers: Page) -> None:
    hers.goto(HOME)
    tabbed_to(hers, latest(hers).get_by_role("button", name="I will do it"))
    hers.keyboard.press("Enter")
    said(hers)
    tabbed_to(hers, latest(hers).get_by_label("A note, if you like"))
    hers.keyboard.type("I fell asleep at once.")
    tabbed_to(hers, latest(hers).get_by_role("button", name="It did not work out"))
    hers.keyboard.press("Enter")
    said(hers)
    expect(latest(hers, "Over")).to_contain_text("I fell asleep at once.")


@pytest.mark.usefixtures("assigned")
def test_the_clinician_reads_how_it_goes_and_calls_it_off(hers: Page, signed_in: Page) -> None:
    hers.goto(HOME)
    latest(hers).get_by_label("A note, if you like").fill("It makes me sad.")
    latest(hers).get_by_role("button", name="I will do it").click()
    said(hers)
    signed_in.goto("/pages/reviews")
    signed_in.get_by_role("navigation", name="Work").get_by_role("link", name="Homework").click()
    piece = signed_in.get_by_role("listitem").filter(has=signed_in.get_by_role("heading", name=TITLE)).first
    expect(piece).to_contain_text("Mara Quillfeather")
    expect(piece.locator(".letter")).to_contain_text("It makes me sad.")
    piece.get_by_text("Call it off").first.click()
    piece.get_by_role("button", name="Call it off").click()
    expect(piece.get_by_role("alert")).to_contain_text("Write a few words")
    assert signed_in.evaluate(CONTRAST) == []
    piece.get_by_label("Why, in words that the patient reads").fill("We look for something lighter.")
    piece.get_by_role("button", name="Call it off").click()
    expect(signed_in.get_by_role("status")).to_contain_text("It is called off")
    hers.goto(HOME)
    expect(latest(hers, "Over")).to_contain_text("We look for something lighter.")


@pytest.mark.usefixtures("assigned")
def test_nothing_written_is_told_at_the_field_and_two_windows_do_not_overwrite_each_other(hers: Page) -> None:
    hers.goto(HOME)
    latest(hers).get_by_role("button", name="Keep the note alone").click()
    expect(hers.get_by_role("alert")).to_be_focused()
    hers.get_by_role("alert").get_by_role("link", name="Write a few words").click()
    expect(latest(hers).get_by_label("A note, if you like")).to_be_focused()
    other = hers.context.new_page()
    other.goto(HOME)
    latest(other).get_by_role("button", name="I will do it").click()
    said(other)
    latest(hers).get_by_label("A note, if you like").fill("Not for me.")
    latest(hers).get_by_role("button", name="I will not do it").click()
    expect(hers.get_by_role("alert")).to_contain_text("This changed while you were reading")
    expect(latest(hers).get_by_label("A note, if you like")).to_have_value("Not for me.")
    expect(latest(hers).locator(".mark")).to_have_text("Taken on")


@pytest.mark.usefixtures("assigned")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_by_day_and_by_night(hers: Page, scheme: str) -> None:
    hers.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    hers.goto(HOME)
    assert hers.evaluate(CONTRAST) == []
    latest(hers).get_by_role("button", name="Keep the note alone").click()
    expect(hers.get_by_role("alert")).to_be_visible()
    assert hers.evaluate(CONTRAST) == []
    latest(hers).get_by_label("A note, if you like").fill("So it was.")
    latest(hers).get_by_role("button", name="I have done it").click()
    said(hers)
    hers.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    assert hers.evaluate(CONTRAST) == []


@pytest.mark.usefixtures("assigned")
@pytest.mark.parametrize("width", [320, 375, 768])
def test_it_fits_a_phone_and_400_percent(hers: Page, width: int) -> None:
    hers.set_viewport_size({"width": width, "height": 640})
    hers.goto(HOME)
    hers.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    assert hers.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.usefixtures("assigned")
def test_every_field_and_every_button_has_a_name_of_its_own_and_headings_go_down_step_by_step(hers: Page) -> None:
    hers.goto(HOME)
    unnamed = "all => all.filter(f => f.type !== 'hidden' && !(f.labels && f.labels.length)).length"
    assert hers.locator("input, textarea").evaluate_all(unnamed) == 0
    assert latest(hers).get_by_role("button", name=f"I will do it ({TITLE})", exact=True).count() == 1
    assert latest(hers).get_by_role("textbox", name=f"A note, if you like ({TITLE})", exact=True).count() == 1
    levels = hers.locator("h1, h2, h3, h4").evaluate_all("all => all.map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(later - former <= 1 for former, later in pairwise(levels))
