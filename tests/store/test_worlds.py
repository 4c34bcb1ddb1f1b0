"""Consent in SQL and the pure rule are one: over random worlds, written in any order, changed and deleted.

Each world is written as the API writes it, Consents compiled one by one, and asked for every version by every caller.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from sqlalchemy import select

from gateway.fhir.labels import confidentiality_of
from gateway.rules.access import Visibility
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.consent import Facts, decider
from gateway.rules.consent_compile import selectors_of
from gateway.rules.subjects import SEVERAL
from gateway.store import consents, history, resources, tables
from gateway.store.counting import counted
from gateway.store.database import Database, Writer
from gateway.store.resources import New, Stored, named
from gateway.store.visible import parameters, shielded
from tests.rules import consent_worlds
from tests.rules.consent_oracle import Caller
from tests.rules.consent_oracle_content import World
from tests.rules.deciding import CUSTODIAN, Compiled, kind

Json = dict[str, Any]
ENTRY = AuditEntry(Act.CREATE, datetime(2026, 9, 1, tzinfo=UTC), None)
EVERY = shielded(select(tables.resource.c.pk).where(tables.resource.c.custodian_id == CUSTODIAN))
MANY = counted([tables.resource.c.custodian_id == CUSTODIAN], are_few=False)
TYPES = ("AllergyIntolerance", "Condition", "Consent", "Encounter", "Observation", "Provenance", "RiskAssessment")
IRCP = [{"coding": [consent_worlds.coding("v3-ParticipationType", "IRCP")]}]
COLLECTIVES: list[Json] = [
    {
        "resourceType": "CareTeam",
        "id": "t1",
        "participant": [
            {"member": {"reference": "Practitioner/ada"}, "period": {"start": "2026-03-01", "end": "2026-08-31"}},
            {"member": {"reference": "Organization/hospital"}, "period": {"start": "2026-09-01"}},
        ],
    },
    {
        "resourceType": "PractitionerRole",
        "id": "r1",
        "period": {"end": "2026-06-30"},
        "practitioner": {"reference": "Practitioner/bob"},
        "organization": {"reference": "Organization/hospital"},
    },
    {"resourceType": "Group", "id": "empty", "type": "practitioner", "actual": True},
]


class Undone(Exception):
    """Leaves a world as if it had never been."""


class Course(NamedTuple):
    """How a world came about: whom each resource is about, what was written one after the other, what was deleted."""

    world: World
    patients: dict[str, tuple[str, ...]]
    written: list[Json]
    deleted: list[str]


@st.composite
def courses(draw: DrawFn) -> Course:
    world = draw(consent_worlds.worlds())
    record = {
        name: body for name, body in world.record.items() if body["resourceType"] not in ("Consent", "Provenance")
    }
    patients = {name: draw(st.sampled_from([("p1",), ("p1",), ("p1", "p2"), ()])) for name in record}
    for name, body in world.record.items():
        if body["resourceType"] == "Consent":
            patients[name] = (body["patient"]["reference"].partition("/")[2],)
        elif body["resourceType"] == "Provenance":
            told = (patients.get(each["reference"], ()) for each in body["target"])
            patients[name] = tuple(sorted({patient for each in told for patient in each})) or ("p1",)
    before = draw(st.lists(st.sampled_from(sorted(record)), max_size=2, unique=True))
    formers = [draw(consent_worlds.resources(name)) for name in before]
    written = draw(st.permutations([*formers, *world.record.values()]))
    last = {f"{each['resourceType']}/{each['id']}": each for each in written}
    deleted = draw(st.lists(st.sampled_from(sorted(record)), max_size=1))
    return Course(world._replace(record=last), patients, written, deleted)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database that knows who belongs to what."""
    path: Path = tmp_path_factory.mktemp("worlds") / "gateway.db"
    database = Database(f"sqlite:///{path}", os.urandom(32))
    tables.metadata.create_all(database.engine)
    with database.write() as writer:
        for each in COLLECTIVES:
            resources.publish(writer, ENTRY, New(each, None, None))
    yield database
    database.close()


def write(writer: Writer, course: Course) -> dict[int, tuple[str, Json]]:
    """The content of every version, by its key; of a deletion that of the version before it."""
    contents: dict[int, tuple[str, Json]] = {}
    stored: dict[str, Stored] = {}
    for body in course.written:
        name = f"{body['resourceType']}/{body['id']}"
        patients = course.patients[name]
        subject = SEVERAL if len(patients) > 1 else patients[0] if patients else None
        stored[name] = resources.publish(writer, ENTRY, New(body, subject, CUSTODIAN, patients=patients))
        contents[stored[name].pk] = name, body
        if body["resourceType"] == "Consent":
            consents.recompile(writer, ENTRY, patients[0])
    for name in course.deleted:
        gone = resources.withdraw(writer, ENTRY, stored[name])
        contents[gone.pk] = contents[stored[name].pk]
    return contents


def sight(caller: Caller) -> Visibility:
    day = datetime.fromisoformat(caller.day).replace(hour=12, tzinfo=UTC)
    return Visibility(caller.organization, caller.purpose, day, *caller[3:])


@pytest.mark.parametrize("part", range(4))  # so that several processes share them
@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(course=courses(), callers=st.lists(consent_worlds.callers(), min_size=1, max_size=4))
def test_sql_and_rule_let_the_same_out(part: int, stage: Database, course: Course, callers: list[Caller]) -> None:
    rules = Compiled(course.world).by_patient
    selectors = selectors_of(rule for each in rules.values() for rule in each)
    with pytest.raises(Undone), stage.write() as writer:
        contents = write(writer, course)
        facts = {
            pk: Facts(
                course.patients[name],
                CUSTODIAN,
                confidentiality_of(body),
                kind(course.world, body, selectors),
                body["id"] if body["resourceType"] == "Consent" else None,
            )
            for pk, (name, body) in contents.items()
        }
        for caller in callers:
            eyes = sight(caller)
            decide = decider(eyes, rules)
            open = {pk: decision for pk in contents if (decision := decide(facts[pk])).permits}
            assert {pk for (pk,) in writer.all(EVERY, parameters(eyes))} == set(open), caller
            assert writer.one(MANY, parameters(eyes)) == (len(open),)
            found = {row.pk: row for row in history.history(writer, eyes, TYPES, count=100)}
            assert {pk: set(row.consents) for pk, row in found.items()} == {
                pk: set(named(decision)) for pk, decision in open.items()
            }
            cut = {pk for pk, decision in open.items() if decision.redacts and not found[pk].is_deleted}
            assert {pk for pk, row in found.items() if row.redacts} == cut
        raise Undone
