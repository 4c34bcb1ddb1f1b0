"""What an upheld request for a correction makes of the resource it is about: the next version, and for a document what
is appended to it.

It keeps its id. Either its words, numbers and dates are put right (R4's status corrected or amended), or all of it was
wrong (entered-in-error). Of a note that was approved here the sentences are put right (`note_correcting.py`); to any
document a new one may be appended. 45 CFR 164.526(c)(1).
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.errors import Issue
from gateway.fhir.labels import AIAST, CLINAST, label, security_of
from gateway.fhir.primitives import PRIMITIVES
from gateway.fhir.tables import node
from gateway.rules.codes import TERMINOLOGY, concept, instant
from gateway.rules.entry_amending import put
from gateway.rules.entry_leaves import Leaf, leaves
from gateway.rules.narrative import div, element

Json = dict[str, Any]
DOCUMENTS = frozenset({"Composition", "DocumentReference"})
# What a type calls a version that was put right; the others have no word for it.
_CORRECTED = {
    "Observation": "corrected",
    "RiskAssessment": "corrected",
    "DiagnosticReport": "corrected",
    "QuestionnaireResponse": "amended",
    "Composition": "amended",
    "DocumentReference": "amended",
}
_STATUS = {"DocumentReference": "docStatus", "Goal": "lifecycleStatus"}
_VERIFIED = {"Condition": "condition-ver-status", "AllergyIntolerance": "allergyintolerance-verification"}
_WRONG = "entered-in-error"
_REQUESTS = ("MedicationRequest", "MedicationStatement", "Procedure", "Immunization", "Encounter", "Task")
_PLANS = ("CarePlan", "CareTeam", "ClinicalImpression", "Communication", "Flag", "Goal")
_HAVE_WRONG = frozenset({*_CORRECTED, *_VERIFIED, *_REQUESTS, *_PLANS})
_NUMBERS = ("decimal", "integer", "positiveInt", "unsignedInt")
_SETTABLE = frozenset({"string", "markdown", "date", "dateTime", "instant", "time", *_NUMBERS})
_ASSERTED = frozenset({"AIAST", "CLINAST", "PATAST", "PROCESSINLINELABEL"})


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A sentence of a note by its id, as it should read; without `text` it is taken out."""

    id: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Remedy:
    """What is put right: values by their places (`valueString`, `target[0].dueDate`), sentences of a note, all of it,
    or by an addendum."""

    values: Mapping[str, Any] = field(default_factory=dict)
    is_error: bool = False
    addendum: str | None = None
    sentences: tuple[Rewritten, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.values or self.is_error or self.addendum or self.sentences)


def settable(item: Mapping[str, Any]) -> list[Leaf]:
    """The words, numbers and dates that can be put right; of a document none."""
    return [leaf for leaf in leaves(item) if leaf.type in _SETTABLE] if item["resourceType"] not in DOCUMENTS else []


def faults(item: Mapping[str, Any], remedy: Remedy) -> Iterator[Issue]:
    """What cannot be done to it, by its place in the decision."""
    kind = item["resourceType"]
    if sum((bool(remedy.values), remedy.is_error, bool(remedy.addendum), bool(remedy.sentences))) != 1:
        yield Issue("Say what is put right: values, sentences, the whole, or by an addendum.", "set", "required")
        return
    if remedy.is_error and kind not in _HAVE_WRONG:
        yield Issue("This cannot be marked as entered in error.", "enteredInError", "not-supported")
    if bool(remedy.addendum or remedy.sentences) is not (kind in DOCUMENTS) and not remedy.is_error:
        place = "statements" if remedy.sentences else "addendum"
        yield Issue("A document takes sentences or an addendum, and nothing else does.", place, "not-supported")
    there = {leaf.path: leaf for leaf in settable(item)}
    for number, (path, value) in enumerate(remedy.values.items()):
        if path not in there:
            yield Issue("Nothing that can be changed stands there.", f"set[{number}]", "not-supported")
        elif reason := PRIMITIVES[there[path].type](value):
            yield Issue(f"The value {reason}.", f"set[{number}]", "value")


def upheld(item: Mapping[str, Any], remedy: Remedy, reason: str, by: str, at: datetime) -> Json:
    """The next version. What a machine wrote stays labelled as that; the clinician's word joins it."""
    made = copy.deepcopy(dict(item))
    kind = made["resourceType"]
    changed = [put(made, path, value) for path, value in remedy.values.items()]
    if remedy.is_error:
        made = _in_error(made)
    elif kind in _CORRECTED:
        made[_STATUS.get(kind, "status")] = _CORRECTED[kind]
    if getattr(node(kind).children.get("note"), "type", None) == "Annotation":
        note = {"authorReference": {"reference": by}, "time": instant(at), "text": reason}
        made["note"] = [*made.get("note", ()), note]
    if any(changed):
        said = [element("p", f"{leaf.name}: {leaf.text}" if leaf.name else leaf.text) for leaf in leaves(made)]
        made["text"] = {"status": "generated", "div": div(*said)}
    return label(made, CLINAST) if (AIAST["system"], AIAST["code"]) in security_of(made) else made


def appendix(id: str, document: Mapping[str, Any], text: str, by: str, custodian: str, at: datetime) -> Json:
    """A document of the clinician's words that appends to a DocumentReference; as protected as that."""
    data = base64.b64encode(text.encode()).decode()
    kept = {name: document[name] for name in ("type", "category", "subject", "context") if name in document}
    meta = document.get("meta", {})
    labels = [coding for coding in meta.get("security", ()) if coding.get("code") not in _ASSERTED]
    made = {
        "resourceType": "DocumentReference",
        "id": id,
        "meta": {"profile": meta.get("profile", []), "security": labels},
        "status": "current",
        "docStatus": "final",
        **kept,
        "date": instant(at),
        "author": [{"reference": by}],
        "custodian": {"reference": custodian},
        "relatesTo": [{"code": "appends", "target": {"reference": f"DocumentReference/{document['id']}"}}],
        "description": "Addendum",
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data, "title": "Addendum"}}],
    }
    if not made["meta"]["profile"]:
        del made["meta"]["profile"]
    return label(made, CLINAST)


def _in_error(made: Json) -> Json:
    kind = made["resourceType"]
    if kind in _VERIFIED:
        made.pop("clinicalStatus", None)  # invariants con-5 and ait-2 of R4
        return made | {"verificationStatus": concept(f"{TERMINOLOGY}/{_VERIFIED[kind]}", _WRONG)}
    if kind == "DocumentReference":
        made["status"] = _WRONG
    return made | {_STATUS.get(kind, "status"): _WRONG}
