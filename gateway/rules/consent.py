"""Who may see what: the one decision on patient content, purely. The store's SQL must agree with it row by row.

The policy is stated as a truth table in gateway/README.md. A consent is compiled to rules; a rule is about a *shape*,
the normalised description of the content it speaks of, and equal shapes are shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, cached_property
from hashlib import sha256
from typing import Any, NamedTuple

from gateway.fhir import dates
from gateway.fhir.json import dump, parse
from gateway.fhir.labels import CONFIDENTIALITY_ORDER, HIPAA_PSY_NOTES, PART_2, confidentiality_of, security_of
from gateway.rules.access import OPEN_CONFIDENTIALITY, Visibility
from gateway.rules.consent_admission import admit
from gateway.rules.purposes import covered_by

__all__ = ["admit", "compile", "decide"]

# Higher is more restricted; what is not known counts as the most restricted.
RANK: Mapping[str, int] = {code: rank for rank, code in enumerate(reversed(CONFIDENTIALITY_ORDER))}
# Law first: content under these asks for a consent that names it, which a general one does not.
_LAWS = frozenset((law["system"], law["code"]) for law in (HIPAA_PSY_NOTES, PART_2))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


class Effect(StrEnum):
    PERMIT = "permit"
    DENY = "deny"


@dataclass(frozen=True)
class Shape:
    """What a rule is about: content up to a confidentiality."""

    effect: Effect
    ceiling: str

    @cached_property
    def body(self) -> bytes:
        """The canonical JSON of this shape."""
        return dump({"ceiling": self.ceiling, "effect": self.effect.value})

    @cached_property
    def id(self) -> str:
        return sha256(self.body).hexdigest()

    @property
    def rank(self) -> int:
        return RANK[self.ceiling]

    def covers(self, facts: Facts) -> bool:
        return RANK.get(facts.confidentiality, RANK["V"]) <= self.rank


@cache
def shape_of(body: bytes) -> Shape:
    """A shape read back from its canonical JSON. Raises ValueError for a body this gateway does not know."""
    members = parse(body)
    shape = Shape(Effect(members["effect"]), members["ceiling"])
    if shape.body != body:
        raise ValueError("not the body of a shape")
    return shape


# A root permit opens everything up to "restricted"; "very restricted" stays with the custodian.
ROOT_PERMIT = Shape(Effect.PERMIT, "R")


class Rule(NamedTuple):
    """One compiled row: from `valid_from` (included) until `valid_until` (excluded)."""

    patient_id: str
    consent_id: str
    consent_version: int
    recipient_id: str
    purpose: str
    shape: Shape
    valid_from: datetime
    valid_until: datetime

    @property
    def consent(self) -> str:
        return f"Consent/{self.consent_id}/_history/{self.consent_version}"

    def speaks(self, facts: Facts, visibility: Visibility) -> bool:
        """Whether it is about this content, this recipient and purpose, now."""
        return (
            self.patient_id == facts.patient_id
            and self.recipient_id == visibility.organization_id
            and self.purpose == visibility.purpose
            and self.valid_from <= visibility.at < self.valid_until
            and self.shape.covers(facts)
            and (facts.consent_id in (None, self.consent_id) or self.shape.effect is Effect.DENY)
        )


class Facts(NamedTuple):
    """What the decision needs to know of a resource. `confidentiality` is its `disclosure_class`; `consent_id` the id
    of a Consent, which is opened by its own permit only: whom else the patient trusts, a recipient need not know."""

    patient_id: str | None
    custodian_id: str | None
    confidentiality: str
    consent_id: str | None = None


def compile(consent: Mapping[str, Any], version: int) -> list[Rule]:
    """The rules of one version of a Consent; none for an inactive one. Raises ValueError for what `admit` refuses.

    A permit for a purpose covers the purposes below it, but those that must be named themselves. Partial dates count
    whole: an end of "2027-09-02" includes that day, in UTC, as FHIR dates without an offset are read everywhere here.
    """
    if admit(consent):
        raise ValueError("a consent this gateway cannot enforce")
    if consent["status"] != "active":
        return []
    provision = consent["provision"]
    span = dates.period(provision["period"])
    recipients = dict.fromkeys(_id(actor["reference"]) for actor in provision["actor"])
    asked = dict.fromkeys(code for purpose in provision["purpose"] for code in covered_by(purpose["code"]))
    return [
        Rule(
            patient_id=_id(consent["patient"]),
            consent_id=consent["id"],
            consent_version=version,
            recipient_id=recipient,
            purpose=purpose,
            shape=ROOT_PERMIT,
            valid_from=_moment(span.low),
            valid_until=_moment(span.high + 1),
        )
        for recipient in recipients
        for purpose in asked
    ]


def _id(reference: Mapping[str, str]) -> str:
    return reference["reference"].partition("/")[2]


def _moment(micros: int) -> datetime:
    """An open or far end is the last moment Python knows; an offset may lead before the first."""
    return _EPOCH + timedelta(microseconds=max(_FIRST, micros)) if micros < _LAST else datetime.max.replace(tzinfo=UTC)


class Verdict(StrEnum):
    PERMIT = "permit"
    DENY = "deny"
    SILENT = "silent"  # nothing speaks, and silence means no


@dataclass(frozen=True, slots=True)
class Decision:
    """`consents` are the Consent versions that decided; none where the policy alone did."""

    verdict: Verdict
    consents: tuple[str, ...] = ()

    @property
    def permits(self) -> bool:
        return self.verdict is Verdict.PERMIT


_BY_POLICY = Decision(Verdict.PERMIT)
_SILENT = Decision(Verdict.SILENT)


def decide(facts: Facts, visibility: Visibility, rules: Iterable[Rule]) -> Decision:
    """The policy first, then the consents; a deny overrides every permit."""
    if is_own(facts, visibility):
        return _BY_POLICY
    if facts.patient_id is None:
        return _BY_POLICY if facts.confidentiality in OPEN_CONFIDENTIALITY else _SILENT
    speaking = [rule for rule in rules if rule.speaks(facts, visibility)]
    for effect, verdict in ((Effect.DENY, Verdict.DENY), (Effect.PERMIT, Verdict.PERMIT)):
        consents = tuple(dict.fromkeys(rule.consent for rule in speaking if rule.shape.effect is effect))
        if consents:
            return Decision(verdict, consents)
    return _SILENT


def is_own(facts: Facts, visibility: Visibility) -> bool:
    """Whether the policy lets the custodian use its own record, with no consent asked."""
    own = facts.custodian_id == visibility.organization_id
    return own and (facts.patient_id is None or visibility.own_use)


def disclosure_class(resource: Mapping[str, Any]) -> str:
    """The confidentiality as disclosure treats it: content under a law of its own counts as very restricted."""
    if _LAWS & set(security_of(resource)):
        return "V"
    return confidentiality_of(resource)
