"""The truth table over SQL: every case of gateway/rules/cases is stored, and the database asked for its answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from gateway.rules.access import Visibility
from gateway.rules.audit import AuditEntry
from gateway.rules.cases import GROUPS, telling
from gateway.rules.cases.case import Answer, Case, about_what, consents_of, content_of, place_of
from gateway.rules.cases.cast import CLINIC, COLLECTIVES
from gateway.rules.cases.table import numbered
from gateway.rules.consent import Reason
from gateway.rules.subjects import patients_of, subject_of
from gateway.store import consents, resources
from gateway.store.database import Database, Writer
from gateway.store.resources import New, Stored

Json = dict[str, Any]
CASES = {number: case for number, _, case in numbered(GROUPS)}
# What every case has for itself; organizations, people, teams and apps are the same in all.
_OWN = ("Patient", "Consent", "Observation", "Condition", "Encounter", "RiskAssessment", "Provenance", "Device/model")
_REFERENCE = re.compile(rf"(?:{'|'.join(_OWN)})(?:/|\Z)")


def named(value: Any, number: int) -> Any:
    """The same with ids of its own, so that all cases fit into one database."""
    if isinstance(value, list):
        return [named(each, number) for each in value]
    if not isinstance(value, dict):
        return value
    moved = {name: named(each, number) for name, each in value.items()}
    if isinstance(text := moved.get("reference"), str) and _REFERENCE.match(text):
        moved["reference"] = f"{text}-{number}"
    if "resourceType" in moved:
        moved["id"] = f"{moved['id']}-{number}"
    return moved


def sight(visibility: Visibility, number: int) -> Visibility:
    own, bound = (f"{id}-{number}" if id else None for id in (visibility.patient_id, visibility.bound_to))
    return replace(visibility, patient_id=own, bound_to=bound)


def new(resource: Json, told: list[Json]) -> New:
    patients = tuple(dict.fromkeys(patient for each in told for patient in patients_of(each)))
    subject = subject_of(resource["resourceType"], patients)
    return New(resource, subject, CLINIC.partition("/")[2], patients=patients)


def keep(writer: Writer, entry: AuditEntry, number: int, case: Case, consents_first: bool) -> None:
    content, given = content_of(case), [each for each in consents_of(case) if each != content_of(case)]
    held = [*case.beside, content]
    if isinstance(case.content, str):
        held, given = [], consents_of(case)

    def compile() -> None:
        for consent in given:
            mine = named(consent, number)
            resources.publish(writer, entry, new(mine, [mine]))
        for patient in sorted({patients_of(named(consent, number))[0] for consent in given}):
            consents.recompile(writer, entry, patient)

    if consents_first:
        compile()
    for each in held:
        told = [named(one, number) for one in about_what(case, each)]
        resources.publish(writer, entry, new(named(each, number), told))
    if not consents_first:
        compile()


@pytest.fixture(params=[False, True], ids=["content first", "consents first"])
def filled(request: Any, database: Database, entry: Callable[..., AuditEntry]) -> Iterator[Database]:
    with database.write() as writer:
        for each in COLLECTIVES:
            resources.publish(writer, entry(), New(each, None, CLINIC.partition("/")[2]))
        for number, case in CASES.items():
            keep(writer, entry(), number, case, request.param)
    yield database


def answer(found: Stored | None) -> tuple[Answer, str]:
    if found is None:
        return Answer.NO, ""
    reasons = [Reason(*text.split("#")) for text in found.consents]
    return Answer.PART if found.redacts else Answer.YES, ", ".join(sorted(place_of(each) for each in reasons))


def test_the_database_says_what_the_table_says(filled: Database) -> None:
    wrong = []
    with filled.read() as db:
        for number, case in CASES.items():
            content = named(content_of(case), number)
            found = resources.read(db, sight(case.asking, number), content["resourceType"], content["id"])
            expected = case.answer, "" if case.answer is Answer.NO else case.by
            if answer(found) != expected:
                wrong.append((number, telling.content(case), telling.consents(case), expected, answer(found)))
    assert wrong == []
