"""A hundred thousand patients, each under a consent of one of 300 shapes, in a database of their own.

One patient of each shape walks the road: registered, observed and consented over the FHIR API, so that everything the
gateway keeps of it is the gateway's own. The others are copies of these rows under ids of their own; of the search
index those rows are copied that the measured searches ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, text

from gateway import wiring
from gateway.fhir.json import dump
from gateway.rules.access import Caller
from gateway.rules.cases.held import GAD7, PHQ9, score
from gateway.rules.cases.said import consent, deny, permit
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.usecases import register
from gateway.usecases.asked import Asked
from tests.benchmarks.stage import Role, answered, role, within

SHAPES, PATIENTS = 300, 100_000
SPARSE = 3  # of the 300 shapes, the patients of so many name the sparse recipient too: one in a hundred
_TYPES = ("Condition", "Procedure", "Encounter", "CarePlan", "Goal", "Task", "Consent", "List", "Flag")
_SENSITIVE = ("PSY", "SDV", "HIV", "SUD", "SEX")
_ASKED = ("code", "date", "patient", "subject")
_FHIR = {"content-type": "application/fhir+json"}


@dataclass(frozen=True)
class Population:
    settings: Settings
    dense: Role  # every patient permits it
    sparse: Role  # one in a hundred does
    nobody: Role  # no patient does
    staff: Role  # of the custodian, and may record consents
    patient: str  # one of those who permit both
    score: str  # an Observation of that one


def prepare(folder: Path, port: int, patients: int = PATIENTS) -> Population:
    """Fill the database in `folder`."""
    folder.mkdir()
    settings = Settings(home=folder, port=port, public_url=f"http://127.0.0.1:{port}", database_url=None)
    with wiring.running(settings) as services:
        operator = Asked(Caller("bench", "bench", "none", frozenset(), "HOPERAT"), services.clock())
        places = [
            register.organization(services, operator, name, [("urn:example:org", name)]).id
            for name in ("Custodian", "Dense", "Sparse", "Nobody")
        ]
        writer = role(services, places[0], "system/*.cruds", "consent")
        dense, sparse, nobody = (role(services, place, "system/*.rs") for place in places[1:])
    with within(settings) as (http, _):

        def post(resource: Any) -> str:
            made = answered(http.post(f"/fhir/{resource['resourceType']}", content=dump(resource), headers=headers))
            return str(made["id"])

        headers = writer.header | _FHIR
        made = [_walked(post, places, number) for number in range(SHAPES)]
    _multiply(settings, -(-patients // SHAPES))
    patient, score = made[0]
    return Population(settings, dense, sparse, nobody, writer, patient, score)


def _walked(post: Callable[[Any], str], places: list[str], number: int) -> tuple[str, str]:
    """The ids of a patient and of one of two scores; the consent is unlike that of any other."""
    custodian, dense, sparse, _ = places
    name = [{"family": f"Rivers{number}", "given": ["Sam"]}]
    managing = {"managingOrganization": {"reference": f"Organization/{custodian}"}}
    patient = post({"resourceType": "Patient", "active": True, "name": name, "gender": "other", **managing})
    about = f"Patient/{patient}"
    first = post(_without_id(score("N", of=about, code=PHQ9, effectiveDateTime=f"2026-{1 + number % 9:02}-01")))
    post(_without_id(score("R", of=about, code=GAD7, effectiveDateTime=f"2026-{1 + number % 9:02}-02")))
    others = [type for bit, type in enumerate(_TYPES) if number >> bit & 1]
    recipients = f"Organization/{dense}" + (f" Organization/{sparse}" if number < SPARSE else "")
    but = deny(labels=_SENSITIVE[number % len(_SENSITIVE)])
    given = consent(
        permit(recipients, "TREAT", types=" ".join(["Patient", "Observation", *others]), but=[but]), of=about
    )
    post({**given, "organization": [{"reference": f"Organization/{custodian}"}]})
    return patient, first


def _without_id(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "id"}


def _multiply(settings: Settings, times: int) -> None:
    """Every patient `times` times, the first of them as it walked."""
    database = Database(settings.database, settings.key("database"))
    with database.engine.begin() as connection:
        step = connection.execute(text("SELECT max(pk) + 1 FROM resource")).scalar_one()
        connection.connection.create_function("other_id", 2, _other_id, deterministic=True)
        connection.execute(text("CREATE TEMP TABLE copy (number INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO copy VALUES (:number)"), [{"number": each} for each in range(1, times)])
        for table in ("resource", "ix_token", "ix_reference", "ix_date", "consent_rule", "consent_selector"):
            _copy(connection, table, step)
        connection.execute(text("ANALYZE"))
    database.close()


@lru_cache(maxsize=1 << 16)
def _other_id(id: str, number: int) -> str:
    """An id as those that are given out: it says nothing of the order in which the rows came."""
    return str(uuid5(UUID(id), str(number)))


def _copy(connection: Connection, table: str, step: int) -> None:
    """Each row about a patient, once for each copy: its own ids and row numbers moved, all else as it is."""
    columns = [row[1] for row in connection.execute(text(f"PRAGMA table_info({table})"))]
    moved = {
        "pk": f"pk + copy.number * {step if table == 'resource' else 10**7}",
        "resource_pk": f"resource_pk + copy.number * {step}",
        "patient_id": "other_id(patient_id, copy.number)",
        "consent_id": "other_id(consent_id, copy.number)",
        "target_id": "CASE target_type WHEN 'Patient' THEN other_id(target_id, copy.number) ELSE target_id END",
    }
    if table == "resource":
        moved["id"] = "other_id(id, copy.number)"
    if table == "ix_date":  # microseconds: of one day, none at the same minute as its original
        moved |= {column: f"{column} + copy.number * 60000000" for column in ("low", "high")}
    names = ", ".join(f"'{name}'" for name in _ASKED)
    asked = f" AND name IN ({names})" if table.startswith("ix_") else ""
    values = ", ".join(moved.get(column, column) for column in columns)
    order = "copy.number, " + ("pk" if "pk" in columns else columns[0])
    connection.execute(
        text(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM copy CROSS JOIN {table}"
            f" WHERE patient_id IS NOT NULL{asked} ORDER BY {order}"
        )
    )
