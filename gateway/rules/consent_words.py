"""A Consent and a decision on it in plain words: one sentence for each provision, as whoever is asked would read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gateway.fhir.labels import CONFIDENTIALITY_ORDER, CONFIDENTIALITY_SYSTEM
from gateway.rules.consent import Basis, Decision
from gateway.rules.consent_codes import Concern, concern_of
from gateway.rules.consent_phrases import FLOORS, LABELS, LEVELS, PURPOSES, listed
from gateway.rules.consent_provisions import Provision, provisions
from gateway.rules.sensitivity import REDACT

Name = Callable[[str], str]  # how people call what `Type/id` refers to

_BASES: Mapping[Basis, str] = {
    Basis.OWN_USE: "because it keeps the record, and uses it for care",
    Basis.OWN_ACCESS: "because everybody may see the own record",
    Basis.OPEN: "because this is about no patient and open to all",
    Basis.CONSENT: "because the patient consented",
    Basis.DENY: "because the patient refused it",
    Basis.LAW: "because the law asks for a consent that names this, and there is none",
    Basis.SEVERAL: "because each of the patients it is about must permit it",
    Basis.SILENCE: "because no consent in force permits it",
}
_MEANINGS = {
    "instance": "{}",
    "related": "what belongs to {}",
    "dependents": "what depends on {}",
    "authoredby": "what {} wrote",
}
POLICY = (
    "The organization that keeps the record uses it for treatment, the coordination of care and running the clinic.",
    "Patients see their own record, but for psychotherapy notes and what a clinician keeps from them by a label.",
    "Nobody else sees anything without a consent; psychotherapy notes, records under 42 CFR Part 2 and what is very "
    "restricted only by one that names them; research, marketing, training a model and breaking the glass likewise.",
)


def sentence_of(decision: Decision, who: str, purpose: str, what: str) -> str:
    """What was decided for `who` on `what`, and why."""
    may = "may" if decision.permits else "may not"
    rest = ", without the parts that are protected," if decision.redacts else ""
    return f"{who} {may} see {what} for {_purpose(purpose)}{rest} {_BASES[decision.basis]}."


class Saying(NamedTuple):
    """One provision in words; `who` it speaks of, as people call them (none is everybody)."""

    who: tuple[str, ...]
    permits: bool
    words: str


def sayings_of(consent: Mapping[str, Any], name: Name) -> list[Saying]:
    """What an admitted Consent says, each provision with all that it inherits; exceptions after what they limit."""
    concern = concern_of(consent)
    return [_saying(each, concern, name) for each in provisions(consent)]


def _saying(each: Provision, concern: Concern, name: Name) -> Saying:
    who = tuple(name(actor["reference"]["reference"]) for actor in each.whole.get("actor", ()))
    return Saying(who, each.permits, _sentence(each, concern, name, listed(list(who) or ["Everybody"], "and")))


def _sentence(each: Provision, concern: Concern, name: Name, who: str) -> str:
    whole = each.whole
    start = "" if each.parent is None else "Also: " if each.permits is each.parent.permits else "But: "
    if not each.permits and "actor" not in whole:
        who = "Nobody"
    may = "may" if each.permits or who == "Nobody" else "may not"
    aims = listed([_purpose(code) for code in _codes(whole.get("purpose", ()))] or ["any purpose"])
    return f"{start}{who} {may} {_act(each, concern, name)} for {aims}{_when(whole.get('period'), ', ')}."


def _act(each: Provision, concern: Concern, name: Name) -> str:
    if concern is Concern.AI_PROCESSING:
        return "let an AI process what is said and written"
    verb = "pass on" if concern is Concern.REDISCLOSURE else "see"
    return f"{verb} {_what(each, name)}"


def _what(each: Provision, name: Name) -> str:
    whole = each.whole
    anything = "everything" if each.permits else "anything"
    types = listed([f"{code} resources" for code in _codes(whole.get("class", ()))] or [anything])
    limits = [_labels(each)]
    if codes := [_coding(concept["coding"][0]) for concept in whole.get("code", ())]:
        limits.append(f"coded {listed(codes)}")
    if data := [_MEANINGS[one["meaning"]].format(name(one["reference"]["reference"])) for one in whole.get("data", ())]:
        limits.append(f"among {listed(data)}")
    if "dataPeriod" in whole:
        limits.append(f"dated{_when(whole['dataPeriod'], ' ')}")
    return " ".join([types, *(limit for limit in limits if limit)])


def _labels(each: Provision) -> str:
    """A deny takes over no confidentiality: that of a permit is a ceiling, its own a floor."""
    said = each.whole.get("securityLabel", ())
    own = (each.whole if each.permits else each.stated).get("securityLabel", ())
    levels = [label["code"] for label in own if label["system"] == CONFIDENTIALITY_SYSTEM]
    codes = [label["code"] for label in said if label["system"] != CONFIDENTIALITY_SYSTEM and label["code"] != REDACT]
    about = f"about {listed([LABELS.get(code, code) for code in codes])}" if codes else ""
    if each.permits:
        level = min(levels or ["R"], key=CONFIDENTIALITY_ORDER.index)
        return f"{about} that is {LEVELS[level]}".strip()
    lowest = max(levels, key=CONFIDENTIALITY_ORDER.index, default=None)
    above = f"that is {FLOORS[lowest]}" if lowest else ""
    return " or ".join(part for part in (about, above) if part)


def _purpose(code: str) -> str:
    return PURPOSES.get(code, code)


def _codes(codings: Any) -> list[str]:
    return [coding["code"] for coding in codings]


def _coding(coding: Mapping[str, str]) -> str:
    return coding.get("display") or coding["code"]


def _when(period: Mapping[str, str] | None, before: str) -> str:
    if not period:
        return ""
    start = f"from {period['start']}" if "start" in period else ""
    end = f"until {period['end']}" if "end" in period else ""
    return before + " ".join(part for part in (start, end) if part)
