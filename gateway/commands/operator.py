"""Who acts when a command acts: the operator of the gateway, audited like every other caller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from gateway import wiring
from gateway.rules.access import Caller
from gateway.settings import Settings
from gateway.usecases.asked import Asked
from gateway.usecases.services import Services

console = Console(highlight=False)
SCOPES = frozenset({"consent", "review"})


def operator(organization_id: str) -> Caller:
    """The operator on behalf of an organization whose operation it is."""
    return Caller("command-line", "command-line", organization_id, SCOPES, "HOPERAT")


@contextmanager
def acting(organization_id: str = "operator") -> Iterator[tuple[Services, Asked]]:
    with wiring.running(Settings()) as services:
        yield services, Asked(operator(organization_id), services.clock())


def identifiers(given: Iterable[str]) -> list[tuple[str, str]]:
    """`system|value` pairs, as they are written in a FHIR search."""
    pairs = []
    for text in given:
        system, bar, value = text.partition("|")
        if not (system and bar and value):
            fail(f"an identifier is written as system|value, for instance http://hl7.org/fhir/sid/us-npi|{text}")
        pairs.append((system, value))
    return pairs


def fail(words: str) -> NoReturn:
    raise typer.BadParameter(words)
