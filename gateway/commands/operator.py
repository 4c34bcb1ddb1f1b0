"""Who acts when a command acts: the operator of the gateway, audited like every other caller."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.table import Column, Table

from gateway import wiring
from gateway.errors import Issue, Unprocessable
from gateway.fhir.json import JsonFault, parse
from gateway.rules.access import Caller
from gateway.rules.rendering import name_of
from gateway.settings import Settings
from gateway.store import registry
from gateway.usecases.asked import Asked
from gateway.usecases.services import Services

# What is piped into a file or another command is not cut to the width of a screen that is not there.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 240)
SCOPES = frozenset({"consent", "review"})


def operator(organization_id: str) -> Caller:
    """The operator on behalf of an organization whose operation it is."""
    return Caller("command-line", "command-line", organization_id, SCOPES, "HOPERAT")


@contextmanager
def acting(organization_id: str | None = None) -> Iterator[tuple[Services, Asked]]:
    """For an organization, or for none in particular. Raises Unprocessable when it is not known here."""
    with wiring.running(Settings()) as services:
        if organization_id is not None:
            _check_known(services, organization_id)
        yield services, Asked(operator(organization_id or "operator"), services.clock())


def everywhere(services: Services, asked: Asked) -> dict[str, Asked]:
    """The operator on behalf of each organization known here, by its name and id."""
    with services.database.read() as db:
        known = registry.organizations(db)
    return {
        f"{name_of(parse(each.text), 'unnamed')}\n{each.id}": replace(asked, caller=operator(each.id)) for each in known
    }


def _check_known(services: Services, organization_id: str) -> None:
    with services.database.read() as db:
        if registry.organization(db, organization_id) is None:
            words = "No such organization is known here; `gateway organization add` makes one known."
            raise Unprocessable(issues=[Issue(words, "organization", "not-found")])


def identifiers(given: Iterable[str]) -> list[tuple[str, str]]:
    """`system|value` pairs, as they are written in a FHIR search."""
    pairs = []
    for text in given:
        system, bar, value = text.partition("|")
        if not (system and bar and value):
            fail(f"an identifier is written as system|value, for instance http://hl7.org/fhir/sid/us-npi|{text}")
        pairs.append((system, value))
    return pairs


def table(*columns: str, title: str | None = None) -> Table:
    """A table whose ids are never shortened: in a narrow window they go on in the next line."""
    return Table(*(Column(name, overflow="fold") for name in columns), title=title)


def json_in(file: Path) -> Any:
    """What a file holds; ends the command when that is not JSON."""
    try:
        return parse(file.read_bytes())
    except JsonFault as fault:
        fail(f"{file.name} is not JSON: {fault}")


def fail(words: str) -> NoReturn:
    raise typer.BadParameter(words)
