"""How one document is to be handled: its confidentiality, its sensitivities and laws, and why each is there.

The rules raise it, whatever a reviewer chose; a reviewer raises it as she likes, and lowers it with a reason only. What
she took off is remembered, so that the same rule does not put it on again behind her.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from gateway.errors import Issue
from gateway.fhir.labels import CONFIDENTIALITY_ORDER, highest
from gateway.rules.evidence import Change
from gateway.rules.label_rules import Given, confidentiality_given, labels_given
from gateway.rules.sensitivity import NOT_TO_PATIENT, PART_2, PSYCHOTHERAPY, SENSITIVITIES

# What a reviewer chooses between. A psychotherapy note is none of a draft's: it is kept apart.
LEVELS = ("V", "R", "N")
CHOOSABLE = (SENSITIVITIES | {PART_2, NOT_TO_PATIENT}) - PSYCHOTHERAPY
LONGEST_REASON = 2000
REVIEWER = "reviewer"


class Label(NamedTuple):
    """A sensitivity or law; `basis` is the rule that gave it, "reviewer", or empty for the policy of the house."""

    code: str
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Protection:
    """`waived` are labels and levels that were there and a reviewer took off, `reason` hers, `by` her id."""

    confidentiality: str = "R"
    labels: tuple[Label, ...] = (Label("MH"),)
    waived: tuple[str, ...] = ()
    reason: str | None = None
    by: str | None = None

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(label.code for label in self.labels)


# What is said in therapy is about mental health, and restricted.
SESSION = Protection()


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reviewer wants; `labels` are all that shall be there."""

    confidentiality: str
    labels: tuple[str, ...]
    reason: str | None = None


def raised(protection: Protection, given: Iterable[Given]) -> Protection:
    """With what the rules give beside it, but what a reviewer took off."""
    given = tuple(given)
    level = confidentiality_given(given)
    levels = [protection.confidentiality, *([level] if level and level not in protection.waived else [])]
    new = {code: rule for code, rule in labels_given(given).items() if code not in protection.waived}
    labels = (*protection.labels, *(Label(code, new[code]) for code in sorted(new.keys() - protection.codes)))
    return replace(protection, confidentiality=highest(levels), labels=labels)


def check_choice(protection: Protection, choice: Choice) -> list[Issue]:
    """Every fault of what is wanted, by its place in the request."""
    return list(_faults(protection, choice))


def _faults(protection: Protection, choice: Choice) -> Iterator[Issue]:
    if choice.confidentiality not in LEVELS:
        yield Issue(f"The confidentiality is one of {', '.join(LEVELS)}.", "protection.confidentiality", "code-invalid")
    for number, code in enumerate(choice.labels):
        if code not in CHOOSABLE:
            text = "No sensitivity or law that a reviewer can choose."
            yield Issue(text, f"protection.labels[{number}]", "code-invalid")
    if PART_2 in choice.labels and choice.confidentiality == "N":
        text = "What falls under 42 CFR Part 2 is restricted at least."
        yield Issue(text, "protection.confidentiality", "business-rule")
    if lowered(protection, choice) and not (choice.reason or "").strip():
        yield Issue("Lowering the protection needs a reason.", "protection.reason", "required")


def lowered(protection: Protection, choice: Choice) -> tuple[str, ...]:
    """What the choice takes off: levels above the one that is wanted, and labels."""
    order = CONFIDENTIALITY_ORDER
    now, then = order.index(protection.confidentiality), order.find(choice.confidentiality)
    return (*order[now : max(now, then)], *sorted(protection.codes - set(choice.labels)))


def chosen(protection: Protection, choice: Choice, by: str) -> Protection:
    """As the reviewer wants it; the choice has been checked."""
    off = lowered(protection, choice)
    bases = {label.code: label.basis for label in protection.labels}
    labels = tuple(Label(code, bases.get(code, REVIEWER)) for code in _ordered(protection, choice.labels))
    on = {*choice.labels, *CONFIDENTIALITY_ORDER[CONFIDENTIALITY_ORDER.index(choice.confidentiality) :]}
    waived = tuple(sorted({*protection.waived, *off} - on))
    reason = (choice.reason or "").strip() or None
    made = Protection(choice.confidentiality, labels, waived, reason if off else protection.reason, by)
    is_same = (made.confidentiality, made.codes) == (protection.confidentiality, protection.codes)
    return protection if is_same else made


def _ordered(protection: Protection, codes: Iterable[str]) -> list[str]:
    """Those that stay in their order, then the new ones."""
    wanted = set(codes)
    stay = [label.code for label in protection.labels if label.code in wanted]
    return stay + sorted(wanted - set(stay))


def differences(former: Protection, latter: Protection) -> tuple[Change, ...]:
    """What changed from one to the other; it belongs to no statement."""
    found = []
    if former.confidentiality != latter.confidentiality:
        found.append(Change("", "changed", "confidentiality", former.confidentiality, latter.confidentiality))
    found += [Change("", "removed", "label", code, None) for code in sorted(former.codes - latter.codes)]
    found += [Change("", "added", "label", None, code) for code in sorted(latter.codes - former.codes)]
    return tuple(found)
