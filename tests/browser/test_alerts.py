"""What tells of a risk, from the inbox to the flag, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import tabbed_to
from tests.browser.house import House

ITEM_9 = "Item 9 of the PHQ"
WORDS = "Speaks of a wish to be dead. Safety plan made on 14 March."


def raised(page: Page, house: House, given: str) -> Locator:
    """The alert on item 9 of a patient of that name, on the page of alerts."""
    house.products(house.patient("Vale", given))
    page.goto("/pages/alerts")
    return page.locator("li.alarm").filter(has_text=f"{given} Vale").filter(has_text=ITEM_9)


def test_the_inbox_leads_to_what_waits_and_it_is_acknowledged(signed_in: Page, house: House) -> None:
    raised(signed_in, house, "Iris")
    signed_in.goto("/pages/reviews")
    signed_in.locator(".alarms").get_by_role("link").click()
    alert = signed_in.locator("li.alarm").filter(has_text="Iris Vale").filter(has_text=ITEM_9)
    alert.get_by_role("link", name="Read where it was found").click()
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Iris Vale")
    signed_in.go_back()
    alert.get_by_role("button", name="I have seen this").click()
    expect(signed_in.get_by_role("status")).to_contain_text("Acknowledged.")
    expect(alert).to_have_count(0)
    signed_in.get_by_role("link", name="Seen", exact=True).click()
    expect(alert).to_contain_text("Acknowledged by Ada Lindqvist")


def test_a_flag_needs_words_and_is_raised_with_them(signed_in: Page, house: House) -> None:
    alert = raised(signed_in, house, "Noor")
    alert.get_by_text("Flag the patient’s record").click()
    alert.get_by_role("button", name="Raise the flag").click()
    expect(alert.get_by_role("alert")).to_contain_text("Write a few words.")
    alert.get_by_label("What colleagues shall know").fill(WORDS)
    alert.get_by_role("button", name="Raise the flag").click()
    expect(signed_in.get_by_role("status")).to_contain_text("The flag is in the patient’s record.")
    expect(alert).to_contain_text("A flag in the patient’s record tells of it.")


def test_who_comes_second_is_told_that_a_colleague_was_faster(signed_in: Page, house: House) -> None:
    alert = raised(signed_in, house, "Tamsin")
    other = signed_in.context.new_page()
    other.goto("/pages/alerts")
    for page in (other, signed_in):
        mine = page.locator(f"#{alert.get_attribute('id')}") if page is signed_in else None
        seen = mine or other.locator("li.alarm").filter(has_text="Tamsin Vale").filter(has_text=ITEM_9)
        seen.get_by_text("Flag the patient’s record").click()
        seen.get_by_label("What colleagues shall know").fill(WORDS)
        seen.get_by_role("button", name="Raise the flag").click()
        expect(page.get_by_role("status")).to_be_visible()
    expect(signed_in.get_by_role("status")).to_contain_text("A colleague was faster")


def test_an_alert_is_acknowledged_by_keyboard_alone(signed_in: Page, house: House) -> None:
    alert = raised(signed_in, house, "Wren")
    tabbed_to(signed_in, alert.get_by_role("button", name="I have seen this"))
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("status")).to_contain_text("Acknowledged.")
    expect(alert).to_have_count(0)
