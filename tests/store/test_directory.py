"""Whom a reference means, through teams, groups and roles, and whose consents name them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.fhir.dates import BEGINNING, END, interval
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.membership import Member
from gateway.store import directory, resources
from gateway.store.database import Database
from gateway.store.directory import Directory
from gateway.store.resources import New

Entry = Callable[..., AuditEntry]


def put(database: Database, entry: Entry, *made: dict[str, Any]) -> None:
    with database.write() as writer:
        for resource in made:
            resources.publish(writer, entry(Act.CREATE), New(resource, None, "clinic"))


def group(id: str, *references: str, **period: str) -> dict[str, Any]:
    members = [{"entity": {"reference": text}, **({"period": period} if period else {})} for text in references]
    return {"resourceType": "Group", "id": id, "type": "person", "actual": True, "member": members}


def members(database: Database, reference: str) -> tuple[set[Member], set[str]]:
    with database.read() as db:
        known = Directory(db)
        return set(known.members(reference)), known.named


def always(*keys: str) -> set[Member]:
    return {Member(key, BEGINNING, END) for key in keys}


def test_a_plain_recipient_means_itself(database: Database) -> None:
    assert members(database, "Organization/o") == (always("Organization/o"), set())


def test_a_group_means_its_members_and_theirs(database: Database, entry: Entry) -> None:
    role = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": {"reference": "Practitioner/p"},
        "organization": {"reference": "Organization/o"},
        "period": {"end": "2027"},
    }
    put(database, entry, group("outer", "Group/inner", "Device/d"), group("inner", "PractitionerRole/r", end="2026"))
    put(database, entry, role)
    found, named = members(database, "Group/outer")
    assert found == always("Device/d") | {Member("Practitioner/p@o", BEGINNING, interval("2026").high)}
    assert named == {"Group/outer", "Group/inner", "PractitionerRole/r"}


def test_groups_that_hold_each_other_end(database: Database, entry: Entry) -> None:
    put(database, entry, group("a", "Group/b", "Practitioner/p"), group("b", "Group/a", "Practitioner/q", end="2026"))
    found, _ = members(database, "Group/a")
    assert found == always("Practitioner/p") | {
        Member(f"Practitioner/{id}", BEGINNING, interval("2026").high) for id in "pq"
    }


def test_a_ladder_of_groups_that_repeat_each_other_is_climbed_once(database: Database, entry: Entry) -> None:
    put(database, entry, *(group(f"g{step}", *[f"Group/g{step + 1}"] * 3) for step in range(40)))
    put(database, entry, group("g40", "Practitioner/p"))
    assert members(database, "Group/g0")[0] == always("Practitioner/p")


def test_what_is_not_known_means_nobody_but_is_remembered(database: Database) -> None:
    assert members(database, "CareTeam/later") == (set(), {"CareTeam/later"})


def test_who_names_a_group_is_found_until_they_name_others(database: Database, entry: Entry) -> None:
    with database.write() as writer:
        directory.note(writer, entry(Act.CONSENT), "ann", {"Group/a", "Group/b"})
        directory.note(writer, entry(Act.CONSENT), "bob", {"Group/a"})
        assert directory.patients_naming(writer, "Group/a") == ["ann", "bob"]
        directory.note(writer, entry(Act.CONSENT), "ann", {"Group/b"})
        assert directory.patients_naming(writer, "Group/a") == ["bob"]
        assert directory.patients_naming(writer, "Group/b") == ["ann"]
