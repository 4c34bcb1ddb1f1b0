"""What the client writes and is shown between sessions: moods, a journal and its theme, an exercise after a spike."""

from __future__ import annotations

from typing import Any

from gateway.demo.handing_in import APP, COMPANION, approve, example, hand_in, hand_in_products, products
from gateway.demo.road import Chapter, Road, expect


def moods(road: Road) -> str:
    answer = hand_in(road, "daylio", example(road.mappings, "daylio", "full"), road.token(road.cast.app), source=APP)
    made = approve(road, answer["draft"])
    own_ehr = road.token(road.cast.own_ehr)
    entries = [road.read(f"Observation/{id}", own_ehr) for id in made["Observation"]]
    expect(all(_labels(each) >= {"PATAST"} and not _is_ai(each) for each in entries), "a mood is not the client's own")
    told = ", ".join(f"{each['effectiveDateTime'][:10]} {_word(each)}" for each in entries)
    return f"the CSV export of Daylio: {told}; labelled as hers (PATAST), and nowhere as an AI's"


def theme(road: Road) -> str:
    draft = hand_in_products(
        road, products(road, "journal-and-theme"), road.token(road.cast.scribe), model=COMPANION, source=APP
    )
    made = approve(road, draft)
    (road.theme_id,), (journal_id,) = made["Observation"], made["DocumentReference"]
    own_ehr = road.token(road.cast.own_ehr)
    found, journal = road.read(f"Observation/{road.theme_id}", own_ehr), f"DocumentReference/{journal_id}"
    expect(_is_ai(found) and not _is_ai(road.read(journal, own_ehr)), "whose words are whose is not told")
    based = [each["reference"] for each in found["derivedFrom"]]
    expect(based == [journal], "the theme does not lead to the journal")
    return f"\"{found['valueString']}\", the AI's (AIAST), derived from the client's entry (PATAST)"


def prompt(road: Road) -> str:
    given = products(road, "intervention")
    made = approve(road, hand_in_products(road, given, road.token(road.cast.scribe), model=COMPANION, source=APP))
    shown = road.read(f"Communication/{made['Communication'][0]}", road.token(road.cast.own_ehr))
    expect(shown["recipient"] == [{"reference": road.client}] and _is_ai(shown), "it is not an AI's word to the client")
    spike = shown["about"][0]["reference"]
    expect(spike == f"Observation/{made['Observation'][0]}", "it does not lead to the spike")
    said, felt = shown["payload"][0]["contentString"], _spike(given)
    return f'"{said}", five minutes after she felt {felt}: a Communication to her about [bold]{spike}[/bold]'


def _labels(resource: dict[str, Any]) -> set[str]:
    return {each["code"] for each in resource["meta"]["security"]}


def _is_ai(resource: dict[str, Any]) -> bool:
    return "AIAST" in _labels(resource)


def _word(mood: dict[str, Any]) -> str:
    words = [each["valueString"] for each in mood["component"] if each["code"]["text"] == "Mood in a word"]
    return str(words[0])


def _spike(given: dict[str, Any]) -> str:
    (mood,) = given["moods"]
    return f"{mood['label']}, {mood['value']} of {mood['scale']['high']}"


CHAPTER = Chapter(
    "Between sessions",
    (
        ("The client keeps a diary of her moods", moods),
        ("An AI finds a theme in her journal", theme),
        ("An app has shown her an exercise", prompt),
    ),
)
