"""A sentence of a note that is wrong: the patient says so, the clinician takes longer, then puts it right."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import tabbed_to
from tests.browser.house import House
from tests.browser.test_access import CONTRAST
from tests.browser.test_corrections import MINE, hers, opened_by_clinician

__all__ = ["hers"]
RIGHT = "Five nights out of seven, she says now."


def asked_about_a_note(signed_in: Page, hers: Page, house: House, words: str) -> None:
    signed_in.goto(f"/pages/reviews/{house.draft()}")
    signed_in.get_by_role("button", name="Approve").click()
    expect(signed_in.get_by_role("heading", name="Approved", exact=True)).to_be_visible()
    hers.goto(f"{MINE}/new")
    hers.locator("a.row").filter(has_text="Document of").first.click()
    hers.get_by_label("What is wrong, and how it should read").fill(words)
    hers.get_by_role("button", name="Send it to my clinic").click()
    opened_by_clinician(signed_in, words)


def test_time_is_taken_and_a_sentence_put_right_by_keyboard(signed_in: Page, hers: Page, house: House) -> None:
    asked_about_a_note(signed_in, hers, house, "It was five nights, not four.")
    tabbed_to(signed_in, signed_in.get_by_text("It takes longer than sixty days"))
    signed_in.keyboard.press("Enter")
    signed_in.get_by_role("button", name="Take longer").click()
    expect(signed_in.get_by_role("alert").first).to_contain_text("Write a few words")
    signed_in.get_by_label("Why it takes longer").fill("We listen to the recording first.")
    signed_in.get_by_role("button", name="Take longer").click()
    expect(signed_in.get_by_role("status")).to_contain_text("why it takes longer")
    opened_by_clinician(signed_in, "We listen to the recording first.")
    expect(signed_in.get_by_text("which is later than usual")).to_be_visible()
    signed_in.get_by_label("Yes: it is put right").check()
    signed_in.get_by_label("Sentence 1,").fill(RIGHT)
    signed_in.get_by_label("Why, in words that the patient reads").fill("You are right.")
    signed_in.get_by_role("button", name="Decide").click()
    expect(signed_in.get_by_role("status")).to_contain_text("It is decided")
    hers.goto(MINE)
    expect(hers.get_by_text("Put right").first).to_be_visible()
    hers.goto(f"{MINE}/new")
    hers.locator("a.row").filter(has_text="Document of").first.click()
    expect(hers.get_by_text(RIGHT).first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_page_can_be_read_by_day_by_night_and_on_a_phone(
    signed_in: Page, hers: Page, house: House, scheme: str
) -> None:
    signed_in.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    asked_about_a_note(signed_in, hers, house, f"Not what I said when it was {scheme}.")
    signed_in.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    assert signed_in.evaluate(CONTRAST) == []
    signed_in.get_by_label("Why it takes longer").fill(" ")
    signed_in.get_by_role("button", name="Take longer").click()
    expect(signed_in.get_by_role("alert").first).to_be_visible()
    assert signed_in.evaluate(CONTRAST) == []
    signed_in.set_viewport_size({"width": 375, "height": 667})
    assert signed_in.evaluate("document.documentElement.scrollWidth") <= 375
