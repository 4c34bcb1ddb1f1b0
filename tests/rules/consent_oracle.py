"""Who may see what, told a second time: straight from Consents and resources as JSON, slowly, with nothing of the
gateway's in it. Whatever the rules compile and intern, they must answer as this does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.rules.consent_oracle_content import (
    CONFIDENTIALITY,
    LEVELS,
    NOTES,
    Json,
    World,
    aspects,
    carries,
    codes,
    is_machines_estimate,
    is_meant,
    of_itself,
)

PURPOSE_IN = {
    **dict.fromkeys(("COC", "ETREAT"), "TREAT"),
    **dict.fromkeys(("BTG", "ERTREAT"), "ETREAT"),
    **dict.fromkeys(("MLTRAINING", "CAREMGT"), "HOPERAT"),
    "CLINTRCH": "HRESCH",
}


class Caller(NamedTuple):
    organization: str
    purpose: str
    day: str
    practitioner: str | None = None
    device: str | None = None
    patient: str | None = None
    bound_to: str | None = None


class Answer(NamedTuple):
    permits: bool
    denies: bool = False
    redacts: bool = False
    provisions: frozenset[tuple[str, str]] = frozenset()


NO, YES = Answer(False), Answer(True)


def answer(world: World, caller: Caller, resource: Json, subjects: list[str], custodian: str) -> Answer:
    own = custodian == caller.organization
    if not subjects:
        return YES if own or of_itself(resource, False)["level"] in "ULN" else NO
    if caller.bound_to and caller.bound_to not in subjects:
        return NO
    if own and caller.purpose in ("TREAT", "COC", "HOPERAT"):
        found = [told for each in subjects for told in told_by_consents(world, caller, resource, each, persons(caller))]
        refused = frozenset(place for permits, _, places in found if not permits for place in places)
        return Answer(False, True, False, refused) if refused else YES
    answers = [of_one(world, caller, resource, subject) for subject in subjects]
    if any(each.denies for each in answers):
        places = frozenset().union(*(each.provisions for each in answers if each.denies))
        return Answer(False, True, False, places)
    if not all(each.permits for each in answers):
        return NO
    places = frozenset().union(*(each.provisions for each in answers))
    return Answer(True, False, any(each.redacts for each in answers), places)


def of_one(world: World, caller: Caller, resource: Json, subject: str) -> Answer:
    if caller.patient == subject and caller.purpose == "PATRQT":
        for redacts in (False, True):
            parts = aspects(world, resource, without_inline=redacts)
            if parts and not any(each["labels"] & (NOTES | {"NOPAT"}) for each in parts):
                return Answer(True, False, redacts)
        return NO
    names = {"*", f"Organization/{caller.organization}", *persons(caller)}
    found = told_by_consents(world, caller, resource, subject, names)
    refused = [places for permits, _, places in found if not permits]
    if refused:
        return Answer(False, True, False, frozenset().union(*refused))
    if resource["resourceType"] == "Consent":
        found = [each for each in found if all(id == resource["id"] for id, _ in each[2])]
    for redacts in (False, True):
        if allowed := [places for _, how, places in found if how is redacts]:
            return Answer(True, False, redacts, frozenset().union(*allowed))
    return NO


def persons(caller: Caller) -> set[str]:
    keys = {f"Device/{caller.device}"} if caller.device else set()
    keys |= {f"Patient/{caller.patient}"} if caller.patient else set()
    if caller.practitioner:
        keys |= {f"Practitioner/{caller.practitioner}", f"Practitioner/{caller.practitioner}@{caller.organization}"}
    return keys


Told = tuple[bool, bool, frozenset[tuple[str, str]]]  # whether it permits, only without what is labelled inline, where


def told_by_consents(world: World, caller: Caller, resource: Json, subject: str, names: set[str]) -> list[Told]:
    """What each consent of the patient says to these names."""
    told = []
    mine = [each for each in world.consents if each["patient"]["reference"] == f"Patient/{subject}"]
    for consent in mine:
        if consent["status"] != "active" or any(is_superseded(consent, by, caller.day) for by in mine):
            continue
        kind = kind_of(consent)
        if kind == "ai-processing":
            continue
        said = list(speaking(world, caller, resource, names, kind, consent["provision"], "provision", {}, 0))
        if not said:
            continue
        deepest = [each for each in said if each[0] == max(depth for depth, *_ in said)]
        denials = [each for each in deepest if not each[1]]
        whole = [each for each in deepest if not each[2]]
        chosen = denials or whole or deepest
        told.append((not denials, chosen[0][2], frozenset((consent["id"], path) for *_, path in chosen)))
    return told


def kind_of(consent: Json) -> str:
    codes = {coding["code"] for category in consent["category"] for coding in category["coding"]}
    return "ai-processing" if "ai-processing" in codes else "redisclosure" if "IRDSCL" in codes else "disclosure"


def is_superseded(consent: Json, by: Json, day: str) -> bool:
    if by["status"] == "entered-in-error" or by["dateTime"] <= consent["dateTime"] or kind_of(by) != kind_of(consent):
        return False
    if by["provision"].get("period", {}).get("start", "") > day:
        return False
    same_id = {each["value"] for each in by.get("identifier", [])} & {
        each["value"] for each in consent.get("identifier", [])
    }
    return bool(same_id) or addressed(by) == addressed(consent)


def addressed(consent: Json) -> tuple[set[str], set[str], list[list[str]]]:
    root = consent["provision"]
    actors = {actor["reference"]["reference"] for actor in root.get("actor", [])}
    about = [root.get(name, []) for name in ("action", "class", "code", "securityLabel", "data")]
    content = [sorted(map(str, values)) for values in [*about, [root.get("dataPeriod")]]]
    return actors, {purpose["code"] for purpose in root.get("purpose", [])}, content


def speaking(
    world: World,
    caller: Caller,
    resource: Json,
    names: set[str],
    kind: str,
    stated: Json,
    path: str,
    above: Json,
    depth: int,
) -> Iterator[tuple[int, bool, bool, str]]:
    """Each provision that speaks of this: depth, whether it permits, whether only without the inline-labelled, path."""
    if not within(caller.day, stated.get("period", {})):
        return
    whole = {**above, **stated}
    if "securityLabel" in stated or "labelled_by" not in whole:
        whole["labelled_by"] = stated["type"]
    permits = whole["type"] == "permit"
    if is_addressed(world, caller, names, whole, permits) and acts(whole):
        if permits:
            redact = "REDACT" in codes(whole.get("securityLabel", []))
            ways = (False, True) if redact else (False,)
            for redacts in ways:
                parts = aspects(world, resource, without_inline=redacts)
                if parts and all(opens(world, caller, whole, part, kind) for part in parts):
                    yield depth, True, redacts, path
                    break
        elif all_of := aspects(world, resource, without_inline=False):
            if any(closes(world, whole, part) for part in all_of):
                yield depth, False, False, path
        else:
            yield depth, False, False, path
    for number, nested in enumerate(stated.get("provision", [])):
        here = f"{path}.provision[{number}]"
        yield from speaking(world, caller, resource, names, kind, nested, here, whole, depth + 1)


def within(day: str, period: Json) -> bool:
    return bool(period.get("start", "") <= day <= period.get("end", "9"))


def is_addressed(world: World, caller: Caller, names: set[str], whole: Json, permits: bool) -> bool:
    if "actor" in whole:
        named: list[str] = [actor["reference"]["reference"] for actor in whole["actor"]]
        meant = {
            key
            for one in named
            for key, start, end in world.groups.get(one, [(one, "", "9")])
            if start <= caller.day <= end
        }
    else:
        meant = {"*"}
    if not meant & names:
        return False
    if "purpose" not in whole:
        return not (permits and reached(caller.purpose) & {"BTG", "MLTRAINING", "HRESCH", "HMARKT"})
    return any(covers(code, caller.purpose, permits) for code in codes(whole["purpose"]))


def reached(purpose: str) -> set[str]:
    """The purpose and all that contains it."""
    return {purpose} | (reached(PURPOSE_IN[purpose]) if purpose in PURPOSE_IN else set())


def covers(named: str, asked: str, permits: bool) -> bool:
    """Walks down from what is named to what is asked; a permit does not enter what must be named itself."""
    if named == asked:
        return True
    below = [child for child, parent in PURPOSE_IN.items() if parent == named]
    return any(covers(child, asked, permits) for child in below if not (permits and child in ("BTG", "MLTRAINING")))


def acts(whole: Json) -> bool:
    named = {code for action in whole.get("action", []) for code in codes(action["coding"])}
    return not named or bool(named & {"access", "use", "disclose"})


def opens(world: World, caller: Caller, whole: Json, part: dict[str, Any], kind: str) -> bool:
    said = whole.get("securityLabel", [])
    ceilings = [each["code"] for each in said if each["system"] == CONFIDENTIALITY]
    named = {each["code"] for each in said if each["system"] != CONFIDENTIALITY} - {"REDACT"}
    labels = part["labels"]
    if part["record"] and part["it"]["resourceType"] == "Consent":
        return False
    if is_machines_estimate(part["it"]):
        return False
    if LEVELS.index(part["level"]) > max((LEVELS.index(each) for each in ceilings), default=LEVELS.index("R")):
        return False
    if named and not carries(labels, named):
        return False
    if labels & NOTES and (not named & NOTES or caller.purpose == "BTG"):
        return False
    if "42CFRPart2" in labels and "42CFRPart2" not in named:
        return False
    if kind == "redisclosure" and "NORDSCLCD" not in labels:
        return False
    if kind == "disclosure" and "NORDSCLCD" in labels and "42CFRPart2" not in labels:
        return False
    return is_meant(world, whole, part["it"], wide=False)


def closes(world: World, whole: Json, part: dict[str, Any]) -> bool:
    said = whole.get("securityLabel", [])
    floors = [each["code"] for each in said if each["system"] == CONFIDENTIALITY and whole["labelled_by"] == "deny"]
    named = {each["code"] for each in said if each["system"] != CONFIDENTIALITY} - {"REDACT"}
    high = any(LEVELS.index(part["level"]) >= LEVELS.index(each) for each in floors)
    sensitive = bool(named) and (part["everything"] or carries(part["labels"], named))
    if (floors or named) and not (high or sensitive):
        return False
    things = [each for each in (part["it"], part["record"]) if each]
    return is_meant(world, whole, *things, wide=True)
