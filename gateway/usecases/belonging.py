"""A patient's record as one caller may see it: the compartment, what tells of it, and what it refers to.

Hidden resources bring nothing along: only what the caller could search for is asked for what tells of it and for what
it refers to, and of that only what the caller could read stays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gateway.errors import Forbidden, Gone, NotFound
from gateway.fhir.care_dates import CARE_DATES
from gateway.fhir.compartments import PATIENT
from gateway.fhir.dates import Interval
from gateway.fhir.references import ID
from gateway.fhir.search.table import TYPES
from gateway.rules.restrictions import EVERYTHING
from gateway.rules.scopes import access, allows
from gateway.store import belonging, resources
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.scoping import only_in_scope

# R4's compartment has no Task and no Device. Its Provenance is that of the patient alone; `telling_of` finds the rest.
_BEYOND = {"Task": ("patient",), "Device": ("patient",)}
_LOG = "AuditEvent"  # made of the log's rows when asked for: nothing that belongs to a record
LINKS: dict[str, tuple[str, ...]] = {
    type: codes for type, codes in {**PATIENT, **_BEYOND}.items() if type in TYPES and type != _LOG
}
# What is in no patient's compartment: it is there for those who refer to it.
SHARED: tuple[str, ...] = tuple(
    type for type in TYPES if type not in PATIENT and type not in ("Binary", "Subscription", "Task")
)


def patient_of(db: Reader, asked: Asked, id: str) -> Stored:
    """The patient whose record is asked for. Raises Forbidden beyond the scopes, and as a read NotFound and Gone."""
    if not allows(asked.caller.scopes, "Patient", "r"):
        raise Forbidden
    found = resources.read(db, asked.visibility, "Patient", id) if ID.match(id) else None
    if found is None or not only_in_scope(asked.caller, [found], "r"):
        raise NotFound
    if found.is_deleted:
        raise Gone
    return found


def compartment(
    db: Reader,
    asked: Asked,
    patient_id: str,
    types: Collection[str] = tuple(LINKS),
    *,
    within: Interval | None = None,
    whole: bool = False,
) -> list[Stored]:
    """What names the patient, of these types as far as the scopes go, by type and id; outlines unless `whole`."""
    scopes = asked.caller.scopes
    open_types = [type for type in types if EVERYTHING in access(scopes, type, "s")]
    # A granular scope looks into the resource, so its text is needed.
    partly = [type for type in types if type not in open_types and access(scopes, type, "s")]
    found: list[Stored] = []
    for some, with_text in ((open_types, whole), (partly, True)):
        links = tuple((type, LINKS[type]) for type in some)
        found += belonging.compartment(
            db, asked.visibility, patient_id, links, dates=CARE_DATES, within=within, whole=with_text
        )
    return sorted(only_in_scope(asked.caller, found, "s"), key=lambda row: (row.type, row.id))


def telling_of(db: Reader, asked: Asked, rows: Sequence[Stored]) -> list[Stored]:
    """The Provenance of these rows."""
    if not access(asked.caller.scopes, "Provenance", "s"):
        return []
    return _readable(db, asked, belonging.telling_of(db, asked.visibility, rows), "s")


def referred(db: Reader, asked: Asked, rows: Sequence[Stored]) -> list[Stored]:
    """What the rows refer to beyond the compartment, and what that refers to in turn: a role has its practitioner."""
    near = _readable(db, asked, belonging.referred(db, asked.visibility, rows, SHARED), "r")
    far = _readable(db, asked, belonging.referred(db, asked.visibility, near, SHARED), "r")
    found = {row.pk: row for row in (*near, *far)}
    return sorted(found.values(), key=lambda row: (row.type, row.id))


def texts(db: Reader, asked: Asked, rows: Sequence[Stored]) -> list[Stored]:
    return belonging.texts(db, asked.visibility, rows)


def _readable(db: Reader, asked: Asked, rows: Sequence[Stored], letter: str) -> list[Stored]:
    """Those that the scopes let through; the text is fetched only for those that a granular scope must look into."""
    partly = [row for row in rows if EVERYTHING not in access(asked.caller.scopes, row.type, letter)]
    whole = {row.pk: row for row in texts(db, asked, partly)} if partly else {}
    return only_in_scope(asked.caller, [whole.get(row.pk, row) for row in rows], letter)
