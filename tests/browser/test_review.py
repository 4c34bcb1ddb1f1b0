"""A clinician's work on a draft, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.house import EXAMPLE_LINE, UNPROVEN, House

SLEPT = "The patient slept without the phone nearby"
REPHRASED = "The phone stayed out of the bedroom on four nights."
HER_OWN = "We agreed to look at the sleep diary first next time."


def sentence(page: Page, text: str) -> Locator:
    return page.locator("li.statement").filter(has_text=text)


def test_the_inbox_tells_who_when_by_which_model_and_how_much(signed_in: Page, house: House) -> None:
    draft = house.draft()
    signed_in.goto("/pages/reviews")
    row = signed_in.locator(f"a[href='/pages/reviews/{draft}']")
    for words in (
        "Mara Quillfeather",
        "14 March 2026",
        "HealthScribe 2026-02",
        "7 sentences, 1 without a transcript line",
    ):
        expect(row).to_contain_text(words)
    expect(row).to_contain_text(re.compile(r"waiting (less than a minute|\d+ minutes?)"))


def test_each_sentence_stands_beside_what_was_said(signed_in: Page, house: House) -> None:
    signed_in.goto(f"/pages/reviews/{house.draft()}")
    beside = sentence(signed_in, SLEPT).locator(".evidence")
    expect(beside).to_contain_text(EXAMPLE_LINE.text)
    expect(beside).to_contain_text(EXAMPLE_LINE.speaker)
    expect(beside).to_contain_text(EXAMPLE_LINE.time)
    left, right = sentence(signed_in, SLEPT).locator(".words").bounding_box(), beside.bounding_box()
    assert left and right
    assert left["x"] + left["width"] <= right["x"]
    expect(sentence(signed_in, UNPROVEN)).to_contain_text("No transcript line is given for this.")
    expect(signed_in.get_by_text("AI-written, not yet approved")).to_be_visible()


def test_how_it_was_written_is_one_click_away(signed_in: Page, house: House) -> None:
    signed_in.goto(f"/pages/reviews/{house.draft()}")
    signed_in.get_by_text("How this was written").click()
    told = signed_in.locator(".origin:not(.protection)")
    for words in ("HealthScribe 2026-02", "Not evaluated on group therapy.", "Use plain words.", "aws-healthscribe"):
        expect(told).to_contain_text(words)


def test_editing_then_approving(signed_in: Page, house: House) -> None:
    draft = house.draft()
    signed_in.goto(f"/pages/reviews/{draft}")
    signed_in.get_by_role("link", name="Edit the text").click()
    signed_in.get_by_label("Behavior, sentence 1").fill(REPHRASED)
    sentence(signed_in, UNPROVEN).get_by_label("Take this sentence out").check()
    signed_in.get_by_text("Add a sentence to Plan").click()
    signed_in.locator("details[open]").get_by_label("Your sentence").fill(HER_OWN)
    signed_in.get_by_role("button", name="Save changes").click()

    expect(signed_in.get_by_role("status")).to_contain_text("Your changes are saved.")
    edited = sentence(signed_in, REPHRASED)
    expect(edited).to_contain_text("AI-written, edited")
    expect(edited.locator(".evidence")).to_contain_text(EXAMPLE_LINE.text)
    edited.get_by_text("What the AI wrote").click()
    expect(edited.locator(".original")).to_contain_text(SLEPT)
    expect(edited.locator("ins").first).to_be_visible()
    expect(sentence(signed_in, HER_OWN)).to_contain_text("Clinician-written")
    signed_in.get_by_text("1 AI sentence taken out").click()
    expect(signed_in.locator(".removed")).to_contain_text(UNPROVEN)

    signed_in.get_by_role("button", name="Approve").click()
    expect(signed_in.get_by_role("heading", name="Approved", exact=True)).to_be_visible()
    expect(signed_in.get_by_text("The note, as a document in the patient’s record.")).to_be_visible()
    expect(signed_in.get_by_text("9 records of where it comes from")).to_be_visible()
    expect(signed_in.get_by_text("Nobody else yet")).to_be_visible()
    signed_in.goto("/pages/reviews?state=approved")
    expect(signed_in.locator(f"a[href='/pages/reviews/{draft}']")).to_contain_text("approved")


def test_the_page_after_approval_names_whom_a_consent_lets_in(signed_in: Page, house: House) -> None:
    draft = house.draft(house.consenting("Lakeside Hospital"))
    signed_in.goto(f"/pages/reviews/{draft}")
    signed_in.get_by_role("button", name="Approve").click()
    seen = signed_in.get_by_role("region", name="Who can see it")
    expect(seen).to_contain_text("Lakeside Hospital, for treatment, under the patient’s consent.")
    expect(seen).not_to_contain_text("Nobody else")


def test_returning_and_taking_up_again(signed_in: Page, house: House) -> None:
    draft = house.draft()
    signed_in.goto(f"/pages/reviews/{draft}")
    signed_in.get_by_text("Return it").click()
    signed_in.get_by_label("What should be put right?").fill("The second half of the session is not in it.")
    signed_in.get_by_role("button", name="Return", exact=True).click()
    expect(signed_in.get_by_role("status")).to_contain_text("Returned.")
    expect(signed_in.locator(f"a[href='/pages/reviews/{draft}']")).to_have_count(0)

    signed_in.get_by_role("link", name="Returned").click()
    signed_in.locator(f"a[href='/pages/reviews/{draft}']").click()
    expect(signed_in.get_by_text("The second half of the session is not in it.")).to_be_visible()
    expect(signed_in.get_by_role("button", name="Approve")).to_have_count(0)
    signed_in.get_by_role("link", name="Edit the text").click()
    signed_in.get_by_role("button", name="Save changes").click()
    expect(signed_in.get_by_role("button", name="Approve")).to_be_visible()


def test_rejecting_ends_it(signed_in: Page, house: House) -> None:
    draft = house.draft()
    signed_in.goto(f"/pages/reviews/{draft}")
    signed_in.get_by_text("Reject it").click()
    signed_in.get_by_label("Why should it not be used?").fill("It is about somebody else.")
    signed_in.get_by_role("button", name="Reject", exact=True).click()
    expect(signed_in.get_by_role("status")).to_contain_text("Rejected.")
    signed_in.goto(f"/pages/reviews/{draft}")
    expect(signed_in.get_by_text("Rejected by Ada Lindqvist")).to_be_visible()
    expect(signed_in.get_by_text("It is about somebody else.")).to_be_visible()
    expect(signed_in.get_by_role("button", name="Approve")).to_have_count(0)


def test_a_text_that_changed_meanwhile_is_not_approved_but_shown(signed_in: Page, house: House) -> None:
    draft = house.draft()
    signed_in.goto(f"/pages/reviews/{draft}")
    elsewhere = signed_in.context.new_page()
    elsewhere.goto(f"/pages/reviews/{draft}/edit")
    elsewhere.get_by_label("Behavior, sentence 1").fill(REPHRASED)
    elsewhere.get_by_role("button", name="Save changes").click()
    expect(elsewhere.get_by_role("status")).to_be_visible()

    with signed_in.expect_response(re.compile("/approve$")) as answer:
        signed_in.get_by_role("button", name="Approve").click()
    assert answer.value.status == 412
    expect(signed_in.get_by_role("alert")).to_contain_text("The text changed while you were reading.")
    expect(signed_in.get_by_role("alert")).to_contain_text("Nothing was approved.")
    expect(sentence(signed_in, REPHRASED)).to_be_visible()
    signed_in.get_by_role("link", name="Go on with this text").click()
    expect(signed_in.get_by_role("button", name="Approve")).to_be_visible()


def test_what_was_typed_is_not_lost_when_somebody_was_faster(signed_in: Page, house: House) -> None:
    draft = house.draft()
    signed_in.goto(f"/pages/reviews/{draft}/edit")
    elsewhere = signed_in.context.new_page()
    elsewhere.goto(f"/pages/reviews/{draft}")
    elsewhere.get_by_role("button", name="Approve").click()
    expect(elsewhere.get_by_role("heading", name="Approved", exact=True)).to_be_visible()
    signed_in.get_by_label("Behavior, sentence 1").fill(REPHRASED)
    signed_in.get_by_role("button", name="Save changes").click()
    expect(signed_in.get_by_role("heading", name="That has been decided already")).to_be_visible()
    expect(signed_in.locator(".kept")).to_contain_text(REPHRASED)


def test_markup_in_a_sentence_is_only_text(signed_in: Page, house: House) -> None:
    draft = house.draft()
    hostile = '</textarea><script>document.title="taken"</script><b>bold</b> & "quotes"'
    signed_in.goto(f"/pages/reviews/{draft}/edit")
    signed_in.get_by_label("Behavior, sentence 1").fill(hostile)
    signed_in.get_by_role("button", name="Save changes").click()
    expect(sentence(signed_in, "<b>bold</b>").locator("p.words")).to_have_text(hostile)
    signed_in.goto(f"/pages/reviews/{draft}/edit")
    expect(signed_in.get_by_label("Behavior, sentence 1")).to_have_value(hostile)
    expect(signed_in).not_to_have_title("taken")
