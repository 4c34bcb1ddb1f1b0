"""What an upgrade leaves to be done with what was published before it."""

from __future__ import annotations

import typer
from rich.progress import Progress

from gateway.commands.operator import acting, console
from gateway.usecases import reindex as cases


def reindex() -> None:
    """Classify and index what was published, and compile its consents, by the rules of this release; can be stopped and
    started again.

    Wanted after an upgrade that says so. Servers may go on meanwhile; until it is done, searches by new parameters
    miss what is not indexed yet, and nobody but its custodian sees what is not classified.
    """
    with acting() as (services, asked), Progress(console=console) as progress:
        bar = progress.add_task("Indexing", total=cases.left(services))
        done = 0
        for count in cases.reindex(services, asked):
            progress.advance(bar, count)
            done += count
    console.print(f"{done} resources were classified or indexed anew; all is as this release has it.")


def join(cli: typer.Typer) -> None:
    cli.command(rich_help_panel="Run")(reindex)
