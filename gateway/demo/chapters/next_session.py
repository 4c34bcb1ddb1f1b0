"""Before the next session an AI may know what was approved before, if the client permits AI."""

from __future__ import annotations

from collections import Counter
from typing import Any

from gateway.demo.handing_in import SCRIBE
from gateway.demo.road import Chapter, Road, expect


def ask(road: Road, *, answered: int = 200) -> dict[str, Any]:
    """What the scribe is told of the client, as the model that is to go on."""
    query = {"model": SCRIBE["name"], "version": SCRIBE["version"], "manufacturer": SCRIBE["manufacturer"]}
    address = f"/context/{road.cast.client.id}"
    answer: dict[str, Any] = road.ask(
        "GET", address, road.token(road.cast.scribe), expect=answered, params=query
    ).json()
    return answer


def go_on(road: Road) -> str:
    items = ask(road)["items"]
    expect(not any("RiskAssessment" in str(each.get("resource")) for each in items), "an estimate of risk was told")
    kinds = Counter(each["kind"] for each in items)
    expect({"flag", "plan", "goal", "homework", "series", "note", "dispute"} <= set(kinds), f"only {kinds} is told")
    homework = next(each for each in items if each["kind"] == "homework")
    counted = ", ".join(kind if count == 1 else f"{kind} ×{count}" for kind, count in kinds.items())
    return (
        f"in brief, what was approved: {counted}; the homework is {homework['status']}; no estimate of risk, no draft"
    )


CHAPTER = Chapter("The next session", (("The scribe asks what came before", go_on),))
