"""What tells of a risk reaches the custodian's clinicians at once: at the clinic's own endpoint, and in their queue."""

from __future__ import annotations

import re
import time
from typing import Any

from gateway.demo.handing_in import (
    APP,
    COMPANION,
    LOOKOUT,
    approve,
    hand_in_products,
    model_card,
    products,
    texts_of,
    told_of,
)
from gateway.demo.road import Chapter, Road, expect
from gateway.demo.stage import ESCALATION

INSTRUMENTS = ("phq-2", "phq-a", "gad-7", "pcl-5", "c-ssrs", "questionnaire-other")


def item_9(road: Road) -> str:
    given = products(road, "phq-9")
    alert, seconds, draft = _alarmed(road, given, "answered", source=APP)
    road.alert_id = alert["id"]
    expect(alert["draftId"] == draft, "the alert does not lead to the answers")
    made = approve(road, draft)
    expect({"QuestionnaireResponse", "Observation"} <= set(made), "the answers have no score")
    total = given["questionnaires"][0]["total"]
    return (
        f"{total} points, item 9 positive: before anybody has opened the draft, the clinic's endpoint has the signed "
        f"notice (after {seconds:.1f} s; ids only), and the queue the alert"
    )


def acknowledge(road: Road) -> str:
    clinician, address = road.cast.clinician, f"/alerts/{road.alert_id}"
    heard = road.ask("POST", f"{address}/acknowledgement", clinician.token).json()
    expect(heard["acknowledgedBy"] == f"Practitioner/{clinician.id}", "nobody is named who has heard of it")
    words = {"text": "Ask about thoughts of death at each contact; safety plan in the record."}
    made = road.ask("POST", f"{address}/flag", clinician.token, expect=201, json=words).json()["flag"]
    author = road.read(made, road.token(road.cast.own_ehr))["author"]["reference"]
    expect(author == heard["acknowledgedBy"], "the Flag is not the clinician's")
    return f"by name, and nobody is told of it again; she makes it [bold]{made}[/bold], in her own words"


def estimate(road: Road) -> str:
    given = {"risks": products(road, "risk")["risks"]}
    del given["risks"][0]["basis"]
    chai = {"chai": model_card(road, "chai.xml").decode()}
    alert, seconds, draft = _alarmed(road, given, "estimated", model=LOOKOUT, modelCard=chai)
    road.unheard_id = alert["id"]
    (road.risk_id,) = approve(road, draft)["RiskAssessment"]
    prediction = road.read(f"RiskAssessment/{road.risk_id}", road.token(road.cast.own_ehr))["prediction"][0]
    level = prediction["qualitativeRisk"]["coding"][0]["code"]
    return (
        f"{prediction['outcome']['text']}: {level}; alert and notice (after {seconds:.1f} s), then a review like any; "
        f"nobody acknowledges the alert"
    )


def card(road: Road) -> str:
    model, sent = told_of(road, f"RiskAssessment/{road.risk_id}"), model_card(road, "chai.xml").decode()
    texts = texts_of(road, model["card"])
    expect(texts["application/xml"] == sent, "the CHAI document is not the one its maker sent")
    read = re.findall(r"^\*\*(Result|Clinical risk level):\*\* (.+)$", texts["text/markdown"], re.MULTILINE)
    expect(len(read) > 1, "the card cannot be read")
    said = "; ".join(words for _, words in read[:2])
    return f'{model["name"]}: a CHAI Applied Model Card, kept as it came (XML) and to be read (Markdown): "{said}"'


def others(road: Road) -> str:
    before = _queue(road)
    given = products(road, *INSTRUMENTS)
    token = road.token(road.cast.scribe)
    made = approve(road, hand_in_products(road, given, token, source=APP, model=COMPANION))
    names = [each.get("title") or each["instrument"] for each in given["questionnaires"]]
    expect(len(made["QuestionnaireResponse"]) == len(names), "an instrument is missing")
    raised = len(_queue(road)) - len(before)
    expect(raised == 1, f"{raised} of the instruments raised an alert, not the C-SSRS alone")
    return f"{', '.join(names)}: answers and {len(made['Observation'])} scores; the C-SSRS alone raised an alert"


def escalate(road: Road) -> str:
    path, clinician = road.cast.told_at[road.cast.custodian_id], road.cast.clinician.token
    came = road.endpoint.arrived(path, "alert-escalated", f"Alert/{road.unheard_id}")
    expect(came, "the clinic was not told again of what nobody has acknowledged")
    known = road.ask("GET", f"/alerts/{road.alert_id}", clinician).json()
    expect((known["escalatedAt"] or "") < known["acknowledgedAt"], "it was told again of what she had acknowledged")
    heard = road.ask("POST", f"/alerts/{road.unheard_id}/acknowledgement", clinician).json()
    expect(heard["escalatedAt"], "the queue does not mark what was escalated")
    return (
        f"{ESCALATION.total_seconds():.0f} s (15 minutes, unless the clinic says otherwise) without an "
        "acknowledgement: the clinic's endpoint has a second notice of the estimate, and the queue marks it until she "
        "acknowledges it; of what she had acknowledged before, nobody is told again"
    )


def _alarmed(road: Road, given: dict[str, Any], what: str, **context: Any) -> tuple[dict[str, Any], float, str]:
    """The alert that a submission raises, how long until the clinic's endpoint had its notice, and the draft."""
    known, began = {each["id"] for each in _queue(road)}, time.perf_counter()
    producer = road.cast.scribe if "model" in context else road.cast.app
    draft = hand_in_products(road, given, road.token(producer), **context)
    raised = [each for each in _queue(road) if each["id"] not in known]
    expect(len(raised) == 1, f"what was {what} raised {len(raised)} alerts")
    path = road.cast.told_at[road.cast.custodian_id]
    expect(road.endpoint.arrived(path, "alert", f"Alert/{raised[0]['id']}"), "no notice came to the clinic's endpoint")
    return raised[0], time.perf_counter() - began, draft


def _queue(road: Road) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = road.ask("GET", "/alerts", road.cast.clinician.token).json()
    return found


CHAPTER = Chapter(
    "Risk, at once",
    (
        ("The client answers the PHQ-9", item_9),
        ("The clinician acknowledges it", acknowledge),
        ("An AI estimates a high risk", estimate),
        ("What its maker says of that AI", card),
        ("Other questionnaires come", others),
        ("The clinic is told again", escalate),
    ),
)
