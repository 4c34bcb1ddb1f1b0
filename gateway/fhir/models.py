"""The second opinion of fhir.resources (R4B models) on a resource the walk found clean.

R4B is not R4: what R4 allows and R4B does not is no fault. The models only read here; they never write
(they would rewrite decimals and times).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from gateway.errors import Issue

# R4 resources that R4B made anew under the same name.
_CHANGED = frozenset({"Evidence", "EvidenceVariable"})
_ABSENT = {"resourceType": "Basic", "code": {"text": "only in R4"}}
# A leap second is a time in R4 (:60), and not in Python.
_LEAP = re.compile(r"(\d\d:\d\d):60")


def faults_of(resource: Mapping[str, Any]) -> list[Issue]:
    """What the R4B model of the resource refuses; none for the R4 types that R4B dropped or made anew."""
    kind = str(resource["resourceType"])
    model = _model(kind)
    if model is None:
        return []
    try:
        model.model_validate(resource)
    except (ValidationError, KeyError):
        return _remaining(model, resource, kind)
    return []


def load(kinds: Iterable[str]) -> None:
    """Load the models of these types ahead of the first resource of each: together they take a second or two."""
    for kind in kinds:
        _model(kind)


@cache
def _model(kind: str) -> Any:
    """Loaded one at a time: all of them take seconds."""
    if kind in _CHANGED:
        return None
    try:
        return get_fhir_model_class(kind)
    except ValueError:
        return None


def _remaining(model: Any, resource: Mapping[str, Any], kind: str) -> list[Issue]:
    """The faults left when what only R4 allows is taken out."""
    try:
        model.model_validate(_as_r4b(resource))
    except ValidationError as refused:
        return [_issue(kind, each["type"], each["loc"]) for each in refused.errors(include_input=False)]
    return []


def _issue(kind: str, fault: str, place: tuple[int | str, ...]) -> Issue:
    path = kind + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return Issue(f"is refused by the R4B model ({fault})", path)


def _as_r4b(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_r4b(item) for item in value]
    if isinstance(value, dict):
        if "resourceType" in value and _model(str(value["resourceType"])) is None:
            return _ABSENT
        if "valueMeta" in value and "url" in value:
            return {"url": value["url"], "valueString": "Meta"}
        return {key: _as_r4b(item) for key, item in value.items()}
    return _LEAP.sub(r"\1:59", value) if isinstance(value, str) and len(value) < 40 else value
