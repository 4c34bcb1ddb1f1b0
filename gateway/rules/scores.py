"""Scores that rest on answers of the same draft: no change of the one may silently contradict the other.

LOINC totals that are the plain sum of their items: PHQ-2, PHQ-9, PHQ-A, GAD-7, PCL-5. Answers count by their number, by
the ordinal value of their coding, or by their place in LOINC's list of how often (LL358-3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.errors import Issue
from gateway.fhir.elements import objects_of
from gateway.rules.entries import LOCAL, Entry
from gateway.rules.entry_amending import WantedEntry
from gateway.rules.entry_leaves import may_set

Json = Mapping[str, Any]

_ITEMS = {"55758-7": 2, "44261-6": 9, "89204-2": 9, "70274-6": 7, "101698-9": 20}  # of each total
_FREQUENCIES = {"LA6568-5": 0, "LA6569-3": 1, "LA6570-1": 2, "LA6571-9": 3}
_ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
_INTEGER, _LARGEST = "valueInteger", 2**31 - 1
_NOT_THE_SUM = "The score is not the sum of the answers."
_RESTS_ON_IT = "A score rests on this: say what it is now, or take it out as well."


@dataclass(frozen=True, slots=True)
class _Score:
    """A score with what it rests on. `length` is how many answers its instrument has, where that is known."""

    entry: Entry
    answers: Entry
    path: str
    value: Decimal
    points: tuple[Decimal, ...]
    length: int | None

    @property
    def total(self) -> Decimal | None:
        """What it must be; None where that is not known."""
        return self.least if len(self.points) == self.length else None

    @property
    def least(self) -> Decimal:
        return sum(self.points, Decimal(0))

    @property
    def told(self) -> Decimal | int | None:
        """The total as it can be written where the score stands."""
        if self.total is None or abs(self.total) > _LARGEST or self.total != self.total.to_integral_value():
            return self.total if self.path != _INTEGER else None
        return int(self.total)

    def may_be(self, value: Decimal) -> bool:
        """Of an instrument answered in part, the rest may have counted too; of more than it asks, some may not."""
        if self.total is not None:
            return value == self.total
        return self.length is None or len(self.points) > self.length or value >= self.least


def recounted(
    came: Sequence[Entry], former: Sequence[Entry], made: Sequence[Entry], wanted: Sequence[WantedEntry]
) -> list[WantedEntry]:
    """The scores that other answers give, where she says none herself: `made` is what her wants alone lead to."""
    news = _contradicted(came, former, made)
    found = (score for score in news if not _said(score, wanted) and may_set(score.entry, score.path))
    return [WantedEntry(each.entry.id, {each.path: each.told}) for each in found if each.told is not None]


def check_scores(
    came: Sequence[Entry], former: Sequence[Entry], made: Sequence[Entry], wanted: Sequence[WantedEntry]
) -> list[Issue]:
    """What contradicts its answers and cannot be recounted, by its place in the request."""
    issues = []
    for score in _contradicted(came, former, made):
        if _said(score, wanted):
            if not score.may_be(score.value):
                issues.append(Issue(_NOT_THE_SUM, _place(wanted, score.path, score.entry), "business-rule"))
        elif score.told is None or not may_set(score.entry, score.path):
            place = _place(wanted, "", score.answers, score.entry)
            issues.append(Issue(_RESTS_ON_IT, place, "business-rule"))
    return issues


def _contradicted(came: Sequence[Entry], former: Sequence[Entry], made: Sequence[Entry]) -> list[_Score]:
    """Scores that do not stand beside their answers as they came or stood before, and are not what these give."""
    known = {(each.entry.id, each.value, each.points) for entries in (came, former) for each in _scores(entries)}
    return [
        each
        for each in _scores(made)
        if (each.entry.id, each.value, each.points) not in known and each.total != each.value
    ]


def _said(score: _Score, wanted: Sequence[WantedEntry]) -> bool:
    return any(want.id == score.entry.id and score.path in want.set for want in wanted)


def _place(wanted: Sequence[WantedEntry], path: str, *entries: Entry) -> str:
    """Where the first of the entries that is among what is wanted stands: its path, or else the first it sets."""
    asked = [want.id for want in wanted]
    number = next(asked.index(each.id) for each in entries if each.id in asked)
    names = list(wanted[number].set)
    return f"entries[{number}].set[{names.index(path) if path in names else 0}]" if names else f"entries[{number}]"


def _scores(entries: Sequence[Entry]) -> Iterator[_Score]:
    answered = {f"{LOCAL}{each.name}": each for each in entries if each.type == "QuestionnaireResponse" and each.name}
    for entry in entries:
        found = _value(entry.resource) if entry.type == "Observation" else None
        for source in entry.resource.get("derivedFrom", ()) if found else ():
            answers = answered.get(source.get("reference", ""))
            if answers is not None and found is not None:
                points = tuple(_points(answers.resource))
                yield _Score(entry, answers, *found, points, _length(entry.resource))


def _value(resource: Json) -> tuple[str, Decimal] | None:
    if _INTEGER in resource:
        return _INTEGER, Decimal(resource[_INTEGER])
    value = resource.get("valueQuantity", {}).get("value")
    return None if value is None else ("valueQuantity.value", Decimal(value))


def _length(resource: Json) -> int | None:
    return next((_ITEMS[each["code"]] for each in objects_of(resource["code"]) if each.get("code") in _ITEMS), None)


def _points(of: Json) -> Iterator[Decimal]:
    """What each answer counts, in their order."""
    for item in of.get("item", ()):
        for answer in item.get("answer", ()):
            counted = _counted(answer)
            if counted is not None:
                yield counted
            yield from _points(answer)
        yield from _points(item)


def _counted(answer: Json) -> Decimal | None:
    for name in ("valueDecimal", _INTEGER):
        if name in answer:
            return Decimal(answer[name])
    coding = answer.get("valueCoding", {})
    ordinal = next((each.get("valueDecimal") for each in coding.get("extension", ()) if each["url"] == _ORDINAL), None)
    found = _FREQUENCIES.get(coding.get("code")) if ordinal is None else ordinal
    return None if found is None else Decimal(found)
