"""A clinician's work on everything an AI product makes beside the note, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import tabbed_to
from tests.browser.house import House

SLEEP = "To fall asleep within half an hour"
SOONER = "To fall asleep within twenty minutes"
PLAN = "Treatment of social anxiety"


def entry(page: Page, title: str) -> Locator:
    return page.locator("li.entry").filter(has=page.locator(".words", has_text=title)).first


def test_each_entry_reads_like_a_sentence_beside_what_was_said(signed_in: Page, house: House) -> None:
    signed_in.goto(f"/pages/reviews/{house.products()}")
    plan = entry(signed_in, PLAN)
    expect(plan).to_contain_text("AI-written")
    expect(plan).to_contain_text("1 December 2026")
    expect(plan.locator(".evidence")).to_contain_text(
        "Shall we try one sentence this time, and a thought record before?"
    )
    goal = entry(signed_in, "To speak in every team meeting")
    expect(goal).to_contain_text("From the patient")
    expect(goal).to_contain_text("less than 10")
    expect(entry(signed_in, SLEEP)).to_contain_text("No transcript line is given for this.")
    expect(signed_in.get_by_role("region", name="Risk")).to_contain_text("stays in your organization")
    for code in ("{score}", "2026-12-01", "http://loinc.org", "activity.detail", "in-progress"):
        expect(signed_in.locator("main")).not_to_contain_text(code)
    signed_in.get_by_role("navigation", name="On this page").get_by_role("link", name="Homework").click()
    expect(entry(signed_in, "Thought record")).to_be_in_viewport()


def test_what_no_ai_wrote_is_told(signed_in: Page, house: House) -> None:
    signed_in.goto(f"/pages/reviews/{house.products()}")
    expect(signed_in.locator(".summary")).to_contain_text("that came from the patient and the")
    signed_in.get_by_role("link", name="Edit or take out").click()
    hers = entry(signed_in, "To speak in every team meeting")
    expect(hers).to_contain_text("What came from the patient can be taken out, not changed.")
    expect(hers.get_by_role("textbox")).to_have_count(0)


def test_changing_taking_out_putting_back_and_approving(signed_in: Page, house: House) -> None:
    draft = house.products()
    signed_in.goto(f"/pages/reviews/{draft}/edit")
    entry(signed_in, SLEEP).get_by_label("Goal", exact=True).fill(SOONER)
    entry(signed_in, PLAN).get_by_label("Take this out").check()
    signed_in.get_by_role("button", name="Save changes").click()
    expect(signed_in.get_by_role("status")).to_contain_text("Your changes are saved.")
    changed = entry(signed_in, SOONER)
    expect(changed).to_contain_text("AI-written, edited")
    expect(changed.locator("del")).to_have_text(SLEEP)
    signed_in.get_by_text("1 taken out").click()
    expect(signed_in.locator("del", has_text=PLAN)).to_be_visible()

    signed_in.get_by_role("link", name="Edit or take out").click()
    signed_in.get_by_label(f"Put back: Care plan, {PLAN}").check()
    signed_in.get_by_role("button", name="Save changes").click()
    expect(entry(signed_in, PLAN)).to_be_visible()
    signed_in.get_by_role("button", name="Approve").click()
    expect(signed_in.get_by_role("heading", name="Approved", exact=True)).to_be_visible()
    expect(signed_in.get_by_text("2 pieces of homework.")).to_be_visible()


def test_a_value_that_cannot_be_is_told_at_its_field_and_nothing_typed_is_lost(signed_in: Page, house: House) -> None:
    signed_in.goto(f"/pages/reviews/{house.products()}/edit")
    entry(signed_in, SLEEP).get_by_label("Goal", exact=True).fill(SOONER)
    entry(signed_in, "A walk before breakfast").get_by_label("Take this out").check()
    entry(signed_in, PLAN).get_by_label("Until").fill("")
    signed_in.get_by_role("button", name="Save changes").click()
    expect(signed_in.get_by_role("alert")).to_contain_text("Nothing is saved yet.")
    signed_in.get_by_role("alert").get_by_role("link", name="Choose a day.").click()
    expect(entry(signed_in, PLAN).get_by_label("Until")).to_be_focused()
    expect(entry(signed_in, SLEEP).get_by_label("Goal", exact=True)).to_have_value(SOONER)
    expect(entry(signed_in, "A walk before breakfast").get_by_label("Take this out")).to_be_checked()
    entry(signed_in, PLAN).get_by_label("Until").fill("2026-12-24")
    signed_in.get_by_role("button", name="Save changes").click()
    expect(entry(signed_in, PLAN)).to_contain_text("24 December 2026")


def test_what_was_typed_of_entries_is_kept_when_a_colleague_was_faster(signed_in: Page, house: House) -> None:
    draft = house.products()
    signed_in.goto(f"/pages/reviews/{draft}/edit")
    elsewhere = signed_in.context.new_page()
    elsewhere.goto(f"/pages/reviews/{draft}/edit")
    entry(elsewhere, PLAN).get_by_label("Take this out").check()
    elsewhere.get_by_role("button", name="Save changes").click()
    expect(elsewhere.get_by_role("status")).to_be_visible()
    entry(signed_in, SLEEP).get_by_label("Goal", exact=True).fill(SOONER)
    signed_in.get_by_role("button", name="Save changes").click()
    expect(signed_in.get_by_role("alert")).to_contain_text("The text changed while you were reading.")
    expect(signed_in.locator(".kept li")).to_have_text([SOONER])


def test_an_entry_is_taken_out_by_keyboard_alone(signed_in: Page, house: House) -> None:
    few = dict.fromkeys(
        [
            "summary",
            "homeworkResults",
            "questionnaires",
            "moods",
            "journal",
            "themes",
            "risks",
            "carePlan",
            "interventions",
        ]
    )
    homework = [{"title": "Thought record"}, {"title": "A walk"}]
    signed_in.goto(f"/pages/reviews/{house.products(**few | {'homework': homework})}/edit")
    box = entry(signed_in, "Thought record").get_by_role("checkbox")
    tabbed_to(signed_in, box)
    signed_in.keyboard.press("Space")
    expect(box).to_be_checked()
    tabbed_to(signed_in, signed_in.get_by_role("button", name="Save changes"))
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_text("1 taken out")).to_be_visible()


def test_a_couple_stands_once_in_the_inbox_under_both_names(signed_in: Page, house: House) -> None:
    draft = house.draft(house.patient_id, house.patient("Hale", "Juno"))
    signed_in.goto("/pages/reviews")
    row = signed_in.locator(f"a[href='/pages/reviews/{draft}']")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Juno Hale, Mara Quillfeather")
    row.click()
    expect(signed_in.get_by_role("heading", level=1)).to_have_text(re.compile("Juno Hale, Mara Quillfeather"))
