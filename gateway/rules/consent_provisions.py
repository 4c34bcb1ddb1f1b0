"""The provisions of a Consent, each with what it says once what it inherits is counted, and what they say together.

A nested provision inherits every element that it does not state and replaces those that it states; only `period` is
narrowed: nothing is in force while what it stands in is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gateway.errors import Issue
from gateway.fhir import dates
from gateway.fhir.dates import Interval
from gateway.fhir.json import dump
from gateway.rules.consent_codes import Concern
from gateway.rules.consent_elements import READING
from gateway.rules.sensitivity import PSYCHOTHERAPY, REDACT

MOST_COMBINATIONS = 1000  # recipients times purposes, over all provisions
_STRUCTURE = frozenset({"id", "type", "provision"})
_FOR_PEOPLE = frozenset({"id", "display", "text"})


class Provision(NamedTuple):
    """`stated` as it is written; `whole` with what it inherits, without what is nested in it."""

    path: str
    depth: int
    stated: Mapping[str, Any]
    whole: Mapping[str, Any]
    parent: Provision | None = None

    @property
    def permits(self) -> bool:
        return bool(self.whole["type"] == "permit")

    @property
    def span(self) -> Interval:
        """When it is in force; never, where it ends before it starts. Raises ValueError for bad dates."""
        own = dates.period(self.stated.get("period", {}))
        if self.parent is None:
            return own
        outer = self.parent.span
        return Interval(max(own.low, outer.low), min(own.high, outer.high))


def provisions(consent: Mapping[str, Any]) -> Iterator[Provision]:
    """The root and all that is nested in it, depth first; `path` without the "Consent." in front."""
    yield from _walk(consent["provision"], "provision", None)


def _walk(stated: Mapping[str, Any], path: str, parent: Provision | None) -> Iterator[Provision]:
    inherited = parent.whole if parent else {}
    whole = {**inherited, **{name: value for name, value in stated.items() if name != "provision"}}
    this = Provision(path, parent.depth + 1 if parent else 0, stated, whole, parent)
    yield this
    for number, nested in enumerate(stated.get("provision", ())):
        yield from _walk(nested, f"{path}.provision[{number}]", this)


def faults(consent: Mapping[str, Any], concern: Concern) -> Iterator[Issue]:
    """What the provisions of a well-formed Consent promise in vain, or say against each other."""
    combinations = 0
    for each in provisions(consent):
        yield from _in_vain(each)
        yield from _unkept(each, concern)
        yield from _among(each)
        combinations += max(1, len(each.whole.get("actor", ()))) * max(1, len(each.whole.get("purpose", ())))
    if combinations > MOST_COMBINATIONS:
        text = f"More than {MOST_COMBINATIONS} combinations of recipients and purposes."
        yield Issue(text, "Consent.provision", "too-costly")


def _in_vain(each: Provision) -> Iterator[Issue]:
    """A nested provision that could as well not be there."""
    if each.parent is None:
        return
    place = f"Consent.{each.path}"
    if each.span.high < each.span.low:
        yield Issue("This is never in force together with what it stands in.", f"{place}.period", "business-rule")
    elif _content(each.whole) == _content(each.parent.whole):
        text = "This takes back all of" if each.permits != each.parent.permits else "This adds nothing to"
        yield Issue(f"{text} the provision it stands in.", place, "business-rule")


def _among(each: Provision) -> Iterator[Issue]:
    """Nested provisions that say the same as one before them, or the opposite of it."""
    nested = each.stated.get("provision", ())
    before: dict[bytes, list[tuple[int, Mapping[str, Any]]]] = {}
    for number, one in enumerate(nested):
        for other, earlier in before.setdefault(_content(one), []):
            place = f"Consent.{each.path}.provision[{number}]"
            if earlier["type"] != one["type"]:
                yield Issue(f"This contradicts provision[{other}] beside it.", place, "business-rule")
            elif _plain(earlier) == _plain(one):
                yield Issue(f"This says provision[{other}] again.", place, "business-rule")
        before[_content(one)].append((number, one))


def _unkept(each: Provision, concern: Concern) -> Iterator[Issue]:
    """What would be promised and not kept, told where it is stated."""
    place = f"Consent.{each.path}"
    actions = _codes(each.whole.get("action", ()))
    if actions and concern is not Concern.AI_PROCESSING and ("action" in each.stated or "type" in each.stated):
        if not actions & READING:
            yield Issue("To correct alone is nothing the gateway can permit or deny.", f"{place}.action", "value")
        elif each.permits and "correct" in actions:
            yield Issue("Nobody but the custodian corrects a record here.", f"{place}.action", "value")
    labels = {coding["code"] for coding in each.whole.get("securityLabel", ())}
    if not each.permits and REDACT in labels:
        yield Issue("Only what is permitted can be redacted.", f"{place}.securityLabel", "value")
    purposes = {coding["code"] for coding in each.whole.get("purpose", ())}
    if each.permits and labels & PSYCHOTHERAPY and "BTG" in purposes:
        yield Issue("Breaking the glass never opens psychotherapy notes.", f"{place}.securityLabel", "business-rule")


def _codes(concepts: Any) -> set[str]:
    return {coding["code"] for concept in concepts for coding in concept["coding"]}


def _content(provision: Mapping[str, Any]) -> bytes:
    """What a provision speaks of, whatever it says of that and in whichever order."""
    return _plain({name: value for name, value in provision.items() if name not in _STRUCTURE})


def _plain(value: Any) -> bytes:
    """Equal for what means the same: names for people do not count, nor does the order of a list."""
    if isinstance(value, list):
        return b"[" + b",".join(sorted({_plain(item) for item in value})) + b"]"
    if isinstance(value, Mapping):
        known = sorted((name, item) for name, item in value.items() if name not in _FOR_PEOPLE)
        return b"{" + b",".join(dump(name) + b":" + _plain(item) for name, item in known) + b"}"
    return dump(value)
