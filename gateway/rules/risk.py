"""What in incoming content a clinician has to hear of at once: a high estimate of risk, thoughts of death or self-harm.

It is looked for widely: an answer that is not known to be "none" counts, and what an estimate is about is not asked.
LOINC: PHQ-9 (44249-1), PHQ-A (89206-7), Columbia Suicide Severity Rating Scale (93373-9, 93245-9);
https://hl7.org/fhir/R4/riskassessment.html and http://terminology.hl7.org/CodeSystem/risk-probability
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from gateway.fhir.dates import MICROS, interval, period, timing
from gateway.fhir.references import literal
from gateway.rules.risk_answers import LOW, NONE, Answer, answer_of, worded, words_of

Json = Mapping[str, Any]


class Finding(StrEnum):
    ESTIMATE = "risk-estimate"  # a machine's, high or certain
    PHQ_9 = "phq-item-9"  # thoughts of being better off dead, or of self-harm
    C_SSRS = "c-ssrs"  # suicidal thoughts or behaviour


class Risk(NamedTuple):
    """`patient_id` is whom the content names as its subject, None when it names nobody; `question` which it answers."""

    finding: Finding
    patient_id: str | None
    question: str
    answer: Answer


LONG_AGO = timedelta(days=30)  # what is older, and brought by an EHR, is history: nobody is to be alarmed by it now
_VOID = frozenset({"entered-in-error", "cancelled"})
_PHQ_ITEM = frozenset({"44260-8"})
_PHQ_PANEL = re.compile(
    r"44249-1|89206-7|(?<![a-z0-9])(phq|patient[-_ ]health[-_ ]questionnaire)[-_ .]?(9|a)(?![a-z0-9])", re.IGNORECASE
)
# The ninth question of a PHQ, however an app numbers its questions: 9, /9, q9, phq9-9, PHQ-9.item09; but not the panel.
_NINTH = re.compile(r"(\A|[^a-z0-9])(q|item|question)?0*9\Z", re.IGNORECASE)
_PHQ_WORDS = re.compile(r"better off dead|hurting yourself", re.IGNORECASE)
_C_SSRS_ITEMS = frozenset({"93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9"})
_C_SSRS_LEVEL = frozenset({"93374-7"})
_C_SSRS_WORDS = re.compile(r"wished? you were dead|killing yourself|kill yourself|end your life", re.IGNORECASE)
_HIGH = frozenset({"high", "certain", "high risk", "very high", "severe", "imminent", "LA9193-9"})
_PARTS = re.compile(r"[/|#]")
_LIKELY = Decimal(50)  # percent
_DATES = ("effectiveDateTime", "effectiveInstant", "issued", "authored", "occurrenceDateTime")
_PERIODS = ("effectivePeriod", "occurrencePeriod")


def risks_in(resources: Iterable[Json], *, since: datetime | None = None) -> frozenset[Risk]:
    """The risks told by checked resources, and by what they contain. With `since`, not by what is dated before it: by
    the latest of all its dates, where a period that has no end still goes on. What has no date is never old."""
    return frozenset(risk for resource in resources for risk in _risks_of(resource, since))


def worse_than(risks: Iterable[Risk], heard: Iterable[Risk]) -> frozenset[Risk]:
    """Those that are news to who has heard of others: another question, or a graver answer to the same one. Where
    nothing is known of how grave an answer is, it is news if it is another."""
    known = tuple(heard)
    return frozenset(risk for risk in risks if not any(old[:3] == risk[:3] and _covers(old, risk) for old in known))


def _covers(old: Risk, new: Risk) -> bool:
    return old.answer.covers(new.answer)


def _risks_of(resource: Json, since: datetime | None) -> Iterator[Risk]:
    subject = literal((resource.get("subject") or {}).get("reference") or "")
    patient = subject.id if subject is not None and subject.type == "Patient" else None
    dated = _latest(resource)
    for each in (resource, *resource.get("contained", ())):
        look = _LOOKS.get(each["resourceType"])
        if look is not None and each.get("status") not in _VOID and not _is_old(_latest(each) or dated, since):
            yield from (Risk(finding, patient, question, answer) for finding, question, answer in look(each))


def _latest(resource: Json) -> int | None:
    """The last moment that it dates itself to."""
    ends = [interval(resource[name]).high for name in _DATES if name in resource]
    ends += [period(resource[name]).high for name in _PERIODS if name in resource]
    limits = timing(resource["effectiveTiming"]) if "effectiveTiming" in resource else None
    return max([*ends, limits.high] if limits else ends, default=None)


def _is_old(latest: int | None, since: datetime | None) -> bool:
    return latest is not None and since is not None and latest < since.timestamp() * MICROS


Found = tuple[Finding, str, Answer]


def _in_assessment(resource: Json) -> Iterator[Found]:
    """A person's own assessment tells clinicians nothing new. How likely and how grave are two questions."""
    performer = (resource.get("performer") or {}).get("reference", "")
    if performer.startswith(("Practitioner/", "PractitionerRole/")):
        return
    for prediction in resource.get("prediction", ()):
        outcome = " ".join(sorted(words_of(prediction.get("outcome", {}))))
        words, chance = words_of(prediction.get("qualitativeRisk", {})), _chance(prediction)
        if not _HIGH.isdisjoint(words):
            yield Finding.ESTIMATE, f"level of {outcome}", worded(words)
        if chance is not None and chance >= _LIKELY:
            yield Finding.ESTIMATE, f"chance of {outcome}", Answer(str(chance), chance)


