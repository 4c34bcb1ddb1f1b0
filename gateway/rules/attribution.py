"""What wrote the content: a Device per model and version, its model card, the prompt it was given.

All three are immutable: another version, card or prompt is another resource, so an old Provenance stays true. Their ids
follow from the custodian and what they say, so that the same model submitted twice is one Device.
Profiles: http://hl7.org/fhir/uv/aitransparency (AI-Device, AI-ModelCard, AI-InputPrompt).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from gateway.fhir.labels import NORMAL, RESTRICTED, label
from gateway.rules.codes import (
    AI_DEVICE,
    AI_DEVICE_TYPE,
    AI_INPUT_PROMPT,
    AI_INPUTS,
    AI_KIND,
    AI_MODEL_CARD,
    MODEL_CARD_DESCRIPTION,
    URI,
    concept,
    instant,
    reference,
)
from gateway.rules.model_card import FORMATS, MARKDOWN, card_of

NAMESPACE = UUID("6f1c2c3e-2b0e-5d5c-9f0b-0d6c9d4b8a11")


@dataclass(frozen=True, slots=True)
class Attribution:
    """What a draft came by: the Device of the model, which is named as author, and the inputs its Provenance derives
    from; `app_id` is the Device of an app that is no AI and carries what patients write. Where there is no model, the
    app's is the only Device."""

    custodian_id: str
    device_id: str
    card_id: str | None = None
    prompt_id: str | None = None
    app_id: str | None = None

    @property
    def is_ai(self) -> bool:
        return self.device_id != self.app_id

    @property
    def carrier_id(self) -> str:
        """The Device that carried what people wrote."""
        return self.app_id or self.device_id


def attribution_of(context: Mapping[str, Any], custodian_id: str) -> Attribution:
    """The ids of Devices, card and prompt that a submission's context names: of a model, of an app, or of both."""
    model, app = context.get("model"), context.get("source")
    card, prompt = context.get("modelCard"), context.get("prompt")
    app_id = _id(custodian_id, "app", app["manufacturer"], app["name"], app["version"]) if app else None
    if model is None:
        return Attribution(custodian_id, str(app_id), app_id=app_id)
    device_id = _id(custodian_id, "Device", model["manufacturer"], model["name"], model["version"])
    return Attribution(
        custodian_id,
        device_id,
        _id(custodian_id, "card", device_id, *sorted(card.items())) if card else None,
        _id(custodian_id, "prompt", prompt["version"], prompt["text"]) if prompt else None,
        app_id,
    )


def attributed(context: Mapping[str, Any], attribution: Attribution, at: datetime) -> list[dict[str, Any]]:
    """Devices, model card and prompt as resources, those that the context gives."""
    resources = [device(context["model"], attribution)] if "model" in context else []
    if attribution.app_id:
        resources.append(app(context["source"], attribution))
    if attribution.card_id:
        resources.append(model_card(context["modelCard"], attribution, at))
    if attribution.prompt_id:
        resources.append(prompt(context["prompt"], attribution, at))
    return resources


def device(model: Mapping[str, Any], attribution: Attribution) -> dict[str, Any]:
    extensions: list[dict[str, Any]] = [
        {"url": AI_KIND, "valueCodeableConcept": concept(AI_DEVICE_TYPE, kind)} for kind in model.get("kinds", ())
    ]
    if attribution.card_id:
        card = reference("DocumentReference", attribution.card_id)
        extensions.append({"url": MODEL_CARD_DESCRIPTION, "valueReference": card})
    resource: dict[str, Any] = {
        "resourceType": "Device",
        "id": attribution.device_id,
        "meta": {"profile": [AI_DEVICE]},
        **({"extension": extensions} if extensions else {}),
        "identifier": [{"system": URI, "value": f"urn:uuid:{attribution.device_id}"}],
        "status": "active",
        "manufacturer": model["manufacturer"],
        "deviceName": [{"name": model["name"], "type": "model-name"}],
        "modelNumber": model["name"],
        "version": [{"value": model["version"]}],
        "type": concept(AI_DEVICE_TYPE, "Artificial-Intelligence"),
        "owner": reference("Organization", attribution.custodian_id),
    }
    return label(resource, NORMAL)


def app(source: Mapping[str, Any], attribution: Attribution) -> dict[str, Any]:
    """The Device of an app that is no AI: it carries what people write."""
    resource: dict[str, Any] = {
        "resourceType": "Device",
        "id": attribution.app_id,
        "identifier": [{"system": URI, "value": f"urn:uuid:{attribution.app_id}"}],
        "status": "active",
        "manufacturer": source["manufacturer"],
        "deviceName": [{"name": source["name"], "type": "user-friendly-name"}],
        "version": [{"value": source["version"]}],
        "type": {"text": "App"},
        "owner": reference("Organization", attribution.custodian_id),
    }
    return label(resource, NORMAL)


def model_card(given: Mapping[str, Any], attribution: Attribution, at: datetime) -> dict[str, Any]:
    """Raises ChaiFault."""
    card = card_of(given)
    contents = [{"contentType": MARKDOWN, "url": card.url}] if card.url else []
    contents += [{"contentType": media, "data": _base64(text)} for media, text in card.texts.items()]
    resource: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "id": attribution.card_id,
        "meta": {"profile": [AI_MODEL_CARD]},
        "identifier": [{"system": URI, "value": f"urn:uuid:{attribution.card_id}"}],
        "status": "current",
        "type": concept(AI_INPUTS, "AIModelCard"),
        "category": [concept(AI_INPUTS, *FORMATS[content["contentType"]]) for content in contents],
        "subject": reference("Device", attribution.device_id),
        "date": instant(at),
        "custodian": reference("Organization", attribution.custodian_id),
        "description": card.title,
        "content": [{"attachment": content | {"title": card.title}} for content in contents],
    }
    return label(resource, NORMAL)


def prompt(given: Mapping[str, str], attribution: Attribution, at: datetime) -> dict[str, Any]:
    """Restricted: a prompt can tell how a practice works, so only its custodian reads it."""
    attachment = {"contentType": "text/markdown", "data": _base64(given["text"])}
    resource: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "id": attribution.prompt_id,
        "meta": {"profile": [AI_INPUT_PROMPT]},
        "identifier": [{"system": URI, "value": f"urn:uuid:{attribution.prompt_id}"}],
        "status": "current",
        "type": concept(AI_INPUTS, "AIInputPrompt"),
        "date": instant(at),
        "custodian": reference("Organization", attribution.custodian_id),
        "description": given["text"].strip(),
        "content": [{"attachment": attachment | {"title": f"Prompt, version {given['version']}"}}],
    }
    return label(resource, RESTRICTED)


def _id(*parts: object) -> str:
    return str(uuid5(NAMESPACE, hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
