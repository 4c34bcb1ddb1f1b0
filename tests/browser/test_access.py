"""The pages for everybody: keyboard, small screens, large letters, dark rooms."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PICTURE
from tests.browser.house import House

# WCAG 2.2, 1.4.3: the contrast of each text with what is behind it, computed in the page from the styles in force.
CONTRAST = """() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = c => c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = node => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(walker.currentNode.data.trim().slice(0, 40));
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_by_day_and_by_night(signed_in: Page, house: House, scheme: str) -> None:
    draft, products = house.draft(), house.products()
    signed_in.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    drafts = [f"/pages/reviews/{id}{page}" for id in (draft, products) for page in ("", "/edit")]
    for address in ("/pages/reviews", "/pages/alerts", "/pages/homework", "/pages/corrections", *drafts):
        signed_in.goto(address)
        signed_in.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
        assert signed_in.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [320, 375, 768])
def test_nothing_is_cut_off_on_a_phone_or_at_400_percent(signed_in: Page, house: House, width: int) -> None:
    drafts = [f"/pages/reviews/{id}{page}" for id in (house.draft(), house.products()) for page in ("", "/edit")]
    signed_in.set_viewport_size({"width": width, "height": 640})
    for address in ("/pages/reviews", "/pages/alerts", "/pages/homework", "/pages/corrections", *drafts):
        signed_in.goto(address)
        assert signed_in.evaluate("document.documentElement.scrollWidth") <= width


def test_a_draft_can_be_approved_by_keyboard_alone(signed_in: Page, house: House) -> None:
    signed_in.goto(f"/pages/reviews/{house.draft()}")
    signed_in.keyboard.press("Tab")
    expect(signed_in.get_by_role("link", name="Skip to the content")).to_be_focused()
    signed_in.keyboard.press("Enter")
    approve = signed_in.get_by_role("button", name="Approve")
    for _ in range(12):
        signed_in.keyboard.press("Tab")
        if approve.evaluate("button => button === document.activeElement"):
            break
    expect(approve).to_be_focused()
    assert approve.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("heading", name="Approved", exact=True)).to_be_visible()


def test_every_field_has_a_name_and_headings_go_down_step_by_step(signed_in: Page, house: House) -> None:
    signed_in.goto(f"/pages/reviews/{house.products()}/edit")
    unnamed = "all => all.filter(f => f.type !== 'hidden' && !(f.labels && f.labels.length)).length"
    assert signed_in.locator("input, textarea").evaluate_all(unnamed) == 0
    levels = signed_in.locator("h1, h2, h3, h4").evaluate_all("all => all.map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(later - former <= 1 for former, later in pairwise(levels))


def test_the_picture_in_the_readme_can_be_taken(signed_in: Page, house: House, request: pytest.FixtureRequest) -> None:
    """With `--picture` it is written anew: one draft, an edit in it, from our own example."""
    draft = house.draft()
    signed_in.goto(f"/pages/reviews/{draft}/edit")
    signed_in.get_by_label("Intervention, sentence 1").fill(
        "The clinician reviewed the plan to keep the phone out of the bedroom & asked what made it easier."
    )
    signed_in.get_by_role("button", name="Save changes").click()
    signed_in.goto(f"/pages/reviews/{draft}")
    signed_in.get_by_text("What the AI wrote").click()
    picture = signed_in.screenshot(full_page=True)
    assert picture.startswith(b"\x89PNG")
    if request.config.getoption("--picture", default=False):
        PICTURE.write_bytes(picture)
