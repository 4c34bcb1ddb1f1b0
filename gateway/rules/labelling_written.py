"""Which labels content carries: what it says of itself, what its version before carried, what the rules give.

One place for every road in. A label is only ever added or raised here: what a writer leaves out or lowers stays as it
was. Codes: HL7 v3-Confidentiality, v3-ActCode, v3-ObservationValue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir.elements import objects_of
from gateway.fhir.labels import (
    ACT_CODE_SYSTEM,
    CONFIDENTIALITY,
    CONFIDENTIALITY_SYSTEM,
    NORMAL,
    PATAST,
    PROCESSINLINELABEL,
    RESTRICTED,
    highest,
    inline_of,
    label,
    security_of,
    spoken,
)
from gateway.fhir.marks import act_code, on_basis, show
from gateway.fhir.references import Reference, literal
from gateway.rules.label_rules import DIRECTORY, RULE_SYSTEM, Given, confidentiality_given, labels_given
from gateway.rules.sensitivity import DECISIVE, NO_REDISCLOSURE, PART_2, SENSITIVITIES, named_by
from gateway.rules.subjects import patients_of, targets_of

REDISCLOSURE_MARK = "RedisclosureProhibitionMark"
# 42 CFR 2.32(a)(2), the short statement.
PART_2_STATEMENT = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
# Retired from v3-Confidentiality; their meaning lives on in v3-ActCode.
_RETIRED = frozenset({"ETH", "HIV", "PSY", "SDV"})
_LAW = (ACT_CODE_SYSTEM, PART_2)
_INLINE = (PROCESSINLINELABEL["system"], PROCESSINLINELABEL["code"])

Code = tuple[str, str]  # system, code


def label_written(
    resource: dict[str, Any], former: Mapping[str, Any] | None, given: Iterable[Given] = ()
) -> dict[str, Any]:
    """Label what was written (in place); `former` is the version before, `given` what the rules give. What is no
    directory entry, and about nobody's record here, is not opened to everybody."""
    kind, given = resource["resourceType"], tuple(given)
    is_of_nobody = not patients_of({"id": "", **resource})
    _tidy(resource, NORMAL if kind in DIRECTORY and is_of_nobody else RESTRICTED)
    least = _within(resource, former)
    if former is not None:
        least += _kept(former)
    if kind not in DIRECTORY and is_of_nobody:
        least.append((CONFIDENTIALITY_SYSTEM, RESTRICTED["code"]))
    labels = {code for system, code in least if system == ACT_CODE_SYSTEM and code != _INLINE[1]}
    raise_to(resource, (code for system, code in least if system == CONFIDENTIALITY_SYSTEM))
    label(resource, *(act_code(code) for code in sorted(labels)))
    label_given(resource, given)
    if _is_patient_asserted(resource):
        label(resource, PATAST)
    return complete(resource)


def label_given(resource: dict[str, Any], given: Iterable[Given]) -> dict[str, Any]:
    """Label what the rules give (in place), each with the rule as its basis."""
    given = tuple(given)
    if least := confidentiality_given(given):
        raise_to(resource, [least])
    for code, rule in labels_given(given).items():
        label(resource, on_basis(act_code(code), {"system": RULE_SYSTEM, "code": rule}))
    return resource


def complete(resource: dict[str, Any]) -> dict[str, Any]:
    """42 CFR Part 2 is never said alone (in place): restricted, substance use, no redisclosure, and the statement of
    §2.32 beside it."""
    own = set(security_of(resource))
    if _LAW in own:
        raise_to(resource, [RESTRICTED["code"]])
        has_kind = "SUD" in named_by(frozenset(code for system, code in own if system == ACT_CODE_SYSTEM))
        codes = (*(() if has_kind else ("SUD",)), NO_REDISCLOSURE, REDISCLOSURE_MARK)
        label(resource, *(on_basis(act_code(code), act_code(PART_2)) for code in codes))
    return show(resource, PART_2_STATEMENT) if is_part_2(resource) else resource


def is_part_2(resource: Mapping[str, Any]) -> bool:
    """Whether 42 CFR Part 2 rules over the whole or a part of it."""
    return _LAW in security_of(resource) or _LAW in inline_of(resource)


def raise_to(resource: dict[str, Any], codes: Iterable[str]) -> None:
    """Label the whole no lower than these; the labels of parts that stand count for themselves."""
    least, now = highest([*codes, "U"]), own_confidentiality(resource)
    if highest([now, least]) != now:
        label(resource, CONFIDENTIALITY[least])


