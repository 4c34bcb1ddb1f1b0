"""What a patient keeps from somebody by name of what is not in the record yet: a draft, as what it would publish.

Drafts are the custodian's own use, and a refusal of a person binds that: the rule is the one of `consent`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gateway.rules.access import Visibility
from gateway.rules.consent import Facts, Rule, Verdict, decide
from gateway.rules.consent_compile import selectors_of
from gateway.rules.content import Kind, aspect_of, told_by
from gateway.rules.selector import Selector
from gateway.rules.shape import Effect
from gateway.rules.subjects import patients_of

Resources = Sequence[Mapping[str, Any]]


def naming(visibility: Visibility, rules: Iterable[Rule]) -> list[Rule]:
    """Those of a patient's rules that speak of this very person or device; none where they refuse nothing."""
    persons = frozenset(visibility.person_keys)
    named = [rule for rule in rules if rule.recipient in persons and rule.speaks(visibility)]
    return named if any(rule.shape.effect is Effect.DENY for rule in named) else []


def is_withheld(
    resources: Resources, patient_id: str, custodian_id: str, visibility: Visibility, rules: Sequence[Rule]
) -> bool:
    """Whether any of a draft's resources is refused by `rules`, those that name who looks: one hides them all."""
    facts = (
        Facts((patient_id,), custodian_id, kind.confidentiality, kind)
        for kind in _kinds([each for each in resources if _may_be_about(each, patient_id)], selectors_of(rules))
    )
    return any(decide(each, visibility, {patient_id: rules}).verdict is Verdict.DENY for each in facts)


def _may_be_about(resource: Mapping[str, Any], patient_id: str) -> bool:
    """Not what is about another of several patients alone; what names none tells of the others."""
    named = patients_of(resource)
    return not named or patient_id in named


def _kinds(resources: Resources, selectors: Sequence[Selector]) -> Iterator[Kind]:
    """A draft's Provenances tell of its document, so of all that it is."""
    records = [each for each in resources if each["resourceType"] == "Provenance"]
    document = [each for each in resources if each["resourceType"] != "Provenance"]
    told = [Kind(frozenset({aspect_of(each, selectors)})) for each in document]
    yield from told
    yield from (told_by(each, told, selectors) for each in records)
