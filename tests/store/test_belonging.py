"""What belongs to a patient, and what an AI may be told of it, is found by indexes, however much the others have."""

from __future__ import annotations

import pytest

from gateway.fhir.care_dates import CARE_DATES
from gateway.rules.access import Visibility
from gateway.rules.patient_context import BODILY, CORRECTIONS, DONE
from gateway.store import belonging, patient_context
from gateway.store.database import Database
from gateway.store.visible import parameters
from gateway.usecases.belonging import LINKS, SHARED
from tests.store.conftest import NOON

VALUES = {"patient": "p", "first": 0, "last": 1} | {f"m{place}": place for place in range(512)}
STATEMENTS = {
    "compartment": belonging._compartment(tuple(LINKS.items()), (), False),
    "compartment of a time": belonging._compartment(tuple(LINKS.items()), CARE_DATES, True),
    "what tells of them": belonging._telling_of(512),
    "what they refer to": belonging._referred(SHARED, 512),
    "texts": belonging._texts(512),
    "items of a context": patient_context._dated((("Observation", LINKS["Observation"]),), ("date",), ()),
    "disputes": patient_context._dated((("Task", LINKS["Task"]),), ("authored-on", "sent"), CORRECTIONS),
    "numbers": patient_context._numbers((("Observation", LINKS["Observation"]),), tuple(DONE), tuple(BODILY)),
    "what stands in their place": patient_context._beside(512),
}


@pytest.mark.spec("F-149")
@pytest.mark.parametrize("name", STATEMENTS)
def test_no_table_is_read_from_end_to_end(database: Database, name: str) -> None:
    compiled = STATEMENTS[name].on(database.engine.dialect)
    values = compiled.bind({**parameters(Visibility("clinic", "TREAT", NOON)), **VALUES})
    with database.read() as db:
        steps = db.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled.sql}", values).all()
    read = [step[3] for step in steps if step[3].startswith("SCAN")]
    assert [step for step in read if "USING" not in step and "SUBQUERY" not in step and "CONSTANT" not in step] == []
    assert any("ix_reference" in step[3] or "PRIMARY KEY" in step[3] for step in steps)
