"""The index rows of a published resource, written in its transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from gateway.store.database import Writer
from gateway.store.tables import ix_token


def write(writer: Writer, pk: int, type: str, patient_id: str | None, resource: dict[str, Any]) -> None:
    """Write the rows of the current version: for now its identifiers."""
    rows = [
        {
            "resource_pk": pk,
            "type": type,
            "name": "identifier",
            "patient_id": patient_id,
            "system": identifier.get("system"),
            "code": identifier["value"],
        }
        for identifier in resource.get("identifier") or ()
        if isinstance(identifier, dict) and identifier.get("value")
    ]
    if rows:
        writer.connection.execute(insert(ix_token), rows)
