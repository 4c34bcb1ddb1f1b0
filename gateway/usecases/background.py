"""What a reviewer is told around a draft: the model's card and prompt, what the mapping left out, who is who.

Takes the View that `drafts.view` gave out and recorded, so nothing is told here about a draft that was not shown.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.fhir import json
from gateway.mapping.coverage import Ignored
from gateway.rules.rendering import name_of
from gateway.rules.review import sight_of
from gateway.store import registry, submissions
from gateway.usecases.asked import Asked
from gateway.usecases.drafts import View
from gateway.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Paper:
    """A model card or a prompt: its text, or where it is."""

    title: str
    text: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Background:
    """`left_out` is what the mapping ignores of this producer's format, with its reasons."""

    card: Paper | None
    prompt: Paper | None
    mapping: str
    left_out: tuple[Ignored, ...]


def background(services: Services, asked: Asked, view: View) -> Background:
    attribution = view.dossier.basis.attribution
    card, prompt = (_paper(view, id) for id in (attribution.card_id, attribution.prompt_id))
    with services.database.read() as db:
        submission = submissions.read(db, sight_of(asked.caller), view.draft.submission_id)
    if submission is None:
        return Background(card, prompt, "", ())
    mapping = services.catalogue.get(submission.mapping)
    is_same = mapping is not None and mapping.version == submission.mapping_version
    left_out = mapping.ignored if mapping and is_same else ()
    return Background(card, prompt, f"{submission.mapping} {submission.mapping_version}", left_out)


def clinician(services: Services, practitioner_id: str | None) -> str:
    """How a practitioner is called; an empty text when nobody is known under that id."""
    if practitioner_id is None:
        return ""
    with services.database.read() as db:
        found = registry.practitioner(db, practitioner_id)
    return name_of(json.parse(found.text), "") if found else ""


def _paper(view: View, id: str | None) -> Paper | None:
    found = next((item for item in view.dossier.attributed if item["id"] == id), None)
    if found is None:
        return None
    attachment: Mapping[str, Any] = found["content"][0]["attachment"]
    data = attachment.get("data")
    text = base64.b64decode(data).decode(errors="replace") if data else None
    return Paper(attachment["title"], text, attachment.get("url"))
