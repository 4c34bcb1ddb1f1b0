"""What may be written through the FHIR API.

What only the gateway gives is refused: AI content enters as a submission, where its model, prompt and evidence come
with it. Which labels the rest gets: labelling_written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.errors import Issue
from gateway.fhir.elements import objects_of
from gateway.fhir.labels import (
    AIAST,
    CLINAST,
    DRAFT_MARK,
    HUAPRV,
    spoken,
)
from gateway.rules.codes import AI_DEVICE, AI_INPUT_PROMPT, AI_MODEL_CARD, AI_PROVENANCE
from gateway.rules.correction import is_correction
from gateway.rules.psychotherapy import misplaced

_LABELS = {(each["system"], each["code"]) for each in (AIAST, CLINAST, HUAPRV, DRAFT_MARK)}
_LABEL_CODES = {code for _, code in _LABELS}
_PROFILES = {AI_DEVICE, AI_MODEL_CARD, AI_INPUT_PROMPT, AI_PROVENANCE}


def admit(resource: Mapping[str, Any]) -> list[Issue]:
    """Every element that a writer may not send; the resource has passed the door check."""
    kind = resource["resourceType"]
    issues = [
        Issue(f"Only the gateway gives this {what}: AI content enters as a submission.", path, "business-rule")
        for path, what in (_reserved(resource, kind) if is_reserved(resource) else ())
    ]
    issues += misplaced(resource)
    if kind == "Subscription" and resource.get("status") != "off":
        text = "Nothing is delivered here yet: a Subscription is kept with the status off."
        issues.append(Issue(text, "Subscription.status", "not-supported"))
    return issues


def by_operation(resource: Mapping[str, Any]) -> list[Issue]:
    """What only an operation writes, as it keeps its stages and its clock."""
    if not is_correction(resource):
        return []
    text = "A correction is asked for by Communication/$correction-request, and decided at /corrections."
    return [Issue(text, resource["resourceType"], "business-rule")]


def is_reserved(resource: Mapping[str, Any]) -> bool:
    """Whether only the gateway can have made it."""
    return any(_what_is_reserved(each) for each in objects_of(resource))


def _reserved(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """The places of labels and profiles that only the gateway gives, each with what it is."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            if isinstance(item, dict | list):
                yield from _reserved(item, f"{path}[{number}]")
    elif isinstance(value, dict):
        for what in _what_is_reserved(value):
            yield (f"{path}.meta.profile" if what == "profile" else path), what
        for name, child in value.items():
            if isinstance(child, dict | list):
                yield from _reserved(child, f"{path}.{name.lstrip('_')}")


def _what_is_reserved(value: Mapping[str, Any]) -> list[str]:
    """What of one object, apart from those inside it, only the gateway gives."""
    found = []
    if isinstance(code := value.get("code"), str) and code in _LABEL_CODES and spoken(value) in _LABELS:
        found.append("label")
    if "meta" in value and _PROFILES & {str(each).partition("|")[0] for each in value["meta"].get("profile", ())}:
        found.append("profile")
    return found
