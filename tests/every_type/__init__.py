"""A mapping that makes a resource of each type a draft may hold, and the clinic that takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.fhir.json import dump, parse
from gateway.store.submissions import Part
from gateway.usecases.asked import Asked
from gateway.usecases.submit import Payload, Receipt, submit
from tests.world import World

HERE = Path(__file__).parent
FULL: dict[str, Any] = parse((HERE / "products" / "examples" / "full" / "products.json").read_bytes())
APP = {"name": "Mood Diary", "version": "4.2", "manufacturer": "Example Apps Ltd"}


def payload(context: dict[str, Any], **products: Any) -> Payload:
    parts = {"context": context, "products": products or FULL}
    return Payload("products", tuple(Part(name, "application/json", dump(value)) for name, value in parts.items()))


def sent(world: World, context: dict[str, Any] | None = None, by: Asked | None = None, **products: Any) -> Receipt:
    """Everything, or only these products."""
    return submit(world.services, by or world.scribe, payload(context or world.context(source=APP), **products))
