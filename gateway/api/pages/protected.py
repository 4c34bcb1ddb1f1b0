"""What a draft's protection means, in words for a person; plain values for the template."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.api.protection import because
from gateway.rules.label_rules import LabelRules
from gateway.rules.protection import Protection

_LEVELS = {
    "V": ("Very restricted", "Only where a consent names this level."),
    "R": ("Restricted", "Sensitive: a consent opens it unless it says otherwise."),
    "N": ("Normal", "As any health record."),
}
_LABELS = {
    "MH": "Mental health",
    "SUD": "Substance use",
    "ETHUD": "Alcohol use",
    "OPIOIDUD": "Opioid use",
    "42CFRPart2": "Record of a substance use program (42 CFR Part 2)",
    "SDV": "Sexual or domestic violence",
    "VIO": "Violence",
    "SEX": "Sexuality and reproduction",
    "STD": "Sexually transmitted infection",
    "HIV": "HIV",
    "PREGNANT": "Pregnancy",
    "NOPAT": "Not to be shown to the patient",
}


@dataclass(frozen=True, slots=True)
class Option:
    """A box of the form; `because` tells why one that is on is there."""

    code: str
    name: str
    text: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Protected:
    """`summary` in one line; `reason` is that of what a reviewer took off."""

    summary: str
    levels: tuple[Option, ...]
    labels: tuple[Option, ...]
    reason: str


def protected(protection: Protection, rules: LabelRules) -> Protected:
    now = {label.code: because(label, rules) for label in protection.labels}
    names = _LABELS | {code: code for code in now if code not in _LABELS}
    level = _LEVELS.get(protection.confidentiality, (protection.confidentiality, ""))[0]
    return Protected(
        ": ".join(part for part in (level, ", ".join(names[code] for code in now)) if part),
        tuple(Option(code, name, text, code == protection.confidentiality) for code, (name, text) in _LEVELS.items()),
        tuple(Option(code, name, now.get(code, ""), code in now) for code, name in names.items()),
        protection.reason or "",
    )
