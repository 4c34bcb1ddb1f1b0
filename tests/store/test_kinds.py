"""Of which kind content is, is decided when it is written, and again when what that rests on changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.fhir.labels import CONFIDENTIALITY, label
from gateway.rules.access import Visibility
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.selector import Selector
from gateway.rules.shape import Effect, Shape
from gateway.store import binaries, consents, reindexing, resources, tables
from gateway.store.database import Database
from gateway.store.resources import New, Stored
from tests.permits import NOON, deny, permit
from tests.store.plans import plan

ENTRY = AuditEntry(Act.CREATE, NOON, None)
EHR = "Organization/ehr"


@pytest.fixture
def keep(database: Database) -> Callable[..., Stored]:
    def make(
        type: str, id: str, *patients: str, level: str = "R", custodian: str = "clinic", **elements: Any
    ) -> Stored:
        body = label({"resourceType": type, "id": id, **elements}, CONFIDENTIALITY[level])
        whose = "*" if len(patients) > 1 else patients[0] if patients else None
        with database.write() as writer:
            return resources.publish(writer, ENTRY, New(body, whose, "clinic", patients=patients))

    return make


@pytest.fixture
def enforce(database: Database) -> Callable[..., None]:
    def make(patient: str, *rules: Any) -> None:
        with database.write() as writer:
            consents.enforce(writer, ENTRY, patient, rules)

    return make


@pytest.fixture
def seen(database: Database) -> Callable[..., bool]:
    def ask(reference: str, organization: str = "ehr", **who: Any) -> bool:
        type, _, id = reference.partition("/")
        with database.read() as db:
            return resources.read(db, Visibility(organization, "TREAT", NOON, **who), type, id) is not None

    return ask


def marked(effect: Effect, *selectors: Selector) -> Shape:
    return Shape(effect, marks=(frozenset(each.id for each in selectors),))


def test_a_selector_means_what_was_there_before_the_consent(
    keep: Callable[..., Stored], enforce: Callable[..., None], seen: Callable[..., bool]
) -> None:
    keep("Condition", "k", "ann", recorder={"reference": "Practitioner/p"})
    keep("Condition", "other", "ann", recorder={"reference": "Practitioner/q"})
    mine = marked(Effect.PERMIT, Selector("authoredby", ("Practitioner/p",)))
    enforce("ann", permit("ann", EHR, shape=mine))
    assert (seen("Condition/k"), seen("Condition/other")) == (True, False)
    keep("Condition", "k", "ann", recorder={"reference": "Practitioner/q"})
    assert not seen("Condition/k")


def test_what_an_anchor_refers_to_no_more_is_related_no_more(
    keep: Callable[..., Stored], enforce: Callable[..., None], seen: Callable[..., bool]
) -> None:
    for id in ("k1", "k2"):
        keep("Condition", id, "ann")
    related = marked(Effect.PERMIT, Selector("related", ("Encounter/e",)))
    enforce("ann", permit("ann", EHR, shape=related))
    keep("Encounter", "e", "ann", diagnosis=[{"condition": {"reference": "Condition/k1"}}])
    assert (seen("Condition/k1"), seen("Condition/k2")) == (True, False)
    keep("Encounter", "e", "ann", diagnosis=[{"condition": {"reference": "Condition/k2"}}])
    assert (seen("Condition/k1"), seen("Condition/k2")) == (False, True)


def test_an_anchor_relates_what_is_about_others_than_itself(
    keep: Callable[..., Stored], enforce: Callable[..., None], seen: Callable[..., bool]
) -> None:
    keep("Condition", "k", "ann", "bob")
    keep("Encounter", "e", "ann")
    enforce("ann", permit("ann", EHR))
    enforce("bob", permit("bob", EHR, shape=marked(Effect.PERMIT, Selector("related", ("Encounter/e",)))))
    assert not seen("Condition/k")
    keep("Encounter", "e", "ann", diagnosis=[{"condition": {"reference": "Condition/k"}}])
    assert seen("Condition/k")
    keep("Encounter", "e", "ann")
    assert not seen("Condition/k")


@pytest.mark.parametrize("whose", [(), ("bob",)])
def test_an_anchor_relates_what_tells_of_what_is_about_nobody_or_another(
    keep: Callable[..., Stored], enforce: Callable[..., None], seen: Callable[..., bool], whose: tuple[str, ...]
) -> None:
    keep("Location", "l", *whose)
    keep("Provenance", "v", *whose, target=[{"reference": "Location/l"}])
    keep("Provenance", "of-it", "ann", target=[{"reference": "Provenance/v"}])
    related = marked(Effect.DENY, Selector("related", ("Encounter/e",)))
    enforce("bob", permit("bob", EHR))
    enforce("ann", permit("ann", EHR), deny("ann", EHR, shape=related))
    assert seen("Provenance/of-it")
    keep("Encounter", "e", "ann", location=[{"location": {"reference": "Location/l"}}])
    assert not seen("Provenance/of-it")


def test_a_provenance_is_as_visible_as_its_target_is_now(
    keep: Callable[..., Stored], enforce: Callable[..., None], seen: Callable[..., bool]
) -> None:
    enforce("ann", permit("ann", EHR))
    keep("Provenance", "v", "ann", level="N", target=[{"reference": "Condition/k"}])
    assert not seen("Provenance/v"), "nobody knows what it tells of"
    assert seen("Provenance/v", "clinic")
    keep("Condition", "k", "ann", level="R")
    assert seen("Provenance/v")
    keep("Condition", "k", "ann", level="V")
    assert not seen("Provenance/v")


def test_what_is_about_several_takes_the_consent_of_each(
    database: Database, keep: Callable[..., Stored], enforce: Callable[..., None], seen: Callable[..., bool]
) -> None:
    both = keep("Condition", "k", "ann", "bob")
    enforce("ann", permit("ann", EHR))
    assert not seen("Condition/k")
    enforce("bob", permit("bob", EHR))
    assert seen("Condition/k")
    with database.write() as writer:
        resources.withdraw(writer, ENTRY, both)
    assert seen("Condition/k"), "its deletion is seen by those who saw it"
    enforce("bob", permit("bob", EHR), deny("bob", EHR))
    assert not seen("Condition/k")
    assert seen("Condition/k", "clinic")
    enforce("bob", deny("bob", "Practitioner/ex"))
    assert not seen("Condition/k", "clinic", practitioner_id="ex")
    assert seen("Condition/k", "clinic", practitioner_id="another")


def test_a_document_that_is_opened_opens_what_it_attaches_but_nothing_more_restricted(
    database: Database, keep: Callable[..., Stored], enforce: Callable[..., None]
) -> None:
    for id, level in (("b", "R"), ("v", "V")):
        keep("Binary", id, level=level, contentType="text/plain", data="aGk=")
        content = [{"attachment": {"url": f"Binary/{id}"}}]
        keep("DocumentReference", f"d{id}", "ann", status="current", content=content)
    enforce("ann", permit("ann", EHR))
    sight = Visibility("ehr", "TREAT", NOON)
    with database.read() as db:
        opened = {id: binaries.opened(db, sight, id, None) for id in ("b", "v")}
    assert opened["b"] is not None and opened["b"].consents == ("Consent/c1/_history/1#provision",)
    assert opened["v"] is None


def test_what_was_never_classified_is_its_custodians_until_that_is_done(
    database: Database, keep: Callable[..., Stored], enforce: Callable[..., None], seen: Callable[..., bool]
) -> None:
    keep("Condition", "k", "ann", "bob", subject={"reference": "Patient/ann"}, asserter={"reference": "Patient/bob"})
    keep("Provenance", "v", "ann", "bob", target=[{"reference": "Condition/k"}])
    for patient in ("ann", "bob"):
        enforce(patient, permit(patient, EHR))
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE resource SET kind_pk = 0")
        for table in ("subject", "target"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    named = ("Condition/k", "Provenance/v")
    assert [seen(each) for each in named] == [False, False]
    assert [seen(each, "clinic") for each in named] == [True, True]
    with database.write() as writer:
        assert reindexing.go_on(writer, ENTRY, count=10) == 2
    assert [seen(each) for each in named] == [True, True]


def test_equal_content_is_one_kind_and_equal_rules_are_one_shape(
    database: Database, keep: Callable[..., Stored], enforce: Callable[..., None]
) -> None:
    for number in range(5):
        keep("Condition", f"k{number}", f"p{number}")
        enforce(f"p{number}", permit(f"p{number}", EHR, valid_until=NOON + timedelta(days=number)))
    assert [rows(database, table) for table in ("kind", "shape", "consent_rule")] == [1, 2, 5]


def rows(database: Database, table: str) -> int:
    with database.read() as db:
        return int(db.connection.execute(select(func.count()).select_from(tables.metadata.tables[table])).scalar_one())


@pytest.fixture
def steps(database: Database) -> Iterator[list[str]]:
    with database.read() as db:
        yield plan(db, resources._READ, {"type": "Condition", "id": "k"})


def test_a_row_is_judged_by_keys_alone(steps: list[str]) -> None:
    assert [step for step in steps if step.startswith("SCAN")] == []
    of_patient = [step for step in steps if "consent_rule" in step]
    assert set(of_patient) == {"SEARCH consent_rule USING PRIMARY KEY (patient_id=?)"}
    met = [step for step in steps if "shape_kind" in step]
    assert set(met) == {"SEARCH shape_kind USING PRIMARY KEY (shape_pk=? AND kind_pk=?)"}
    assert not any("TEMP B-TREE" in step for step in steps)
