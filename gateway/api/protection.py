"""How a draft is protected, as its reviewer reads and chooses it: one confidentiality, labels, and why."""

from __future__ import annotations

from pydantic import Field

from gateway.api.shapes import Shape
from gateway.rules.label_rules import LabelRules
from gateway.rules.protection import LONGEST_REASON, REVIEWER, Choice, Label, Protection


class LabelView(Shape):
    """A sensitivity or law of v3-ActCode; `rule` is the rule that gave it, if one did."""

    code: str
    because: str
    rule: str | None


class ProtectionView(Shape):
    """`waived` are the labels and levels that a reviewer took off, for `reason`."""

    confidentiality: str
    labels: list[LabelView]
    waived: list[str]
    reason: str | None


class WantedProtection(Shape):
    """All labels that shall be there. Whatever is lowered by it needs a reason."""

    confidentiality: str = Field(max_length=1, description="V, R or N.")
    labels: list[str] = Field(max_length=64, description="Codes of v3-ActCode: sensitivities, 42CFRPart2, NOPAT.")
    reason: str | None = Field(None, max_length=LONGEST_REASON)

    @property
    def choice(self) -> Choice:
        return Choice(self.confidentiality, tuple(self.labels), self.reason)


def protection_view(protection: Protection, rules: LabelRules) -> ProtectionView:
    return ProtectionView(
        confidentiality=protection.confidentiality,
        labels=[_label(label, rules) for label in protection.labels],
        waived=list(protection.waived),
        reason=protection.reason,
    )


def because(label: Label, rules: LabelRules) -> str:
    """Why the label is there, in words."""
    if label.basis == REVIEWER:
        return "A reviewer chose it."
    rule = rules.rule(label.basis)
    return rule.because if rule else "It is the policy for what is said in sessions."


def _label(label: Label, rules: LabelRules) -> LabelView:
    rule = rules.rule(label.basis)
    return LabelView(code=label.code, because=because(label, rules), rule=rule.name if rule else None)
