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

from gateway.fhir.dates import MICROS, interval
from gateway.fhir.references import literal

Json = Mapping[str, Any]


class Finding(StrEnum):
    ESTIMATE = "risk-estimate"  # a machine's, high or certain
    PHQ_9 = "phq-item-9"  # thoughts of being better off dead, or of self-harm
    C_SSRS = "c-ssrs"  # suicidal thoughts or behaviour


class Risk(NamedTuple):
    """`patient_id` is whom the content names as its subject, None when it names nobody; `question` which it answers."""

    finding: Finding
    patient_id: str | None
    question: str = ""


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
_NONE = frozenset({"LA6568-5", "LA32-8", "not at all", "no", "none", "0", "false"})
_LOW = frozenset({"LA9194-7", "low", "low risk"})
_HIGH = frozenset({"high", "certain", "high risk", "very high", "severe", "imminent", "LA9193-9"})
_PARTS = re.compile(r"[/|#]")
_AND = re.compile(r"[-_ ]+")
_ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
_WHEN = ("effectiveDateTime", "effectiveInstant", "authored", "occurrenceDateTime")
_LONG_AGO = timedelta(days=30)
_LIKELY_SHARE, _LIKELY_PERCENT = Decimal("0.5"), Decimal(50)


def risks_in(resources: Iterable[Json]) -> frozenset[Risk]:
    """The risks told by checked resources, and by what they contain."""
    return frozenset(risk for resource in resources for risk in _risks_of(resource))


def is_history(resource: Json, at: datetime) -> bool:
    """Whether a record that is brought here tells of a time long gone: nobody is to be alarmed by it now."""
    told = next((resource[name] for name in _WHEN if name in resource), None)
    return told is not None and interval(told).high < (at - _LONG_AGO).timestamp() * MICROS


def _risks_of(resource: Json) -> Iterator[Risk]:
    subject = literal((resource.get("subject") or {}).get("reference") or "")
    patient = subject.id if subject is not None and subject.type == "Patient" else None
    for each in (resource, *resource.get("contained", ())):
        look = _LOOKS.get(each["resourceType"])
        if look is not None and each.get("status") not in _VOID:
            yield from (Risk(finding, patient, question) for finding, question in look(each))


def _in_assessment(resource: Json) -> Iterator[tuple[Finding, str]]:
    """A person's own assessment tells clinicians nothing new."""
    performer = (resource.get("performer") or {}).get("reference", "")
    if performer.startswith(("Practitioner/", "PractitionerRole/")):
        return
    if any(_is_high(prediction) for prediction in resource.get("prediction", ())):
        yield Finding.ESTIMATE, ""


def _is_high(prediction: Json) -> bool:
    """A probability is a percentage in R4, but often written as a share: up to 1 it is read as one."""
    if not _HIGH.isdisjoint(_words(prediction.get("qualitativeRisk", {}))):
        return True
    chance = prediction.get("probabilityDecimal")
    if chance is None:
        chance = (prediction.get("probabilityRange", {}).get("high") or {}).get("value")
    return chance is not None and (chance >= _LIKELY_PERCENT or _LIKELY_SHARE <= chance <= 1)


def _in_response(resource: Json) -> Iterator[tuple[Finding, str]]:
    items = list(_items(resource))
    named = (resource.get("questionnaire", ""), *(item["linkId"] for item in items))
    is_phq = any(_PHQ_PANEL.search(each) for each in named)
    for item in items:
        finding = _asked_by(item, is_phq)
        if finding is not None and any(_is_positive(answer, finding[1]) for answer in item.get("answer", ())):
            yield finding[0], item["linkId"]


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
        return Finding.PHQ_9, _NONE
    if names & _C_SSRS_LEVEL:
        return Finding.C_SSRS, _LOW | _NONE
    if names & _C_SSRS_ITEMS or _C_SSRS_WORDS.search(text):
        return Finding.C_SSRS, _NONE
    return None


def _is_ninth(link: str) -> bool:
    whole = _PHQ_PANEL.fullmatch(link)
    return whole is None and _NINTH.search(link) is not None


def _in_observation(resource: Json) -> Iterator[tuple[Finding, str]]:
    for each in (resource, *resource.get("component", ())):
        codes = {coding.get("code") for coding in each["code"].get("coding", ())}
        said = "\n".join(_texts(each["code"]))
        question = " ".join(sorted(filter(None, codes))) or said
        if (codes & _PHQ_ITEM or _PHQ_WORDS.search(said)) and _is_positive(each, _NONE):
            yield Finding.PHQ_9, question
        if ((codes & _C_SSRS_ITEMS or _C_SSRS_WORDS.search(said)) and _is_positive(each, _NONE)) or (
            codes & _C_SSRS_LEVEL and _is_positive(each, _LOW | _NONE)
        ):
            yield Finding.C_SSRS, question


def _texts(concept: Json) -> list[str]:
    found = (each.get(name) for each in (concept, *concept.get("coding", ())) for name in ("text", "display"))
    return [each for each in found if each]


def _is_positive(answered: Json, harmless: frozenset[str]) -> bool:
    """Whether there is a value that is not known to be harmless."""
    name = next((name for name in answered if name.startswith("value")), None)
    if name is None:
        return False
    value = answered[name]
    if name == "valueQuantity":
        if value.get("comparator", "").startswith(">"):
            return True
        value = value.get("value", 0)
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return value > 0
    return harmless.isdisjoint(_words(value))


def _words(value: Any) -> set[str]:
    """What a text, Coding or CodeableConcept says: its codes, its texts, and a score that goes with it."""
    if isinstance(value, str):
        return {value.strip().casefold()}
    words: set[str] = set()
    for each in (value, *value.get("coding", ())):
        texts = (each.get("display"), each.get("text"))
        words |= {code for code in (each.get("code"),) if code}
        words |= {_AND.sub(" ", text.strip().casefold()) for text in (*texts, each.get("code")) if text}
        scores = (
            extension.get("valueDecimal") for extension in each.get("extension", ()) if extension["url"] == _ORDINAL
        )
        words |= {"0" for score in scores if score == 0}
    return words


_LOOKS = {
    "RiskAssessment": _in_assessment,
    "QuestionnaireResponse": _in_response,
    "Observation": _in_observation,
}
