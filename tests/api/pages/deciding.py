"""How a patient decides on her pages: a form, what it means, and the decision."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

from starlette.testclient import TestClient

from tests.browsing import text
from tests.house import House

HOME, NEW = "/pages/my-record", "/pages/my-record/new"


def day(house: House, after: int = 0) -> date:
    """Today, or so many days after."""
    return house.world.services.clock().date() + timedelta(days=after)


def csrf(sam: TestClient) -> str:
    proof: str = re.findall(r'name="csrf" value="([0-9a-f]+)"', sam.get(HOME).text)[0]
    return proof


def hidden(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in re.findall(r'name="([\w-]+)" value="([^"]*)">', page)}


def confirmed(sam: TestClient, kind: str, **fields: str) -> str:
    """What the page asks to confirm, once a form was sent."""
    sent = {name.replace("_", "-"): value for name, value in fields.items()}
    answer = sam.post(f"{NEW}/{kind}", data=sent | {"csrf": csrf(sam)})
    assert answer.status_code == 200, text(answer.text)
    page: str = answer.text
    return page


def give(sam: TestClient, kind: str, **fields: str) -> str:
    """The page after a form was sent and confirmed."""
    page = confirmed(sam, kind, **fields)
    answer = sam.post(f"{NEW}/{kind}", data=hidden(page) | {"step": "give"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HOME}?said=given"), text(answer.text)
    after: str = sam.get(answer.headers["location"]).text
    return after


def hill(house: House) -> str:
    return f"Organization/{house.world.other}"


def consents(house: House) -> list[tuple[str, int]]:
    return [(row[0], row[1]) for row in house.rows("SELECT id, version FROM resource WHERE type = 'Consent'")]


def part(page: str, heading: str) -> str:
    """The words between this heading and the next that has a name."""
    found = re.search(rf'id="{heading}">(.*?)(?=<h\d id=|</main>)', page, re.DOTALL)
    return text(found[1]) if found else ""