def own_confidentiality(resource: Mapping[str, Any]) -> str:
    """Of the whole, without its parts; "V" when it has none."""
    return highest(code for system, code in security_of(resource) if system == CONFIDENTIALITY_SYSTEM)


def carried(resources: Iterable[Mapping[str, Any]]) -> set[Code]:
    """The high-water mark of what holds these: their highest confidentiality, all sensitivities and laws.

    What only forbids (NORDSCLCD) is not in it; it comes again with the law it belongs to."""
    found: set[Code] = set()
    levels = []
    for each in resources:
        said = {*security_of(each), *inline_of(each)}
        levels.append(highest(code for system, code in said if system == CONFIDENTIALITY_SYSTEM))
        found |= {(system, code) for system, code in said if system == ACT_CODE_SYSTEM and code in DECISIVE}
    found -= {(ACT_CODE_SYSTEM, NO_REDISCLOSURE)}
    return found | ({(CONFIDENTIALITY_SYSTEM, highest(levels))} if levels else set())


def held_by(resource: Mapping[str, Any]) -> list[Reference]:
    """What it holds, lists or tells of: the entries of a Composition or List, the Binary behind a DocumentReference,
    the targets of a Provenance, what a Binary is secured by."""
    kind = resource["resourceType"]
    if kind == "Composition":
        sections = objects_of(resource.get("section", []))
        texts = [entry.get("reference") for section in sections for entry in section.get("entry", ())]
    elif kind == "List":
        texts = [entry.get("item", {}).get("reference") for entry in resource.get("entry", ())]
    elif kind == "DocumentReference":
        texts = [content.get("attachment", {}).get("url") for content in resource.get("content", ())]
    else:
        return targets_of(resource)
    found = (literal(text) for text in texts if text)
    return [each for each in found if each is not None and each.is_local and each.type != "Patient"]


def label_carried(resource: dict[str, Any], held: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Label it no lower than what it holds (in place)."""
    marks = carried(held)
    raise_to(resource, (code for system, code in marks if system == CONFIDENTIALITY_SYSTEM))
    label(resource, *(act_code(code) for system, code in sorted(marks) if system == ACT_CODE_SYSTEM))
    return complete(resource)


def _tidy(resource: dict[str, Any], otherwise: Mapping[str, str]) -> None:
    """Exactly one confidentiality: the highest of those that are said."""
    said = [code for system, code in security_of(resource) if system == CONFIDENTIALITY_SYSTEM]
    if not said or said != [highest(said)]:
        label(resource, CONFIDENTIALITY[highest(said)] if said else otherwise)
    label(resource, *(act_code(code) for code in said if code in _RETIRED and code in SENSITIVITIES))


def _within(resource: Mapping[str, Any], former: Mapping[str, Any] | None) -> list[Code]:
    """What is said of parts and counts for the whole: where readers are not told to heed them, where they are gone,
    and of the document that is held."""
    now = Counter(inline_of(resource))
    found = [] if _INLINE in security_of(resource) else list(now)
    found += (Counter(inline_of(former)) - now) if former is not None else ()
    for concept in resource.get("securityLabel", ()) if resource["resourceType"] == "DocumentReference" else ():
        found += map(spoken, concept.get("coding", ()))
    if resource["resourceType"] == "Composition" and "confidentiality" in resource:
        found.append((CONFIDENTIALITY_SYSTEM, resource["confidentiality"]))
    return found


def _kept(former: Mapping[str, Any]) -> Iterator[Code]:
    yield CONFIDENTIALITY_SYSTEM, own_confidentiality(former)
    yield from (each for each in security_of(former) if each[0] == ACT_CODE_SYSTEM)


def _is_patient_asserted(resource: Mapping[str, Any]) -> bool:
    """A note of which every author is the patient (https://hl7.org/fhir/us/core/writing-clinical-notes.html), an
    Observation that nobody else performed, a QuestionnaireResponse or Communication that comes from the patient."""
    kind = resource["resourceType"]
    if kind in ("QuestionnaireResponse", "Communication"):
        said = [resource.get("source") or resource.get("author") or resource.get("sender") or {}]
    else:
        said = resource.get({"DocumentReference": "author", "Observation": "performer"}.get(kind, ""), ())
    found = [literal(each.get("reference", "")) for each in said]
    return bool(found) and all(each is not None and each.type == "Patient" for each in found)
