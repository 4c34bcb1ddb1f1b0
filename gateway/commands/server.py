"""Start, migrate, show: the commands an operator meets first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvicorn
from rich.console import Console

from gateway import demo as road
from gateway import wiring
from gateway.api.app import create, interface
from gateway.events import Event
from gateway.settings import PROJECT, Settings

console = Console()
log = structlog.get_logger()


def serve() -> None:
    """Serve the FHIR API, the submissions, the reviews and the pages, and send what is due.

    The database is brought to this release's schema first. Listens on GATEWAY_HOST and GATEWAY_PORT; callers reach it
    under GATEWAY_PUBLIC_URL, which a reverse proxy with TLS usually stands before.
    """
    settings = Settings()
    wiring.upgrade(settings)
    _tell_of_index(settings)
    services = wiring.services(settings)
    with wiring.working(settings, services):
        # lifespan "on": without its journal a server must not come up.
        uvicorn.run(
            create(services),
            host=settings.host,
            port=settings.port,
            access_log=False,
            log_level="warning",
            lifespan="on",
        )


def migrate() -> None:
    """Bring the database to the schema of this release; safe to run again."""
    settings = Settings()
    wiring.upgrade(settings)
    console.print(f"The database in [bold]{settings.home}[/bold] has the schema of this release.")
    _tell_of_index(settings)


def _tell_of_index(settings: Settings) -> None:
    """Nothing is lost by what a former release made of it, but not all is found, nor open to all whom consents name."""
    if wiring.index_is_behind(settings):
        log.warning(Event.INDEX_BEHIND)
        console.print("Resources were indexed or classified by an earlier release; run [bold]gateway reindex[/bold].")


def demo(
    exit_: Annotated[bool, typer.Option("--exit", help="End after the walk, with 0 or 1.")] = False,
    summary: Annotated[Path | None, typer.Option(help="A HealthScribe summary to walk with.", exists=True)] = None,
    transcript: Annotated[Path | None, typer.Option(help="The transcript that goes with it.", exists=True)] = None,
) -> None:
    """Walk the whole road on a fresh database: submit, review, consent, pull, trace, revoke.

    Stays up afterwards with the addresses and ready-made tokens printed, until Ctrl-C.
    """
    raise typer.Exit(road.run(stay=not exit_, summary=summary, transcript=transcript))


def openapi(
    check: Annotated[bool, typer.Option("--check", help="Only say whether the document is current.")] = False,
) -> None:
    """Write openapi/openapi.json from the app, or check that it is current."""
    path = PROJECT / "openapi" / "openapi.json"
    text = json.dumps(interface(), indent=2, ensure_ascii=False) + "\n"
    if not check:
        path.write_text(text)
        console.print(f"Wrote {path.relative_to(PROJECT)}")
    elif not path.exists() or path.read_text() != text:
        console.print("openapi/openapi.json differs from the app; run `make openapi` and commit it.", style="red")
        raise typer.Exit(1)


def join(cli: typer.Typer) -> None:
    for command in (serve, demo, migrate, openapi):
        cli.command(rich_help_panel="Run")(command)
