"""One row of the truth table: what is given, and what the answer is; and the rule asked for the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from gateway.fhir.labels import RESTRICTED, confidentiality_of, label
from gateway.rules.access import Visibility
from gateway.rules.cases.cast import CLINIC, Known
from gateway.rules.consent import Decision, Facts, Reason, Rule, decide
from gateway.rules.consent_compile import compile_all, selectors_of
from gateway.rules.content import Kind, aspect_of, told_by
from gateway.rules.selector import Selector, outgoing
from gateway.rules.subjects import patients_of

Json = Mapping[str, Any]
LETTERS = "ABCDEFGH"


class Answer(StrEnum):
    YES = "yes"
    PART = "in part"
    NO = "no"


class Case(NamedTuple):
    """`because` is the line of the policy that decides, `by` the provisions: "A" is the root of the first consent,
    "A.1" its first exception. `content` is a resource, or the letter of a consent; `beside` is kept here too."""

    content: Json | str
    asking: Visibility
    consents: tuple[Json, ...]
    answer: Answer
    because: str
    by: str = ""
    beside: tuple[Json, ...] = ()


class Group(NamedTuple):
    """`rule` says for people what the cases show."""

    title: str
    rule: str
    cases: Sequence[Case]


class Outcome(NamedTuple):
    """What the rule says to a case: equal to what the case expects, or the table is wrong."""

    answer: Answer
    because: str
    by: str


def expected(case: Case) -> Outcome:
    return Outcome(case.answer, case.because, case.by)


def consents_of(case: Case) -> list[dict[str, Any]]:
    """The consents as they are kept: with their ids, labelled as every Consent is."""
    return [
        label({**each, "id": f"consent-{letter.lower()}"}, RESTRICTED)
        for letter, each in zip(LETTERS, case.consents, strict=False)
    ]


def content_of(case: Case) -> Json:
    if isinstance(case.content, str):
        return consents_of(case)[LETTERS.index(case.content)]
    return case.content


def outcome(case: Case) -> Outcome:
    """The rule asked, purely: consents compiled, content described, decided."""
    content = content_of(case)
    rules = _rules(case)
    found = decide(_facts(case, content, [rule for each in rules.values() for rule in each]), case.asking, rules)
    return Outcome(_answer(found), found.basis.value, ", ".join(place_of(reason) for reason in found.reasons))


def _answer(found: Decision) -> Answer:
    return Answer.NO if not found.permits else Answer.PART if found.redacts else Answer.YES


def _rules(case: Case) -> dict[str, list[Rule]]:
    """By patient."""
    held: dict[str, list[tuple[Json, int]]] = {}
    for each in consents_of(case):
        held.setdefault(each["patient"]["reference"].partition("/")[2], []).append((each, 1))
    return {patient: compile_all(consents, Known()) for patient, consents in held.items()}


def _facts(case: Case, content: Json, rules: Sequence[Rule]) -> Facts:
    return Facts(
        subjects=tuple(dict.fromkeys(patient for each in about_what(case, content) for patient in patients_of(each))),
        custodian_id=CLINIC.partition("/")[2],
        confidentiality=confidentiality_of(content),
        kind=_kind(case, content, selectors_of(rules)),
        consent_id=content["id"] if content["resourceType"] == "Consent" else None,
    )


def _kind(case: Case, content: Json, selectors: Sequence[Selector]) -> Kind:
    refers = {name(each): outgoing(each) for each in (*case.beside, content)}
    kinds = [Kind(frozenset({aspect_of(each, selectors, refers)})) for each in about_what(case, content)]
    return kinds[0] if content["resourceType"] != "Provenance" else told_by(content, kinds, selectors, refers)


def about_what(case: Case, content: Json) -> Sequence[Json]:
    """What the content tells of: itself, or the targets of a Provenance."""
    targets = {target["reference"] for target in content.get("target", ())}
    return [each for each in case.beside if name(each) in targets] if targets else [content]


def name(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def place_of(reason: Reason) -> str:
    """ "A.1" of "Consent/consent-a/_history/1" and "provision.provision[0]"."""
    letter = reason.consent.split("/")[1].split("-")[1].upper()
    steps = [str(int(step.partition("[")[2].rstrip("]")) + 1) for step in reason.path.split(".")[1:]]
    return ".".join([letter, *steps])
