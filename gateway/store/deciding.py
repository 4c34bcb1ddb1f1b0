"""The pure rule, asked of rows that leave. What it has to know of them is read once for all rows of one question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Protocol

from sqlalchemy import String, bindparam, select

from gateway.rules.access import Visibility
from gateway.rules.consent import Decision, Facts, Rule, decider
from gateway.rules.content import Kind
from gateway.rules.shape import shape_of
from gateway.rules.subjects import SEVERAL
from gateway.store.database import Reader
from gateway.store.kinds import NOTHING, kind_behind
from gateway.store.statements import Prepared, batches
from gateway.store.tables import consent_rule, shape, subject
from gateway.store.times import moment
from gateway.store.visible import DENYING, RECIPIENTS, parameters

# What `rule_of` reads, in this order.
RULE = (
    consent_rule.c.patient_id,
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
        self._decided: dict[object, Decision] = {}

    def decide(self, row: Content, kind: Kind | None = None) -> Decision:
        """The decision on a row; `kind` when it is another than the row's own. Rows of which the rule knows the same
        are decided as one."""
        alike: tuple[object, ...] = row.custodian_id, row.confidentiality, row.patient_id is None
        if not self._is_plain(row):
            consent_id = row.id if row.type == "Consent" else None
            which = row.pk if row.patient_id == SEVERAL else None
            alike = *alike, row.patient_id, kind or row.kind_pk, consent_id, which
        if alike not in self._decided:
            facts = self.facts(row, kind)
            self._know([] if self._is_plain(row) else facts.subjects)
            self._decided[alike] = self._decide(facts)
        return self._decided[alike]

    def facts(self, row: Content, kind: Kind | None = None) -> Facts:
        """All that the rule has to know of a row."""
        consent_id = row.id if row.type == "Consent" else None
        whole = NOTHING if self._is_plain(row) else kind or self.kind(row.kind_pk)
        return Facts(self._subjects(row), row.custodian_id, row.confidentiality, whole, consent_id)

    def expect(self, rows: Iterable[Content]) -> None:
        """Read at once what will be asked of these rows."""
        self._know(
            [row.patient_id for row in rows if row.patient_id not in (None, SEVERAL) and not self._is_plain(row)]
        )

    def _know(self, patients: Iterable[str | None]) -> None:
        new = [each for each in dict.fromkeys(patients) if each is not None and each not in self._rules]
        self._rules |= rules_of_all(self._db, self._visibility, new) if new else {}

    def kind(self, pk: int) -> Kind:
        if pk not in self._kinds:
            self._kinds[pk] = kind_behind(self._db, pk)
        return self._kinds[pk]

    def _is_plain(self, row: Content) -> bool:
        """Whether the policy decides alone, whatever it is and whatever the consents say."""
        if row.patient_id is None:
            return True
        eyes = self._visibility
        is_own = row.custodian_id == eyes.organization_id and eyes.own_use
        return is_own and eyes.bound_to is None and not eyes.person_keys

    def _subjects(self, row: Content) -> tuple[str, ...]:
        """The patients; of what is about several and names none of them somebody whose consents nobody has."""
        if row.patient_id != SEVERAL:
            return (row.patient_id,) if row.patient_id else ()
        return tuple(patient for (patient,) in self._db.all(_SUBJECTS, {"pk": row.pk})) or (SEVERAL,)


def rules_of(db: Reader, visibility: Visibility, patient_id: str) -> list[Rule]:
    """The patient's compiled rules, valid now or not, that may speak to this caller of this purpose."""
    return rules_of_all(db, visibility, [patient_id])[patient_id]


def rules_of_all(db: Reader, visibility: Visibility, patients: Sequence[str]) -> dict[str, list[Rule]]:
    """The same of each of the patients."""
    found: dict[str, list[Rule]] = {patient: [] for patient in patients}
    asked = parameters(visibility)
    for some in batches(patients):
        rows = db.all(_rules(len(some)), {**asked, **{f"id{place}": id for place, id in enumerate(some)}})
        for row in rows:
            found[row[0]].append(rule_of(*row))
    return found


@cache
def _rules(size: int) -> Prepared:
    patients = [bindparam(f"id{place}", type_=String) for place in range(size)]
    statement = select(*RULE).join(shape, shape.c.pk == consent_rule.c.shape_pk)
    speaking = consent_rule.c.recipient.in_(RECIPIENTS), consent_rule.c.purpose.in_(DENYING)
    ordered = statement.order_by(consent_rule.c.patient_id, consent_rule.c.consent_id, consent_rule.c.place)
    return Prepared(ordered.where(consent_rule.c.patient_id.in_(patients), *speaking))


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
