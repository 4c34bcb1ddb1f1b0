"""Who may see what: the one decision on content, purely. The store's SQL must agree with it row by row.

The policy is stated as a truth table in gateway/README.md: the policy of the custodian first, then the consents in
force. Inside one consent the deepest provision that fits decides; across consents a deny does; silence means no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from gateway.rules.access import OPEN_CONFIDENTIALITY, Visibility
from gateway.rules.consent_codes import Concern
from gateway.rules.content import Kind
from gateway.rules.purposes import denied_under, permitted_under
from gateway.rules.sensitivity import NO_REDISCLOSURE, PART_2, PSYCHOTHERAPY, REDACT
from gateway.rules.shape import PATIENT_ACCESS, Effect, Match, Shape

_UNDER_LAW = PSYCHOTHERAPY | {PART_2, NO_REDISCLOSURE}
OWN_ACCESS = "PATRQT"  # the purpose of a patient who asks for the own record


class Reason(NamedTuple):
    """The provision that decided, in the version of the consent that was in force."""

    consent: str
    path: str

    def __str__(self) -> str:
        return f"{self.consent}#{self.path}"


class Rule(NamedTuple):
    """One provision for one recipient and purpose, with all that it inherits: from `valid_from` (included) until
    `valid_until` (excluded). `weight` is twice the depth of the provision, and one more for a deny."""

    patient_id: str
    consent_id: str
    consent_version: int
    path: str
    recipient: str
    purpose: str
    weight: int
    shape: Shape
    valid_from: datetime
    valid_until: datetime

    @property
    def reason(self) -> Reason:
        return Reason(f"Consent/{self.consent_id}/_history/{self.consent_version}", self.path)

    def speaks(self, visibility: Visibility) -> bool:
        """Whether it is about this caller and purpose, now."""
        under = permitted_under if self.shape.effect is Effect.PERMIT else denied_under
        return (
            self.recipient in visibility.recipients
            and self.purpose in under(visibility.purpose)
            and self.valid_from <= visibility.at < self.valid_until
        )


class Facts(NamedTuple):
    """What the decision needs to know of a resource. `consent_id` is the id of a Consent, which is opened by its own
    permit only: whom else the patient trusts, a recipient need not know."""

    subjects: tuple[str, ...]
    custodian_id: str | None
    confidentiality: str
    kind: Kind
    consent_id: str | None = None


class Verdict(StrEnum):
    PERMIT = "permit"
    DENY = "deny"
    SILENT = "silent"  # nothing speaks, and silence means no


class Basis(StrEnum):
    """The row of the policy that decided."""

    OWN_USE = "own-use"
    OWN_ACCESS = "own-access"
    OPEN = "open"
    CONSENT = "consent"
    DENY = "deny"
    LAW = "law"
    SEVERAL = "several"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Decision:
    """`reasons` are the provisions that decided; none where the policy alone did. `redacts`: only what is left without
    the parts that carry labels of their own. `obligations` are v3-ActCode codes that bind whoever receives it."""

    verdict: Verdict
    basis: Basis
    reasons: tuple[Reason, ...] = ()
    redacts: bool = False
    obligations: tuple[str, ...] = ()

    @property
    def permits(self) -> bool:
        return self.verdict is Verdict.PERMIT


_OWN_USE = Decision(Verdict.PERMIT, Basis.OWN_USE)
_OPEN = Decision(Verdict.PERMIT, Basis.OPEN)
_SILENCE = Decision(Verdict.SILENT, Basis.SILENCE)
Rules = Mapping[str, Sequence[Rule]]  # by patient
_Met = tuple[Rule, Match]


def decide(facts: Facts, visibility: Visibility, rules: Rules) -> Decision:
    """The answer for one resource. `rules` hold those of every subject, in force or not."""
    return decider(visibility, rules)(facts)


def decider(visibility: Visibility, rules: Rules) -> Callable[[Facts], Decision]:
    """Answers for many resources: what is alike is decided once."""

    @cache
    def speaking(patient_id: str) -> tuple[Rule, ...]:
        return tuple(rule for rule in rules.get(patient_id, ()) if rule.speaks(visibility))

    return cache(lambda facts: _decide(facts, visibility, speaking))


def decide_processing(visibility: Visibility, rules: Iterable[Rule], *, is_opt_in: bool) -> Decision:
    """Whether a machine may process what a patient says: `rules` are all of the patient's, the visibility is that of
    whoever sends it. Silence means what the custodian's policy says."""
    asked = [rule for rule in rules if rule.shape.concern is Concern.AI_PROCESSING and rule.speaks(visibility)]
    winners = [rule for rule, _ in _winners([(rule, Match.WHOLE) for rule in asked])]
    if denied := [rule for rule in winners if rule.shape.effect is Effect.DENY]:
        return _denied(denied)
    if winners:
        return Decision(Verdict.PERMIT, Basis.CONSENT, _reasons(winners))
    return _SILENCE if is_opt_in else _OWN_USE


