"""What is said beside a label: why it is there, and what whoever shows the content has to show with it.

HL7 security-label-ds4p 1.0.0: extension-sec-label-basis on a label, extension-display on `meta`.
https://hl7.org/fhir/uv/security-label-ds4p/spec.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.fhir.labels import ACT_CODE_SYSTEM

_DS4P = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition"
BASIS = f"{_DS4P}/extension-sec-label-basis"
DISPLAY = f"{_DS4P}/extension-display"


def act_code(code: str) -> dict[str, str]:
    """A sensitivity, law, refrain or mark as a label."""
    return {"system": ACT_CODE_SYSTEM, "code": code}


def on_basis(label: Mapping[str, Any], basis: Mapping[str, str]) -> dict[str, Any]:
    """The label with the policy it was given on."""
    return {"extension": [{"url": BASIS, "valueCoding": dict(basis)}], **label}


def basis_of(label: Mapping[str, Any]) -> dict[str, str] | None:
    """The policy a label was given on, where it says so."""
    found = (each["valueCoding"] for each in label.get("extension", ()) if each.get("url") == BASIS)
    return next(found, None)


def display(text: str) -> dict[str, Any]:
    """The extension of `meta` that asks whoever shows the content to show this text with it."""
    return {"url": DISPLAY, "valueAnnotation": {"text": text}}


def show(resource: dict[str, Any], text: str) -> dict[str, Any]:
    """Ask for the text to be shown with the resource (changed in place, and returned); once."""
    meta = resource.setdefault("meta", {})
    wanted = display(text)
    if not any(_says(each, text) for each in meta.get("extension", ())):
        extensions = [*meta.pop("extension", ()), wanted]
        rest = dict(meta)
        meta.clear()
        meta.update({"extension": extensions} | rest)
    return resource


def _says(extension: Mapping[str, Any], text: str) -> bool:
    return extension.get("url") == DISPLAY and extension.get("valueAnnotation", {}).get("text") == text
