"""Whom a consent may name, as the directory has them: organizations and people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.rules.audit import Act
from gateway.store import registry
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.consent_names import called
from gateway.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Named:
    reference: str
    name: str


@dataclass(frozen=True, slots=True)
class Recipients:
    """By name."""

    organizations: tuple[Named, ...]
    people: tuple[Named, ...]


def recipients(services: Services, asked: Asked) -> Recipients:
    """All of them; looking is recorded as a search."""
    with services.database.read() as db:
        found = Recipients(_named(registry.organizations(db)), _named(registry.practitioners(db)))
    entries = [asked.entry(Act.SEARCH, type) for type in ("Organization", "Practitioner")]
    services.journal.record(entries).result()
    return found


def _named(rows: Iterable[Stored]) -> tuple[Named, ...]:
    named = (Named(f"{row.type}/{row.id}", called(row)) for row in rows)
    return tuple(sorted(named, key=lambda each: (each.name.casefold(), each.reference)))
