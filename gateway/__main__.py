"""The command line: `gateway --help`."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from gateway import logs
from gateway.commands import (
    consents,
    index,
    labels,
    mappings,
    model_cards,
    outbox,
    policy,
    registry,
    server,
    submissions,
)
from gateway.errors import Refusal
from gateway.mapping.faults import MappingFault
from gateway.settings import Settings
from gateway.store.engines import CannotOpen

cli = typer.Typer(
    help="Carries AI-written mental-health content into FHIR R4: consented, attributed, approved by a clinician.",
    epilog="Start with `gateway demo`; it shows the whole road. Settings are read from GATEWAY_… in the environment.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a traceback may show what a variable holds
    rich_markup_mode="rich",
)
for part in (server, index, registry, outbox, consents, policy, submissions, mappings, model_cards, labels):
    part.join(cli)


def main() -> None:
    """Run a command; what stands in its way is printed fault by fault, each with its place."""
    try:
        settings = Settings()
        logs.configure(settings.log_level, settings.log_format)
        cli()
    except Refusal as refusal:
        _fail("refused", [(issue.expression, issue.text) for issue in refusal.issues])
    except ValidationError as fault:
        _fail("setting", [(_variable(error["loc"]), error["msg"]) for error in fault.errors()])
    except (MappingFault, CannotOpen) as fault:
        _fail("cannot start", [(None, str(fault))])


def _variable(place: tuple[int | str, ...]) -> str:
    return f"GATEWAY_{'_'.join(map(str, place))}".upper()


def _fail(what: str, faults: list[tuple[str | None, str]]) -> NoReturn:
    console = Console(stderr=True, highlight=False)
    for place, words in faults:
        console.print(f"[red]{what}[/red] {escape(f'{place}: {words}' if place else words)}", soft_wrap=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
