"""Law 11: every version ever approved stays; AuditEvent and Provenance never change."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from itertools import product

import pytest

import gateway.store
from gateway.rules.audit import Act
from gateway.store import index, reclassifying, resources, succession
from gateway.store.resources import New
from gateway.usecases import clients
from tests.house import House

# What is only ever added to, and which of its columns tells no more than that there is a newer row.
KEPT: dict[str, tuple[str, ...]] = {
    "audit": (),
    "resource": ("is_current", "kind_pk"),
    "publication": (),
    "draft_revision": (),
    "submission_part": (),
    "transcript": (),
    "session": (),
}


def kept(house: House) -> dict[str, dict[str, object]]:
    """Every row of the kept tables by its number, without the columns that may change."""
    found: dict[str, dict[str, object]] = {}
    for table, passing in KEPT.items():
        columns = [name for _, name, *_ in house.rows(f"PRAGMA table_info({table})") if name not in passing]
        rows = house.rows(f"SELECT rowid, {', '.join(columns)} FROM {table}")
        found[table] = {str(key): values for key, *values in rows}
    return found


def test_nothing_that_was_ever_kept_changes_on_the_whole_road(house: House) -> None:
    before = kept(house)

    def unchanged() -> None:
        nonlocal before
        after = kept(house)
        for table, rows in before.items():
            assert {key: after[table].get(key) for key in rows} == rows, table
        before = after

    consent = house.grant()
    draft, second, third = (house.draft(f"s-{number}") for number in range(3))
    unchanged()
    house.rewrite(draft, "In her own words.")
    made = house.approve(draft)
    unchanged()
    house.step(second, "rejection", body={"reason": "Not what was said."})
    house.step(third, "return", body={"reason": "Once more, please."})
    house.rewrite(third, "Taken up again.")
    house.approve(third)
    house.step(draft, "approval")
    unchanged()
    assert house.get(f"/fhir/DocumentReference/{made['DocumentReference']}", house.ehr).status_code == 200
    house.get(f"/lineage/Composition/{made['Composition']}", house.auditor)
    house.revoke(consent)
    clients.disable(house.world.services, house.cast.ehr.id)
    unchanged()
    assert len(before["audit"]) > 20


def test_a_former_version_is_served_as_it_was(house: House) -> None:
    consent = house.grant()
    first = house.get(f"/fhir/Consent/{consent}", house.own_ehr)
    house.revoke(consent)
    assert house.get(f"/fhir/Consent/{consent}/_history/1", house.own_ehr).content == first.content
    statuses = [version["status"] for version in house.found(f"/fhir/Consent/{consent}/_history", house.own_ehr)]
    assert statuses == ["inactive", "active"]


@pytest.mark.spec("F-088")
def test_no_writer_changes_what_was_approved_nor_the_log(house: House) -> None:
    """Not even the custodian's own EHR with every scope, and a request that is well formed."""
    made = house.approve(house.draft())
    event = house.found("/fhir/AuditEvent?_count=1", house.auditor)[0]["id"]
    before = house.rows("SELECT count(*), sum(length(text)) FROM resource")
    patch = [{"op": "add", "path": "/language", "value": "en"}]
    places = [f"{kind}/{id}" for kind, id in made.items()] + [f"AuditEvent/{event}"]
    for method, place in product(
        ("PUT", "PATCH", "DELETE"), [*places, f"Composition/{made['Composition']}/_history/1"]
    ):
        kind, id = place.split("/")[:2]
        body = patch if method == "PATCH" else {"resourceType": kind, "id": id}
        media = "application/json-patch+json" if method == "PATCH" else "application/fhir+json"
        headers = {"Content-Type": media, "If-Match": 'W/"1"'}
        answer = house.ask(method, f"/fhir/{place}", house.writer, json=body, headers=headers)
        assert answer.status_code in (404, 405), (method, place, answer.text)
    assert house.rows("SELECT count(*), sum(length(text)) FROM resource") == before


@pytest.mark.parametrize("kind", ["Provenance", "AuditEvent"])
def test_the_store_adds_no_second_version_to_what_never_changes(house: House, kind: str) -> None:
    services, entry = house.world.services, house.world.scribe.entry(Act.UPDATE, None)
    new = New({"resourceType": kind, "id": "x", "target": []}, None, None)
    with services.database.write() as writer:
        resources.publish(writer, entry, new)
    with pytest.raises(succession.NeverChanges), services.database.write() as writer:
        resources.publish(writer, entry, new)
    assert house.rows("SELECT version FROM resource WHERE id = 'x'") == [(1,)]


def changes() -> Iterator[tuple[str, str, str]]:
    """Each UPDATE and DELETE that the store can say: the verb, its table, and where."""
    for module in pkgutil.iter_modules(gateway.store.__path__):
        source = inspect.getsource(importlib.import_module(f"gateway.store.{module.name}"))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("update", "delete"):
                yield node.func.id, ast.unparse(node.args[0]), module.name


def test_the_store_has_no_words_to_change_what_is_kept() -> None:
    said = set(changes())
    assert ("update", "resource", "resources") in said
    on_kept = {(verb, table, place) for verb, table, place in said if table in KEPT}
    assert on_kept == {
        *(("update", "resource", place) for place in ("resources", "index", "reclassifying")),
        ("delete", "submission_part", "submissions"),  # of what was refused, when the patient refuses AI
    }
    assert "is_current=false()" in inspect.getsource(resources)
    assert "values(indexed_by=" in inspect.getsource(index)
    assert set(re.findall(r"values\((\w+)=", inspect.getsource(reclassifying))) == {"kind_pk", "patient_id"}


def test_the_store_writes_no_sql_by_hand() -> None:
    for module in pkgutil.iter_modules(gateway.store.__path__):
        source = inspect.getsource(importlib.import_module(f"gateway.store.{module.name}")).upper()
        for words in ("UPDATE ", "DELETE FROM", "DROP ", "REPLACE INTO"):
            assert f'"{words}' not in source, module.name
