"""Psychotherapy notes: sealed under a key of their own, in a table that nothing else reads.

Whether a note may be read is decided before it is unsealed, whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update

from gateway.rules.access import Visibility
from gateway.rules.audit import AuditEntry
from gateway.rules.consent_compile import selectors_of
from gateway.rules.psychotherapy import Note, decide_note
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.deciding import rules_of
from gateway.store.statements import Prepared, up_to
from gateway.store.tables import psychotherapy_note
from gateway.store.times import micros, moment
from gateway.store.vault import Vault


class Opened(NamedTuple):
    """A note that may be read; `consents` permitted it, none to its author."""

    note: Note
    text: str
    consents: tuple[str, ...]


_FIELDS = ("id", "version", "patient_id", "custodian_id", "author_id", "session_at", "written_at")
_TIMES = ("session_at", "written_at")
_VERSIONS = select(*(psychotherapy_note.c[name] for name in (*_FIELDS, "sealed")))
_CURRENT = _VERSIONS.where(psychotherapy_note.c.is_current)
_BY_ID = Prepared(_CURRENT.where(psychotherapy_note.c.id == bindparam("id")))
_OF_PATIENT = Prepared(
    _CURRENT.where(psychotherapy_note.c.patient_id == bindparam("patient_id"))
    .order_by(psychotherapy_note.c.session_at.desc(), psychotherapy_note.c.id)
    .limit(up_to("count"))
)
_HISTORY = Prepared(
    _VERSIONS.where(psychotherapy_note.c.id == bindparam("id")).order_by(psychotherapy_note.c.version.desc())
)
_INSERT = Prepared(insert(psychotherapy_note), [*_FIELDS, "is_current", "sealed"])
_SUPERSEDE = Prepared(
    update(psychotherapy_note)
    .where(
        psychotherapy_note.c.id == bindparam("the_id"),
        psychotherapy_note.c.version == bindparam("former"),
        psychotherapy_note.c.is_current,
    )
    .values(is_current=False)
)


def read(db: Reader, visibility: Visibility, vault: Vault, id: str) -> Opened | None:
    """The current version; None for what is not there or not permitted."""
    return next(_opened(db, visibility, vault, db.all(_BY_ID, {"id": id})), None)


def of_patient(db: Reader, visibility: Visibility, vault: Vault, patient_id: str, *, count: int) -> list[Opened]:
    """The current notes on a patient that may be read, the latest session first."""
    return list(_opened(db, visibility, vault, db.all(_OF_PATIENT, {"patient_id": patient_id, "count": count})))


def history(db: Reader, visibility: Visibility, vault: Vault, id: str) -> list[Opened]:
    """Every version that may be read, the latest first."""
    return list(_opened(db, visibility, vault, db.all(_HISTORY, {"id": id})))


def add(writer: Writer, audit: AuditEntry, vault: Vault, note: Note, text: str) -> bool:
    """Keep a version, sealed; False, and nothing is kept, when the one before it is not current any more."""
    record(writer, audit)
    former = {"the_id": note.id, "former": note.version - 1}
    if note.version > 1 and writer.run(_SUPERSEDE, former) != 1:
        return False
    values = {name: getattr(note, name) for name in _FIELDS}
    values |= {name: micros(values[name]) for name in _TIMES}
    sealed = vault.seal(text.encode(), place=_place(note))
    writer.run(_INSERT, values | {"is_current": True, "sealed": sealed})
    return True


def _opened(db: Reader, visibility: Visibility, vault: Vault, rows: Iterable[tuple[Any, ...]]) -> Iterator[Opened]:
    for *values, sealed in rows:
        named = dict(zip(_FIELDS, values, strict=True))
        note = Note(**named | {name: moment(named[name]) for name in _TIMES})
        consents = _permitting(db, visibility, note)
        if consents is not None:
            yield Opened(note, vault.open(bytes(sealed), place=_place(note)).decode(), consents)


def _permitting(db: Reader, visibility: Visibility, note: Note) -> tuple[str, ...] | None:
    """The consents that let the note out, none for its author; None when nothing does."""
    rules = rules_of(db, visibility, note.patient_id)
    decision = decide_note(note, visibility, rules, selectors_of(rules))
    return tuple(str(reason) for reason in decision.reasons) if decision.permits else None


def _place(note: Note) -> str:
    return f"psychotherapy_note/{note.id}/{note.version}"
