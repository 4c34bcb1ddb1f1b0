"""Consents as the rows that queries join, and the Consent resources they were compiled from.

All rules of a patient are made at once, since one consent may end another; whoever asks next, in whichever process,
asks the new ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, literal_column, select

from gateway.fhir.json import parse
from gateway.rules.access import Visibility
from gateway.rules.audit import AuditEntry
from gateway.rules.consent import Rule
from gateway.rules.consent_compile import compile_all, selectors_of
from gateway.store import directory
from gateway.store.audit import record
from gateway.store.classifying import selectors_of as singled_out
from gateway.store.database import Reader, Writer
from gateway.store.deciding import RULE, rule_of
from gateway.store.directory import Directory
from gateway.store.kinds import keep_shapes
from gateway.store.reclassifying import classify_patient
from gateway.store.resources import COLUMNS, Stored, permitted, stored
from gateway.store.statements import Prepared, Rows
from gateway.store.tables import consent_rule, consent_selector, resource, shape
from gateway.store.times import micros
from gateway.store.visible import parameters, shielded

_CURRENT = (
    resource.c.type == literal_column("'Consent'"),
    resource.c.patient_id == bindparam("patient_id"),
    resource.c.is_current,
)
# What is compiled, and never given out.
_WORDS = Prepared(
    select(resource.c.text, resource.c.version).where(*_CURRENT, ~resource.c.is_deleted).order_by(resource.c.id)
)
_OF_PATIENT = shielded(select(*COLUMNS).where(*_CURRENT).order_by(resource.c.updated_at.desc(), resource.c.pk.desc()))
_STANDING = Prepared(
    select(*RULE)
    .join(shape, shape.c.pk == consent_rule.c.shape_pk)
    .where(consent_rule.c.patient_id == bindparam("patient_id"))
    .order_by(consent_rule.c.consent_id, consent_rule.c.place)
)
_FORGET = Prepared(delete(consent_rule).where(consent_rule.c.patient_id == bindparam("the_patient")))
_DISREGARD = Prepared(delete(consent_selector).where(consent_selector.c.patient_id == bindparam("the_patient")))
_RULES = Rows(consent_rule, [column.name for column in consent_rule.columns])
_SELECTORS = Rows(consent_selector, ("patient_id", "selector_id", "body"))


def recompile(writer: Writer, audit: AuditEntry, patient_id: str) -> None:
    """Let the current Consents of a patient stand, as they are kept, and nothing else."""
    writer.alone()
    words = [(parse(bytes(text)), version) for text, version in writer.all(_WORDS, {"patient_id": patient_id})]
    known = Directory(writer)
    rules = compile_all(words, known)
    directory.note(writer, audit, patient_id, known.named)
    enforce(writer, audit, patient_id, rules)


def enforce(writer: Writer, audit: AuditEntry, patient_id: str, rules: Sequence[Rule]) -> None:
    """Let exactly these rules stand for a patient, for every process's next statement."""
    writer.alone()
    shapes = keep_shapes(writer, {rule.shape for rule in rules})
    writer.run(_FORGET, {"the_patient": patient_id})
    rows = [(patient_id, rule.consent_id, place, *_said(rule, shapes)) for place, rule in enumerate(rules)]
    _write(writer, _RULES, rows)
    _single_out(writer, patient_id, rules)
    record(writer, audit)


def of_patient(db: Reader, visibility: Visibility, patient_id: str) -> list[Stored]:
    """The current Consents of a patient, newest first."""
    rows = db.all(_OF_PATIENT, {**parameters(visibility), "patient_id": patient_id})
    return permitted(db, visibility, [stored(row) for row in rows])


def standing(db: Reader, visibility: Visibility, patient_id: str) -> list[Rule]:
    """All that stands for a patient, valid now or not, for whomever, by the Consents that the visibility shows."""
    shown = {each.id for each in of_patient(db, visibility, patient_id)}
    rules = [rule_of(*row) for row in db.all(_STANDING, {"patient_id": patient_id})]
    return [rule for rule in rules if rule.consent_id in shown]


def in_force(db: Reader, visibility: Visibility, patient_id: str) -> list[Rule]:
    """What of that is valid now."""
    rules = standing(db, visibility, patient_id)
    return [rule for rule in rules if rule.valid_from <= visibility.at < rule.valid_until]


def _said(rule: Rule, shapes: dict[str, int]) -> tuple[Any, ...]:
    span = micros(rule.valid_from), micros(rule.valid_until)
    shape = shapes[rule.shape.id]
    return rule.recipient, rule.purpose, rule.weight, shape, *span, rule.consent_version, rule.path


def _single_out(writer: Writer, patient_id: str, rules: Sequence[Rule]) -> None:
    """If the consents single out other content than before, all of the patient's is compared with that."""
    now = selectors_of(rules)
    if [one.id for one in now] == [one.id for one in singled_out(writer, [patient_id]).get(patient_id, ())]:
        return
    writer.run(_DISREGARD, {"the_patient": patient_id})
    _write(writer, _SELECTORS, [(patient_id, one.id, one.body) for one in now])
    classify_patient(writer, patient_id)


def _write(writer: Writer, rows: Rows, values: Sequence[Sequence[Any]]) -> None:
    for prepared, bound in rows.statements(values):
        writer.run(prepared, bound)
