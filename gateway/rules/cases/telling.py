"""The cells of the truth table in words, told from the very resources that are decided on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir.labels import PROCESSINLINELABEL, inline_of, security_of
from gateway.rules.access import Visibility
from gateway.rules.cases.case import LETTERS, Answer, Case
from gateway.rules.cases.cast import NAMES, NOW, SAM
from gateway.rules.consent_codes import Concern, concern_of

Json = Mapping[str, Any]
_VERBS = {"permit": "permits", "deny": "denies"}
_MEANINGS = {
    "instance": "{}",
    "related": "{} and what it has to do with",
    "dependents": "{} and what refers to it",
    "authoredby": "what {} made",
}
_KINDS = {Concern.REDISCLOSURE: "(redisclosure) ", Concern.AI_PROCESSING: "(AI processing) ", Concern.DISCLOSURE: ""}
_BECAUSE = {
    "open": "about no patient, and not above N",
    "own-use": "the custodian's own use",
    "own-access": "the patient's own access",
    "consent": "permitted",
    "deny": "denied",
    "law": "a law protects it, and nothing that names the law opens it",
    "silence": "nothing permits it",
}


def content(case: Case) -> str:
    """What it is, about whom, its labels and what else a consent may ask of it; and what is kept beside it."""
    if isinstance(case.content, str):
        return f"Consent {case.content}"
    with_codes = "LOINC" in consents(case)
    told = ", ".join(_content(case.content, with_codes))
    beside = [", ".join(_content(each, with_codes)) for each in case.beside]
    return f"{told}<br>beside it: {'; '.join(beside)}" if beside else told


def asking(visibility: Visibility) -> str:
    """Who asks, for what, and when if not now."""
    place = NAMES.get(f"Organization/{visibility.organization_id}", "")
    person = next((NAMES[key] for key in visibility.person_keys if key in NAMES), "")
    who = f"{person} of {place}" if person and place else person or place
    moment = "" if visibility.at == NOW else f", on {visibility.at:%Y-%m-%d at %H:%M:%S}"
    bound = f" for the record of {NAMES[about]}" if (about := f"Patient/{visibility.bound_to}") in NAMES else ""
    return f"{who}, {visibility.purpose}{bound if not visibility.patient_id else ''}{moment}"


def consents(case: Case) -> str:
    """Every consent by its letter; an exception by its number under what it is an exception of."""
    told = [f"**{letter}** {_consent(each)}" for letter, each in zip(LETTERS, case.consents, strict=False)]
    return "<br>".join(told) or "none"


def because(case: Case) -> str:
    """The line of the policy that decides, and the provisions."""
    if case.because == "several":
        why = "not each of them permits it" if case.answer is Answer.NO else "each of them permits it"
    else:
        why = _BECAUSE[case.because]
    return f"{why}: {case.by}" if case.by else why


def _content(resource: Json, with_codes: bool) -> Iterator[str]:
    about = [resource.get("subject"), *resource.get("focus", ())]
    subjects = [_name(each) for each in about if each]
    yield resource["resourceType"] + (f" of {' and '.join(subjects)}" if subjects else "")
    codes = [code for _, code in security_of(resource) if code != PROCESSINLINELABEL["code"]]
    yield " ".join(codes) or "unlabelled"
    if inside := " ".join(code for _, code in inline_of(resource)):
        yield f"a part of it {inside}"
    coded = [resource, *resource.get("component", ())] if with_codes else []
    yield from (f"LOINC {each['code']['coding'][0]['code']}" for each in coded if "coding" in each.get("code", {}))
    if dated := resource.get("effectiveDateTime") or resource.get("period", {}).get("start"):
        yield f"of {dated}"
    for words, element in (
        ("by", "performer"),
        ("in", "encounter"),
        ("for", "reasonReference"),
        ("about", "target"),
    ):
        held = resource.get(element, [])
        yield from (f"{words} {_name(each)}" for each in (held if isinstance(held, list) else [held]))


def _consent(consent: Json) -> str:
    whose = "" if consent["patient"]["reference"] == SAM else f"({_name(consent['patient'])}) "
    told = f"{whose}{_KINDS[concern_of(consent)]}{_provision(consent['provision'], '')}"
    more = [f"given {consent['dateTime']}"] if consent["dateTime"] != "2026-01-02" else []
    more += [consent["status"]] if consent["status"] != "active" else []
    more += [f"number {each['value']}" for each in consent.get("identifier", ())]
    return f"{told} ({', '.join(more)})" if more else told


def _provision(provision: Json, number: str) -> str:
    who = [_name(actor["reference"]) for actor in provision.get("actor", ())]
    if not who and not number:
        who = ["everybody"]
    told = [_VERBS[provision["type"]], *([_or(who)] if who else []), *_how(provision)]
    words = " ".join(told) + "".join([f": {', '.join(what)}"] if (what := list(_what(provision))) else [])
    inner = provision.get("provision", ())
    numbers = [f"{number}.{position}".lstrip(".") for position in range(1, len(inner) + 1)]
    return words + "".join(
        f"; **{each}** {_provision(nested, each)}" for each, nested in zip(numbers, inner, strict=True)
    )


def _how(provision: Json) -> Iterator[str]:
    if purposes := _codes(provision.get("purpose", ())):
        yield f"for {purposes}"
    if actions := _codes(concept["coding"][0] for concept in provision.get("action", ())):
        yield f"to {actions}"
    yield from _span(provision.get("period", {}), "from", "until")


def _what(provision: Json) -> Iterator[str]:
    if types := _codes(provision.get("class", ())):
        yield types
    if codes := _codes(concept["coding"][0] for concept in provision.get("code", ())):
        yield f"LOINC {codes}"
    if labels := _codes(provision.get("securityLabel", ())):
        yield f"labelled {labels}"
    if dated := " ".join(_span(provision.get("dataPeriod", {}), "from", "to")):
        yield f"dated {dated}"
    if data := [_MEANINGS[each["meaning"]].format(_name(each["reference"])) for each in provision.get("data", ())]:
        yield _or(data)


def _codes(codings: Iterable[Json]) -> str:
    return _or(coding["code"] for coding in codings)


def _or(words: Iterable[str]) -> str:
    return " or ".join(words)


def _span(period: Json, start: str, end: str) -> Iterator[str]:
    yield from (f"{word} {period[edge]}" for edge, word in (("start", start), ("end", end)) if edge in period)


def _name(reference: Json) -> str:
    return NAMES.get(reference["reference"], reference["reference"])
