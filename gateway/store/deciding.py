"""The pure rule, asked of rows that leave. What it has to know of them is read once for all rows of one question."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from sqlalchemy import bindparam, select

from gateway.rules.access import Visibility
from gateway.rules.consent import Decision, Facts, Rule, decider
from gateway.rules.content import Kind
from gateway.rules.shape import shape_of
from gateway.rules.subjects import SEVERAL
from gateway.store.classifying import NOTHING
from gateway.store.database import Reader
from gateway.store.kinds import kind_behind
from gateway.store.statements import Prepared
from gateway.store.tables import consent_rule, shape, subject
from gateway.store.times import moment
from gateway.store.visible import DENYING, RECIPIENTS, parameters

# What `rule_of` reads after the patient, in this order.
OF_PATIENT = (
    select(
        consent_rule.c.consent_id,
        consent_rule.c.consent_version,
        consent_rule.c.path,
        consent_rule.c.recipient,
        consent_rule.c.purpose,
        consent_rule.c.weight,
        shape.c.body,
        consent_rule.c.valid_from,
        consent_rule.c.valid_until,
    )
    .join(shape, shape.c.pk == consent_rule.c.shape_pk)
    .where(consent_rule.c.patient_id == bindparam("patient_id"))
    .order_by(consent_rule.c.consent_id, consent_rule.c.place)
)
_RULES = Prepared(OF_PATIENT.where(consent_rule.c.recipient.in_(RECIPIENTS), consent_rule.c.purpose.in_(DENYING)))
_SUBJECTS = Prepared(
    select(subject.c.patient_id).where(subject.c.resource_pk == bindparam("pk")).order_by(subject.c.patient_id)
)


class Content(Protocol):
    """A version, as far as the rule has to know it."""

    @property
    def pk(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def patient_id(self) -> str | None: ...
    @property
    def custodian_id(self) -> str | None: ...
    @property
    def confidentiality(self) -> str: ...
    @property
    def kind_pk(self) -> int: ...


class Judge:
    """Decides on any number of rows for one visibility, on one state."""

    def __init__(self, db: Reader, visibility: Visibility) -> None:
        self._db, self._visibility = db, visibility
        self._kinds: dict[int, Kind] = {}
        self._rules: dict[str, list[Rule]] = {}
        self._decide = decider(visibility, self._rules)

    def decide(self, row: Content, kind: Kind | None = None) -> Decision:
        """The decision on a row; `kind` when it is another than the row's own."""
        subjects = self._subjects(row)
        if not subjects or self._is_plain(row):
            return self._decide(Facts(subjects, row.custodian_id, row.confidentiality, NOTHING))
        for patient_id in subjects:
            if patient_id not in self._rules:
                self._rules[patient_id] = rules_of(self._db, self._visibility, patient_id)
        facts = self.facts(row)
        return self._decide(facts._replace(kind=kind) if kind else facts)

    def facts(self, row: Content) -> Facts:
        """All that the rule has to know of a row."""
        consent_id = row.id if row.type == "Consent" else None
        kind = self.kind(row.kind_pk)
        return Facts(self._subjects(row), row.custodian_id, row.confidentiality, kind, consent_id)

    def kind(self, pk: int) -> Kind:
        if pk not in self._kinds:
            self._kinds[pk] = kind_behind(self._db, pk)
        return self._kinds[pk]

    def _is_plain(self, row: Content) -> bool:
        """Whether the policy decides alone, whatever it is and whatever the consents say."""
        is_own = row.custodian_id == self._visibility.organization_id and self._visibility.own_use
        return is_own and not self._visibility.person_keys

    def _subjects(self, row: Content) -> tuple[str, ...]:
        """The patients; of what is about several and names none of them somebody whose consents nobody has."""
        if row.patient_id != SEVERAL:
            return (row.patient_id,) if row.patient_id else ()
        return tuple(patient for (patient,) in self._db.all(_SUBJECTS, {"pk": row.pk})) or (SEVERAL,)


def rules_of(db: Reader, visibility: Visibility, patient_id: str) -> list[Rule]:
    """The patient's compiled rules, valid now or not, that may speak to this caller of this purpose."""
    rows = db.all(_RULES, {**parameters(visibility), "patient_id": patient_id})
    return [rule_of(patient_id, *row) for row in rows]


@lru_cache(maxsize=4096)  # of the row's own values, which are read each time
def rule_of(
    patient_id: str,
    consent_id: str,
    version: int,
    path: str,
    recipient: str,
    purpose: str,
    weight: int,
    body: bytes,
    start: int,
    end: int,
) -> Rule:
    """A compiled rule as it was kept."""
    said = shape_of(bytes(body))
    return Rule(patient_id, consent_id, version, path, recipient, purpose, weight, said, moment(start), moment(end))
