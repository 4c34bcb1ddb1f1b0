"""All consents of one patient as rules: which supersede which, what nested provisions inherit, who is meant by a group.

Nothing is rewritten: a consent that is superseded or over stays what it was, its rules end. Rules say from when until
when, so nothing has to happen when a consent begins or expires.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.fhir import dates
from gateway.fhir.dates import BEGINNING, END, Interval
from gateway.fhir.json import dump
from gateway.fhir.labels import ACT_CODE_SYSTEM, CONFIDENTIALITY_SYSTEM
from gateway.fhir.references import literal
from gateway.rules.access import ANYBODY
from gateway.rules.consent import Rule
from gateway.rules.consent_codes import Concern, concern_of
from gateway.rules.consent_elements import READING
from gateway.rules.consent_provisions import Provision, provisions
from gateway.rules.membership import Directory, Member, common, too_costly
from gateway.rules.purposes import ANY
from gateway.rules.selector import Selector, selector_of
from gateway.rules.sensitivity import PSYCHOTHERAPY, REDACT
from gateway.rules.shape import RANK, Effect, Shape

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_ALWAYS = Interval(BEGINNING, END)
_SUPERSEDING = frozenset({"active", "inactive"})  # a mistake supersedes nothing; what was revoked later still did
# Of one patient: they are made anew in one transaction, and all content of the patient is compared with each selector.
MOST_RULES, MOST_SELECTORS = 10_000, 1_000
Consent = Mapping[str, Any]


def compile_all(consents: Sequence[tuple[Consent, int]], directory: Directory) -> list[Rule]:
    """The rules of every current Consent of ONE patient, each with its version; none of what is not active. The
    consents have been admitted (rules/consent_admission.py). Raises Unprocessable for too many."""
    found: dict[Rule, None] = {}
    for consent, version in consents:
        if consent["status"] == "active":
            span = _standing(consent, [other for other, _ in consents])
            for rule in _rules(consent, version, span, directory):
                found[rule] = None
                if len(found) > MOST_RULES:
                    raise too_costly(f"More than {MOST_RULES} combinations of recipients and purposes.")
    described = [mark for shape in {rule.shape for rule in found} for group in shape.marks for mark in group]
    if len(described) > MOST_RULES or len(set(described)) > MOST_SELECTORS:
        raise too_costly(f"More than {MOST_SELECTORS} descriptions of content.")
    return list(found)


def selectors_of(rules: Iterable[Rule]) -> list[Selector]:
    """What the content of the patient must be compared with."""
    marks = {mark for rule in rules for group in rule.shape.marks for mark in group}
    return [selector_of(mark.encode()) for mark in sorted(marks)]


def supersedes(later: Consent, earlier: Consent) -> bool:
    """Whether one consent takes the place of another of the same patient: newer, of the same kind, and either the same
    business identifier or, at the root, the same recipients, purposes and content. Of the same date, both stand.

    A permit of everything does not take the place of the refusal of one thing: its author did not speak of that."""
    is_newer = dates.interval(later["dateTime"]).low > dates.interval(earlier["dateTime"]).high
    is_same = concern_of(later) is concern_of(earlier) and (
        bool(_identifiers(later) & _identifiers(earlier)) or _addressed(later) == _addressed(earlier)
    )
    return later["status"] in _SUPERSEDING and is_newer and is_same


def _standing(consent: Consent, others: Iterable[Consent]) -> Interval:
    """When the consent is not superseded: until the other starts, whatever becomes of that."""
    starts = [_root_span(other).low for other in others if supersedes(other, consent)]
    return Interval(BEGINNING, min(starts, default=END + 1) - 1)


def _root_span(consent: Consent) -> Interval:
    return dates.period(consent["provision"].get("period", {}))


def _identifiers(consent: Consent) -> set[tuple[str, str]]:
    return {(each.get("system", ""), each["value"]) for each in consent.get("identifier", ()) if each.get("value")}


def _addressed(consent: Consent) -> tuple[frozenset[object], ...]:
    """Whom, for what and about which content the root speaks."""
    root = consent["provision"]
    content = (_stated(root.get(name, ())) for name in ("action", "class", "code", "securityLabel", "data"))
    return frozenset(_actors(root)), frozenset(_purposes(root)), *content, _stated([root.get("dataPeriod")])


def _stated(values: Iterable[Any]) -> frozenset[object]:
    return frozenset(map(dump, values))


def _rules(consent: Consent, version: int, standing: Interval, directory: Directory) -> Iterator[Rule]:
    concern = concern_of(consent)
    for provision in provisions(consent):
        span = common(provision.span, standing) if provision.span.low <= provision.span.high else None
        if span is None or not _is_about_reading(provision, concern):
            continue
        shape = _shape(provision, concern, directory)
        for member in _recipients(provision.whole, directory):
            when = common(span, Interval(member.start, member.end))
            for purpose in _purposes(provision.whole) or [ANY]:
                meant = _under(purpose, shape)
                if when is not None and meant is not None:
                    yield Rule(
                        patient_id=_local(consent["patient"]).partition("/")[2],
                        consent_id=consent["id"],
                        consent_version=version,
                        path=provision.path,
                        recipient=member.key,
                        purpose=purpose,
                        weight=2 * provision.depth + (not provision.permits),
                        shape=meant,
                        valid_from=_moment(when.low),
                        valid_until=_moment(when.high + 1),
                    )


def _is_about_reading(provision: Provision, concern: Concern) -> bool:
    actions = {coding["code"] for action in provision.whole.get("action", ()) for coding in action["coding"]}
    return concern is Concern.AI_PROCESSING or not actions or bool(actions & READING)


def _recipients(provision: Mapping[str, Any], directory: Directory) -> list[Member]:
    """Everybody, or who is named and whom that stands for."""
    if "actor" not in provision:
        return [Member(ANYBODY, *_ALWAYS)]
    return [member for actor in _actors(provision) for member in directory.members(actor)]


def _actors(provision: Mapping[str, Any]) -> list[str]:
    return [_local(actor["reference"]) for actor in provision.get("actor", ())]


def _purposes(provision: Mapping[str, Any]) -> list[str]:
    return [purpose["code"] for purpose in provision.get("purpose", ())]


def _under(purpose: str, shape: Shape) -> Shape | None:
    """Breaking the glass never opens psychotherapy notes, whoever permits it."""
    if purpose != "BTG" or shape.effect is Effect.DENY or shape.labels.isdisjoint(PSYCHOTHERAPY):
        return shape
    labels = shape.labels - PSYCHOTHERAPY
    return replace(shape, labels=labels) if labels else None


def _shape(provision: Provision, concern: Concern, directory: Directory) -> Shape:
    said = provision.whole.get("securityLabel", ())
    named = frozenset(label["code"] for label in said if label["system"] == ACT_CODE_SYSTEM)
    levels = [label["code"] for label in said if label["system"] == CONFIDENTIALITY_SYSTEM]
    is_permit = provision.permits
    if not is_permit and not _is_of_a_deny("securityLabel", provision):
        levels = []  # "N" of a permit means up to N, and an exception to that is not "N and above"
    return Shape(
        Effect.PERMIT if is_permit else Effect.DENY,
        concern,
        frozenset(each["code"] for each in provision.whole["class"]) if "class" in provision.whole else None,
        (max if is_permit else min)(levels, key=RANK.__getitem__, default=None),
        named - {REDACT},
        tuple(frozenset(each.id for each in group) for group in _selected(provision, directory) if group),
        is_permit and REDACT in named,
    )


def _is_of_a_deny(element: str, provision: Provision) -> bool:
    """Whether the element, as it holds here, is stated by a deny."""
    here: Provision | None = provision
    while here is not None and element not in here.stated:
        here = here.parent
    return here is not None and not here.permits


def _selected(provision: Provision, directory: Directory) -> Iterator[list[Selector]]:
    """The selectors of each element: one of them has to mean the content."""
    whole, wide = provision.whole, not provision.permits
    codings = [coding for concept in whole.get("code", ()) for coding in concept["coding"]]
    yield [Selector("code", (coding["system"], coding["code"]), wide) for coding in codings]
    if period := whole.get("dataPeriod"):
        yield [Selector("period", (period.get("start", ""), period.get("end", "")), wide)]
    yield [one for data in whole.get("data", ()) for one in _of_data(data, wide, directory)]


def _of_data(data: Mapping[str, Any], wide: bool, directory: Directory) -> Iterator[Selector]:
    """Whatever is denied of somebody's authorship is denied whoever they signed as, and of a group's of each member's,
    whenever they belonged to it."""
    meaning, reference = data["meaning"], _local(data["reference"])
    meant = directory.authors(reference) if wide and meaning == "authoredby" else [reference]
    yield from (Selector(meaning, (each,), wide) for each in meant)


def _local(reference: Mapping[str, Any]) -> str:
    """`Type/id`, without a version. Raises ValueError for what is not kept here."""
    found = literal(reference["reference"])
    if found is None or not found.is_local:
        raise ValueError("not a reference to what is kept here")
    return f"{found.type}/{found.id}"


def _moment(micros: int) -> datetime:
    """An open or far end is the last moment Python knows; an offset may lead before the first."""
    return _EPOCH + timedelta(microseconds=max(_FIRST, micros)) if micros < _LAST else datetime.max.replace(tzinfo=UTC)