def _chance(prediction: Json) -> Decimal | None:
    """In percent, as R4 has it. It is often written as a share: up to 1 it is read as one."""
    told = prediction.get("probabilityDecimal")
    if told is None:
        told = (prediction.get("probabilityRange", {}).get("high") or {}).get("value")
    if told is None:
        return None
    chance = Decimal(told)
    return chance * 100 if chance <= 1 else chance


def _in_response(resource: Json) -> Iterator[Found]:
    items = list(_items(resource))
    named = (resource.get("questionnaire", ""), *(item["linkId"] for item in items))
    is_phq = any(_PHQ_PANEL.search(each) for each in named)
    for item in items:
        asked = _asked_by(item, is_phq)
        if asked is not None:
            told = (answer_of(answer, asked[1]) for answer in item.get("answer", ()))
            yield from ((asked[0], item["linkId"], answer) for answer in told if answer is not None)


def _items(of: Json) -> Iterator[Json]:
    for item in of.get("item", ()):
        yield item
        yield from _items(item)
        for answer in item.get("answer", ()):
            yield from _items(answer)


def _asked_by(item: Json, is_phq: bool) -> tuple[Finding, frozenset[str]] | None:
    """What a question is about and which answers to it are harmless: by the LOINC code in its link, or its words."""
    link, text = item["linkId"], item.get("text", "")
    names = {part for each in (link, item.get("definition", "")) for part in _PARTS.split(each)}
    if names & _PHQ_ITEM or (is_phq and _is_ninth(link)) or _PHQ_WORDS.search(text):
        return Finding.PHQ_9, NONE
    if names & _C_SSRS_LEVEL:
        return Finding.C_SSRS, LOW | NONE
    if names & _C_SSRS_ITEMS or _C_SSRS_WORDS.search(text):
        return Finding.C_SSRS, NONE
    return None


def _is_ninth(link: str) -> bool:
    whole = _PHQ_PANEL.fullmatch(link)
    return whole is None and _NINTH.search(link) is not None


def _in_observation(resource: Json) -> Iterator[Found]:
    for each in (resource, *resource.get("component", ())):
        codes = {coding.get("code") for coding in each["code"].get("coding", ())}
        said = "\n".join(_texts(each["code"]))
        question = " ".join(sorted(filter(None, codes))) or said
        for finding, harmless in _named_by(codes, said):
            answer = answer_of(each, harmless)
            if answer is not None:
                yield finding, question, answer


def _named_by(codes: set[Any], said: str) -> Iterator[tuple[Finding, frozenset[str]]]:
    """What an Observation is about and which values of it are harmless."""
    if codes & _PHQ_ITEM or _PHQ_WORDS.search(said):
        yield Finding.PHQ_9, NONE
    if codes & _C_SSRS_ITEMS or _C_SSRS_WORDS.search(said):
        yield Finding.C_SSRS, NONE
    if codes & _C_SSRS_LEVEL:
        yield Finding.C_SSRS, LOW | NONE


def _texts(concept: Json) -> list[str]:
    found = (each.get(name) for each in (concept, *concept.get("coding", ())) for name in ("text", "display"))
    return [each for each in found if each]


_LOOKS = {
    "RiskAssessment": _in_assessment,
    "QuestionnaireResponse": _in_response,
    "Observation": _in_observation,
}
