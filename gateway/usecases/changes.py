"""Optimistic writing: everything is decided outside of the write lock, and applied inside it if nothing has changed.

A decision is made on a `Ground`: one consistent state. What it rested on is asked again in the write transaction: the
version that each step follows must still be current, and everything that was `seen` still so. If not, it is decided
anew; the last time inside the transaction, where nothing can come between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gateway.errors import Conflict
from gateway.fhir.json import parse
from gateway.fhir.search.rows import IndexRow
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.membership import COLLECTIVES, meaning_of
from gateway.rules.subjects import subject_of
from gateway.store import audit as audit_rows
from gateway.store import consents, directory, resources
from gateway.store.database import Reader, Writer
from gateway.store.resources import New, Stored
from gateway.store.succession import Stale
from gateway.usecases import alerting
from gateway.usecases.asked import Asked
from gateway.usecases.disclosures import patients_of
from gateway.usecases.services import Services

T = TypeVar("T")
_ATTEMPTS = 3
_METHODS = {Act.PATCH: "PATCH"}


@dataclass(frozen=True, slots=True)
class Step:
    """One version to write; without a `resource` it is a deletion. `former` is the version it was decided upon,
    `patients` are all it names, `rows` what it is found by."""

    act: Act
    type: str
    id: str
    former: Stored | None
    resource: dict[str, Any] | None
    patients: tuple[str, ...]
    custodian_id: str
    rows: tuple[IndexRow, ...] = ()
    is_provisional: bool = False  # stands for what is still to be planned: whose it is, is not known yet

    @property
    def version(self) -> int:
        return self.former.version + 1 if self.former else 1

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"

    @property
    def patient_id(self) -> str | None:
        return subject_of(self.type, self.patients)


# What a planner decides: a version to write, that it stays at one which is there, or that there is nothing to delete.
Planned = Step | Stored | None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a step. Without a change `stored` is the version that was there before; None: nothing was."""

    stored: Stored | None
    created: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """An assumption: `ask` gave this answer."""

    ask: Callable[[Reader], Any]
    answer: Any

    def holds(self, db: Reader) -> bool:
        return bool(self.ask(db) == self.answer)


@dataclass(slots=True)
class Ground:
    """What a decision is made on: who asks, a consistent state, and by `Type/id` the steps already planned beside it,
    which count as done. Steps put in `along` are taken after the planned ones; nobody is answered for them."""

    services: Services
    asked: Asked
    db: Reader
    seen: dict[object, Seen] = field(default_factory=dict)
    beside: dict[str, Step] = field(default_factory=dict)
    along: list[Step] = field(default_factory=list)

    def see(self, key: object, ask: Callable[[Reader], T]) -> T:
        """Ask the state, and remember the answer as an assumption; the same key is asked once."""
        if key not in self.seen:
            self.seen[key] = Seen(ask, ask(self.db))
        answer: T = self.seen[key].answer
        return answer

    def plan(self, step: Step) -> Step:
        """Note the step, so that those planned after it count on it."""
        self.beside[step.reference] = step
        return step


Decide = Callable[[Ground], Sequence[Planned]]


def carry_out(services: Services, asked: Asked, decide: Decide) -> tuple[Written, ...]:
    """Decide, write everything or nothing, and audit it; one answer for each planned, in their order."""
    return carry_out_with(services, asked, decide, lambda _, written: written)


def carry_out_with(
    services: Services, asked: Asked, decide: Decide, conclude: Callable[[Writer, tuple[Written, ...]], T]
) -> T:
    """The same, with something to ask in the write transaction once all is written. Raises what `decide` and
    `conclude` raise, and Conflict when others change the same all the time."""
    for _ in range(_ATTEMPTS):
        with services.database.read() as db:
            ground = Ground(services, asked, db)
            planned = decide(ground)
        try:
            with services.database.write() as writer:
                writer.alone()
                if all(seen.holds(writer) for seen in ground.seen.values()):
                    return conclude(writer, _apply(writer, ground, planned))
        except Stale:
            continue
    try:
        with services.database.write() as writer:
            writer.alone()
            ground = Ground(services, asked, writer)
            return conclude(writer, _apply(writer, ground, decide(ground)))
    except Stale:
        raise Conflict from None