def _decide(facts: Facts, visibility: Visibility, speaking: Callable[[str], tuple[Rule, ...]]) -> Decision:
    is_custodian = facts.custodian_id == visibility.organization_id
    if not facts.subjects:
        return _OWN_USE if is_custodian else _OPEN if facts.confidentiality in OPEN_CONFIDENTIALITY else _SILENCE
    if visibility.bound_to is not None and visibility.bound_to not in facts.subjects:
        return _SILENCE
    spoken = {subject: speaking(subject) for subject in facts.subjects}
    if is_custodian and visibility.own_use:
        return _own_use(facts, visibility, spoken)
    return _all_of([_of_subject(facts, visibility, subject, found) for subject, found in spoken.items()])


def _own_use(facts: Facts, visibility: Visibility, spoken: Rules) -> Decision:
    """By policy, whatever the consents say; but a patient may refuse a person of the custodian's, or a device."""
    persons = frozenset(visibility.person_keys)
    named = [rule for rules in spoken.values() for rule in rules if rule.recipient in persons]
    denied = [rule for rule, _ in _winners(_met(named, facts)) if rule.shape.effect is Effect.DENY]
    return _denied(denied) if denied else _OWN_USE


def _of_subject(facts: Facts, visibility: Visibility, subject: str, rules: Sequence[Rule]) -> Decision:
    if visibility.patient_id == subject and visibility.purpose == OWN_ACCESS:
        match = PATIENT_ACCESS.meets(facts.kind)
        return (
            _silent(facts)
            if match is Match.NO
            else Decision(Verdict.PERMIT, Basis.OWN_ACCESS, redacts=match is Match.REST, obligations=_redaction(match))
        )
    winners = _winners(_met(rules, facts))
    if denied := [rule for rule, _ in winners if rule.shape.effect is Effect.DENY]:
        return _denied(denied)
    permitted = [won for won in winners if facts.consent_id in (None, won[0].consent_id)]
    if not permitted:
        return _silent(facts)
    match = max(match for _, match in permitted)
    return Decision(
        Verdict.PERMIT,
        Basis.CONSENT,
        _reasons(rule for rule, how in permitted if how is match),
        match is Match.REST,
        (*_redaction(match), *((NO_REDISCLOSURE,) if _is_bound(facts.kind) else ())),
    )


def _met(rules: Iterable[Rule], facts: Facts) -> list[_Met]:
    return [(rule, match) for rule in rules if (match := rule.shape.meets(facts.kind))]


def _winners(met: Sequence[_Met]) -> list[_Met]:
    """Of each consent the deepest rules of those that meet the content, a deny before a permit."""
    heaviest: dict[str, int] = {}
    for rule, _ in met:
        heaviest[rule.consent_id] = max(rule.weight, heaviest.get(rule.consent_id, 0))
    return [(rule, match) for rule, match in met if rule.weight == heaviest[rule.consent_id]]


def _all_of(answers: Sequence[Decision]) -> Decision:
    """Of several subjects each must permit."""
    if len(answers) == 1:
        return answers[0]
    reasons = tuple(dict.fromkeys(reason for answer in answers for reason in answer.reasons))
    if any(answer.verdict is Verdict.DENY for answer in answers):
        denied = dict.fromkeys(each for answer in answers if answer.verdict is Verdict.DENY for each in answer.reasons)
        return Decision(Verdict.DENY, Basis.DENY, tuple(denied))
    if not all(answer.permits for answer in answers):
        return Decision(Verdict.SILENT, Basis.SEVERAL)
    obligations = dict.fromkeys(each for answer in answers for each in answer.obligations)
    redacts = any(answer.redacts for answer in answers)
    return Decision(Verdict.PERMIT, Basis.SEVERAL, reasons, redacts, tuple(obligations))


def _denied(rules: Iterable[Rule]) -> Decision:
    return Decision(Verdict.DENY, Basis.DENY, _reasons(rules))


def _silent(facts: Facts) -> Decision:
    return _SILENCE if _UNDER_LAW.isdisjoint(facts.kind.labels) else Decision(Verdict.SILENT, Basis.LAW)


def _reasons(rules: Iterable[Rule]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(rule.reason for rule in rules))


def _redaction(match: Match) -> tuple[str, ...]:
    return (REDACT,) if match is Match.REST else ()


def _is_bound(kind: Kind) -> bool:
    """Whether the receiver may not give it out again (42 CFR 2.32)."""
    return not kind.labels.isdisjoint({PART_2, NO_REDISCLOSURE})
