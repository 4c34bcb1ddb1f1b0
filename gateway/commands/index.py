"""The search index, when the search parameters have changed."""

from __future__ import annotations

import typer
from rich.progress import Progress

from gateway.commands.operator import acting, console
from gateway.usecases import reindex as cases


def reindex() -> None:
    """Index every resource by the search parameters of this release; can be stopped and started again.

    Wanted after an upgrade that says so. Servers may go on meanwhile; until it is done, searches by new parameters
    miss what is not indexed yet.
    """
    with acting() as (services, asked), Progress(console=console) as progress:
        bar = progress.add_task("Indexing", total=cases.left(services))
        done = 0
        for count in cases.reindex(services, asked):
            progress.advance(bar, count)
            done += count
    console.print(f"{done} resources were indexed anew; the index is that of this release.")


def join(cli: typer.Typer) -> None:
    cli.command(rich_help_panel="Run")(reindex)
