"""How grave an answer is: whether it is known to be harmless, and how it compares with another to the same question.

LOINC answer lists of PHQ-9 (LL358-3), C-SSRS (yes, no; low, moderate, high), and words that people write instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

Json = Mapping[str, Any]

NONE = frozenset({"LA6568-5", "LA32-8", "not at all", "no", "none", "0", "false"})
LOW = frozenset({"LA9194-7", "low", "low risk"})
# By rising gravity, within one question: an answer of one list is never held against that of another.
_RISING = (
    ("LA33-6", "yes", "true", "LA6569-3", "several days", "LA6751-7", "moderate", "moderate risk"),
    ("LA6570-1", "more than half the days", "LA9193-9", "high", "high risk"),
    ("LA6571-9", "nearly every day", "very high", "severe"),
    ("imminent", "certain"),
)
_GRADES = {word: Decimal(grade) for grade, words in enumerate(_RISING, 1) for word in words}
_AND = re.compile(r"[-_ ]+")
_ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"


class Answer(NamedTuple):
    """`said` tells answers apart; `grade` is None where nothing is known of how grave it is."""

    said: str
    grade: Decimal | None = None

    def covers(self, other: Answer) -> bool:
        """Whether who has heard of this one learns nothing worse from the other."""
        if self.grade is None or other.grade is None:
            return self.said == other.said
        return self.grade >= other.grade


def answer_of(answered: Json, harmless: frozenset[str]) -> Answer | None:
    """The value[x] of what is answered; None where there is none, and where it is known to be harmless."""
    name = next((name for name in answered if name.startswith("value")), None)
    if name is None:
        return None
    value = answered[name]
    if name == "valueQuantity":
        if value.get("comparator", "").startswith(">"):
            return Answer(f"{value['comparator']} {value.get('value')}")
        value = value.get("value", 0)
    if isinstance(value, bool):
        return Answer("yes", Decimal(1)) if value else None
    if isinstance(value, int | Decimal):
        return Answer(str(value), Decimal(value)) if value > 0 else None
    words, points = words_of(value), _points(value)
    if not harmless.isdisjoint(words) or 0 in points:
        return None
    told = worded(words)
    return Answer(told.said, Decimal(max(points))) if points else told


def worded(words: set[str]) -> Answer:
    """An answer in words or codes."""
    return Answer("\n".join(sorted(words)), max((_GRADES[word] for word in words if word in _GRADES), default=None))


def words_of(value: Any) -> set[str]:
    """What a text, Coding or CodeableConcept says: its codes and its texts."""
    if isinstance(value, str):
        return {value.strip().casefold()}
    words: set[str] = set()
    for each in (value, *value.get("coding", ())):
        texts = (each.get("display"), each.get("text"))
        words |= {code for code in (each.get("code"),) if code}
        words |= {_AND.sub(" ", text.strip().casefold()) for text in (*texts, each.get("code")) if text}
    return words


def _points(value: Any) -> set[Decimal]:
    """The scores that go with a Coding or the codings of a CodeableConcept."""
    if isinstance(value, str):
        return set()
    extensions = (each for held in (value, *value.get("coding", ())) for each in held.get("extension", ()))
    return {each["valueDecimal"] for each in extensions if each["url"] == _ORDINAL and "valueDecimal" in each}
