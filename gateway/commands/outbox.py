"""Endpoints of organizations, and the worker that sends them what is due."""

from __future__ import annotations

import signal
from typing import Annotated

import typer

from gateway import wiring
from gateway.commands.operator import acting, console, table
from gateway.settings import Settings
from gateway.usecases import endpoints

Organization = Annotated[str, typer.Argument(help="Id of the Organization.")]


def set_endpoint(
    organization: Organization,
    url: Annotated[str, typer.Argument(help="https address that notices are posted to.")],
) -> None:
    """Tell an organization of its alerts there; prints the secret that signs what is sent, this once.

    Takes the place of its former endpoint. What has waited for one goes out at once.
    """
    http = wiring.outgoing(Settings())
    with acting(organization) as (services, asked):
        console.print(endpoints.put(services, asked, http, url), soft_wrap=True)
    http.close()


def remove_endpoint(organization: Organization) -> None:
    """Send nothing there any more; what is still to be told waits for the next endpoint."""
    with acting(organization) as (services, asked):
        endpoints.remove(services, asked)


def show_endpoint(organization: Organization) -> None:
    """Where an organization is told, and what has not arrived there."""
    with acting(organization) as (services, asked):
        endpoint, waiting = endpoints.show(services, asked)
    console.print(endpoint.url if endpoint else "No endpoint; what is to be told waits for one.", soft_wrap=True)
    rows = table("delivery", "kind", "about", "queued", "attempts", "last status", "due")
    for each in waiting:
        due = each.due_at.isoformat(timespec="seconds") if each.due_at else "when there is an endpoint"
        queued, status = each.queued_at.isoformat(timespec="seconds"), each.last_status or "none"
        rows.add_row(each.id, each.kind, each.about, queued, str(each.attempts), str(status), due)
    if waiting:
        console.print(rows)


def work(
    once: Annotated[bool, typer.Option("--once", help="End when nothing more is due.")] = False,
) -> None:
    """Send what is due and escalate what nobody acknowledges, until Ctrl-C.

    `gateway serve` does so too; a worker of its own goes on while no server runs, and any number may share a database.
    """
    settings = Settings()
    with wiring.running(settings) as services, wiring.worker(settings, services) as worker:
        if once:
            while worker.once():
                pass
            return
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: worker.stop())
        worker.run()


def join(cli: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Where organizations are told of alerts and corrections.")
    for name, command in (("set", set_endpoint), ("remove", remove_endpoint), ("show", show_endpoint)):
        group.command(name)(command)
    cli.add_typer(group, name="endpoint", rich_help_panel="Register")
    cli.command(rich_help_panel="Run")(work)
