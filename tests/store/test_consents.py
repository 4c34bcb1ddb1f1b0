"""Rules as rows: shared shapes, replaced as a whole, gone for every process at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.rules.access import Visibility
from gateway.rules.audit import AuditEntry
from gateway.rules.consent import Rule
from gateway.store import consents, resources
from gateway.store.database import Database
from tests.permits import permit

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)

READER = """
import sys
from datetime import UTC, datetime
from gateway.rules.access import Visibility
from gateway.store import resources
from gateway.store.database import Database
database = Database(sys.argv[1], bytes.fromhex(sys.argv[2]))
visibility = Visibility("hospital", "TREAT", datetime.fromisoformat(sys.argv[3]))
for line in sys.stdin:
    with database.read() as db:
        found = resources.read(db, visibility, "DocumentReference", "d1")
    print("seen" if found else "nothing", flush=True)
"""


@pytest.fixture
def enforce(database: Database, entry: Callable[..., AuditEntry]) -> Callable[..., None]:
    def make(*rules: Rule, patient: str = "p1") -> None:
        with database.write() as writer:
            consents.enforce(writer, entry(), patient, rules)

    return make


def sees(database: Database, visibility: Visibility) -> tuple[str, ...] | None:
    """The consents under which the document is seen; None when it is not."""
    with database.read() as db:
        found = resources.read(db, visibility, "DocumentReference", "d1")
    return found.consents if found else None


def count(database: Database, table: str) -> int:
    with database.read() as db:
        found: int = db.connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
        return found


def test_a_permit_opens_the_record_and_is_named(
    database: Database, publish: Callable[..., Any], enforce: Callable[..., None], seen_by: Callable[..., Visibility]
) -> None:
    publish()
    assert sees(database, seen_by("hospital")) is None
    enforce(permit("p1"))
    assert sees(database, seen_by("hospital")) == ("Consent/c1/_history/1#provision",)
    assert sees(database, seen_by("clinic")) == ()


@pytest.mark.parametrize(
    "other",
    [
        {"patient": "p2"},
        {"recipient": "Organization/insurer"},
        {"purpose": "HPAYMT"},
        {"valid_from": NOON + timedelta(microseconds=1)},
        {"valid_until": NOON},
    ],
    ids=["another patient", "another recipient", "another purpose", "not yet", "no longer"],
)
def test_a_permit_for_something_else_opens_nothing(
    database: Database,
    publish: Callable[..., Any],
    enforce: Callable[..., None],
    seen_by: Callable[..., Visibility],
    other: dict[str, Any],
) -> None:
    publish()
    standing = permit(**{"patient": "p1", **other})
    enforce(standing, patient=standing.patient_id)
    assert sees(database, seen_by("hospital")) is None


def test_the_rules_of_a_patient_are_replaced_as_a_whole(database: Database, enforce: Callable[..., None]) -> None:
    enforce(permit("p1"), permit("p1", purpose="COC"))
    enforce(permit("p2"), patient="p2")
    enforce(permit("p1", consent_version=2))
    assert count(database, "consent_rule") == 2
    enforce()
    assert count(database, "consent_rule") == 1


def test_equal_shapes_are_one_row(database: Database, enforce: Callable[..., None]) -> None:
    for number in range(5):
        enforce(permit(f"p{number}"), patient=f"p{number}")
    assert count(database, "consent_rule") == 5
    assert count(database, "shape") == 1


def test_a_revocation_reaches_another_process_at_its_next_read(
    database: Database, place: Any, publish: Callable[..., Any], enforce: Callable[..., None]
) -> None:
    publish()
    enforce(permit("p1"))
    with subprocess.Popen(
        [sys.executable, "-c", READER, place.url, place.key.hex(), NOON.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:

        def ask() -> str:
            assert other.stdin is not None and other.stdout is not None
            other.stdin.write("?\n")
            other.stdin.flush()
            return other.stdout.readline().strip()

        assert [ask(), ask()] == ["seen", "seen"]
        enforce()
        assert ask() == "nothing"
        enforce(permit("p1", consent_version=2))
        assert ask() == "seen"
        other.communicate()
    assert other.returncode == 0


def test_the_consents_of_a_patient_are_the_custodians_to_list(
    database: Database, publish: Callable[..., Any], seen_by: Callable[..., Visibility]
) -> None:
    first, second = publish("Consent", "c1"), publish("Consent", "c2")
    publish("Consent", "c3", patient="p2")
    publish("DocumentReference", "d1")
    with database.read() as db:
        assert consents.of_patient(db, seen_by("clinic"), "p1") == [second, first]
        assert consents.of_patient(db, seen_by("elsewhere"), "p1") == []
