"""Who gets in, whose forms are believed, and how the pages are sent."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.house import House


def test_nobody_signed_in_is_led_to_the_sign_in_and_then_on(page: Page, house: House) -> None:
    draft = house.draft()
    page.goto(f"/pages/reviews/{draft}")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(page, stay=True)
    expect(page).to_have_url(re.compile(f"/pages/reviews/{draft}$"))
    expect(page.get_by_text("Ada Lindqvist")).to_be_visible()


def test_a_wrong_password_is_told_without_saying_which_was_wrong(page: Page, house: House) -> None:
    sign_in(page, password="not this one")
    expect(page.get_by_role("alert")).to_contain_text("User name and password do not match.")
    expect(page.get_by_label("User name")).to_have_value("ada.lindqvist")
    expect(page.get_by_label("Password")).to_be_focused()
    assert page.context.cookies() == []


def test_the_token_is_out_of_reach_of_scripts_and_ends_with_the_sign_out(page: Page, house: House) -> None:
    sign_in(page)
    expect(page.get_by_role("heading", name="Reviews")).to_be_visible()
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.context.cookies() == []
    page.context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": house.address}])
    page.goto("/pages/reviews")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_form_without_the_proof_of_the_session_is_refused(signed_in: Page, house: House) -> None:
    draft = house.draft()
    signed_in.goto(f"/pages/reviews/{draft}")
    signed_in.locator("form[action$='/approve'] input[name=csrf]").evaluate("field => field.value = '0'.repeat(64)")
    signed_in.get_by_role("button", name="Approve").click()
    expect(signed_in.get_by_role("heading", name="That was not allowed")).to_be_visible()
    signed_in.goto(f"/pages/reviews/{draft}")
    expect(signed_in.get_by_text("AI-written, not yet approved")).to_be_visible()


def test_a_form_from_another_site_is_refused_even_with_the_proof(signed_in: Page, house: House) -> None:
    draft = house.draft()
    signed_in.goto(f"/pages/reviews/{draft}")
    form = signed_in.locator("form[action$='/approve']")
    sent: dict[str, str | float | bool] = {
        name: form.locator(f"input[name={name}]").input_value() for name in ("csrf", "digest")
    }
    for origin in ("https://elsewhere.example", "null", ""):
        answer = signed_in.request.post(
            f"/pages/reviews/{draft}/approve", form=sent, headers={"Origin": origin}, max_redirects=0
        )
        assert answer.status == 403
        assert "text/html" in answer.headers["content-type"]
    answer = signed_in.request.post(
        f"/pages/reviews/{draft}/approve", form=sent, headers={"Origin": house.address}, max_redirects=0
    )
    assert answer.status == 303


def test_every_page_is_sent_with_care(signed_in: Page, house: House) -> None:
    draft = house.draft()
    for address in ("/pages/sign-in", "/pages/reviews", f"/pages/reviews/{draft}", "/pages/no-such-page"):
        answer = signed_in.goto(address)
        assert answer
        headers = answer.headers
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"
        assert "text/html" in headers["content-type"]
    style = signed_in.request.get(str(signed_in.locator("link[rel=stylesheet]").get_attribute("href")))
    assert "immutable" in style.headers["cache-control"]


def test_what_is_not_there_is_a_page(signed_in: Page) -> None:
    for address in ("/pages/reviews/00000000-0000-0000-0000-000000000000", "/pages/nowhere"):
        answer = signed_in.goto(address)
        assert answer
        assert answer.status == 404
        expect(signed_in.get_by_role("heading", name="Nothing here")).to_be_visible()


def test_a_sign_in_leads_to_our_own_pages_only(page: Page, house: House) -> None:
    page.goto("/pages/sign-in?next=https://elsewhere.example/")
    sign_in(page, stay=True)
    expect(page).to_have_url(f"{house.address}/pages/reviews")
