"""How producers hand in what they have, and how the clinician approves it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.demo.road import Road
from gateway.fhir.json import dump, parse

SCRIBE = {"name": "HealthScribe", "version": "2026-08", "manufacturer": "Amazon Web Services"}
CARD = "# Session summarizer\n\nWrites a session note from a transcript. It may mishear names and leave out context."
APP = {"name": "Harvest diary", "version": "4.2", "manufacturer": "Example Ltd"}
COMPANION = {"name": "Companion", "version": "3.1", "manufacturer": "Example Ltd", "kinds": ["Large-Language-Models"]}
LOOKOUT = {"name": "Lookout", "version": "1.2", "manufacturer": "Example Ltd"}


def example(mappings: Path, mapping: str, name: str) -> dict[str, bytes]:
    """The parts of an example of a format, which are in its folder."""
    files = sorted((mappings / mapping / "examples" / name).iterdir())
    return {path.stem: path.read_bytes() for path in files if path.stem not in ("output", "skipped")}


def products(road: Road, *names: str) -> dict[str, Any]:
    """What examples of the gateway's own format hold, as one."""
    merged: dict[str, Any] = {}
    for name in names:
        for member, value in parse(example(road.mappings, "gateway", name)["products"]).items():
            merged[member] = [*merged.get(member, []), *value] if isinstance(value, list) else value
    return merged


def model_card(road: Road, file: str) -> bytes:
    """A maker's card of a model, as the gateway's own format shows it to producers."""
    return (road.mappings / "gateway" / "model-cards" / file).read_bytes()


def session_context(road: Road) -> dict[str, Any]:
    """What the scribe tells of its session."""
    return {
        "session": {"id": road.session, "start": "2026-09-01T14:00:00Z", "end": "2026-09-01T14:50:00Z"},
        "model": SCRIBE,
        "modelCard": {"markdown": CARD},
        "prompt": {"text": "Summarise the session in BIRP form.", "version": "14"},
    }


def hand_in(
    road: Road, mapping: str, parts: Mapping[str, bytes], token: str, *, expect: int = 201, **context: Any
) -> dict[str, Any]:
    """The answer to a submission about the client, unless the context names others."""
    whom = {} if "patients" in context else {"patient": {"reference": road.client}}
    files = {name: (name, data, "application/octet-stream") for name, data in parts.items()}
    files["context"] = ("context.json", dump(whom | context), "application/json")
    answer: dict[str, Any] = road.ask("POST", f"/submissions/{mapping}", token, expect=expect, files=files).json()
    return answer


def hand_in_products(road: Road, given: Mapping[str, Any], token: str, **context: Any) -> str:
    """The draft of what is handed in in the gateway's own format; a `transcript` goes along as a part of its own."""
    apart = {name: dump(context.pop(name)) for name in ("transcript",) if name in context}
    return str(hand_in(road, "gateway", {"products": dump(given), **apart}, token, **context)["draft"])


def told_of(road: Road, reference: str) -> dict[str, Any]:
    """What the lineage names as the model that wrote something: its name, its card, its prompt."""
    model: dict[str, Any] = road.ask("GET", f"/lineage/{reference}", road.cast.auditor.token).json()["model"]
    return model


def texts_of(road: Road, document: str) -> dict[str, str]:
    """What a document says, by the media type it says it in."""
    contents = road.read(document, road.token(road.cast.own_ehr))["content"]
    attached = [each["attachment"] for each in contents]
    return {each["contentType"].partition(";")[0]: b64decode(each["data"]).decode() for each in attached}


def approve(road: Road, draft_id: str) -> dict[str, list[str]]:
    """The clinician reads a draft and approves it as it is; the ids of what was published, by type."""
    clinician = road.cast.clinician.token
    headers = {"If-Match": road.ask("GET", f"/reviews/{draft_id}", clinician).headers["etag"]}
    answer = road.ask("POST", f"/reviews/{draft_id}/approval", clinician, headers=headers).json()
    published: dict[str, list[str]] = {}
    for reference in answer["published"]:
        kind, id = reference.split("/")[:2]
        published.setdefault(kind, []).append(id)
    return published
