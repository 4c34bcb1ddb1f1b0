"""A session of two: one note about both, which takes the consent of both."""

from __future__ import annotations

from gateway.demo.chapters.consenting import permit
from gateway.demo.handing_in import COMPANION, approve, example, hand_in
from gateway.demo.road import Chapter, Road, expect


def together(road: Road) -> str:
    both = [road.client, f"Patient/{road.cast.partner_id}"]
    answer = hand_in(
        road,
        "upheal",
        example(road.mappings, "upheal", "couple"),
        road.token(road.cast.scribe),
        patients=[{"reference": each} for each in both],
        session={"id": "couple-1", "start": "2026-09-10T16:00:00Z"},
        model=COMPANION,
    )
    made = approve(road, answer["draft"])
    road.couple = [f"DocumentReference/{each}" for each in made["DocumentReference"]]
    road.couple += [f"Composition/{each}" for each in made["Composition"]]
    own_ehr = road.token(road.cast.own_ehr)
    subjects = {road.read(each, own_ehr)["subject"]["reference"] for each in road.couple[:2]}
    expect(subjects == set(both), "the note is not in the records of both")
    return "one note, reviewed once; in the record of each an entry that leads to it"


def one_of_two(road: Road) -> str:
    for reference in road.couple:
        road.ask("GET", f"/fhir/{reference}", road.token(road.cast.ehr), expect=404)
    return "Ana Rivera has permitted it, Jonas Feld has not: for the other clinic there is no such note (404)"


def both(road: Road) -> str:
    consent = permit(road, road.cast.partner_id)
    ehr = road.token(road.cast.ehr)
    for reference in road.couple:
        road.read(reference, ehr)
    lineage = road.ask("GET", f"/lineage/{road.couple[0]}", road.cast.auditor.token).json()
    expect(len(lineage["patients"]) == 2, "the lineage does not name both")
    return f"[bold]Consent/{consent}[/bold] of Jonas Feld, and it is read; the lineage of each entry names both"


CHAPTER = Chapter(
    "A couple's session",
    (
        ("A scribe hands in a session of two", together),
        ("The consent of one is not enough", one_of_two),
        ("Both consent", both),
    ),
)