def _apply(writer: Writer, ground: Ground, planned: Sequence[Planned]) -> tuple[Written, ...]:
    asked = ground.asked
    steps = [*(one for one in planned if isinstance(one, Step)), *ground.along]
    stored = _store(writer, asked, steps)
    return tuple(
        _written(one, stored[one.reference]) if isinstance(one, Step) else _left(writer, asked, one) for one in planned
    )


def _written(step: Step, stored: Stored) -> Written:
    is_back = step.former is not None and step.former.is_deleted
    return Written(stored, step.act is Act.CREATE or is_back, changed=True)


def _store(writer: Writer, asked: Asked, steps: Sequence[Step]) -> dict[str, Stored]:
    """What became of each step, by its reference. Everything is gathered first: others wait for the write lock."""
    entries = {step.reference: _entries(asked, step) for step in steps}
    gone = [step.former for step in steps if step.resource is None and step.former is not None]
    made = [(entries[step.reference][0], _new(step)) for step in steps if step.resource is not None]
    stored = [resources.withdraw(writer, entries[f"{one.type}/{one.id}"][0], one) for one in gone]
    stored += resources.publish_all(writer, made)
    audit_rows.record_each(writer, [entry for each in entries.values() for entry in each])
    became = {f"{one.type}/{one.id}": one for one in stored}
    for patient, entry in _recompiled(writer, steps, entries).items():
        consents.recompile(writer, entry, patient)
    for step in steps:
        if step.resource is not None:
            cause = entries[step.reference][0]
            alerting.version_kept(writer, cause, step.resource, step.former, step.patients, step.custodian_id)
    return became


def _recompiled(db: Reader, steps: Sequence[Step], entries: Mapping[str, list[AuditEntry]]) -> dict[str, AuditEntry]:
    """The patients whose rules change, each with what that is recorded by: a Consent of theirs, or whom one names."""
    found: dict[str, AuditEntry] = {}
    for step in steps:
        patients: Sequence[str] = ()
        if step.type == "Consent":
            patients = [each for each in (step.patient_id, step.former and step.former.patient_id) if each]
        elif step.type in COLLECTIVES:
            held = [step.resource, parse(step.former.text) if step.former and not step.former.is_deleted else None]
            named = dict.fromkeys(name for each in held if each for name in meaning_of(each))
            patients = [patient for name in named for patient in directory.patients_naming(db, name)]
        found |= dict.fromkeys(patients, entries[step.reference][0])
    return found


def _new(step: Step) -> New:
    assert step.resource is not None
    after = step.version - 1
    method = _METHODS.get(step.act, "PUT" if step.former else "POST")
    return New(step.resource, step.patient_id, step.custodian_id, method, step.rows, after, step.patients)


def _entries(asked: Asked, step: Step) -> list[AuditEntry]:
    """One for each patient the step is about."""
    target = f"{step.reference}/_history/{step.version}"
    whose: Sequence[str | None] = step.patients or (None,)
    return [asked.entry(step.act, target, patient_id=each, custodian_id=step.custodian_id) for each in whose]


def _left(writer: Writer, asked: Asked, stored: Stored | None) -> Written:
    """Nothing is written; what is there is given out, and that is recorded."""
    if stored is None:
        audit_rows.record(writer, asked.entry(Act.DELETE, None))
        return Written(None)
    target = f"{stored.type}/{stored.id}/_history/{stored.version}"
    detail = {"consents": list(stored.consents)} if stored.consents else None
    act = Act.DELETE if stored.is_deleted else Act.READ
    for whose in patients_of(stored) or (None,):
        entry = asked.entry(act, target, patient_id=whose, custodian_id=stored.custodian_id, detail=detail)
        audit_rows.record(writer, entry)
    return Written(stored)
