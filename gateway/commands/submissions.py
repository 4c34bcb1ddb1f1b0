"""What producers sent that did not fit, and trying it again."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands.operator import acting, console, table
from gateway.fhir.json import parse
from gateway.usecases import replay as cases

Custodian = Annotated[str, typer.Option("--organization", help="Id of the organization that keeps the record.")]


def submissions(
    organization: Custodian,
    refused: Annotated[bool, typer.Option("--refused", help="Those that were refused.")] = False,
    count: Annotated[int, typer.Option(help="At most so many, the newest.")] = 100,
) -> None:
    """List refused submissions with the reason and place of every fault; their bytes are kept."""
    if not refused:
        raise typer.BadParameter("say --refused; an accepted submission is found by the lineage of its document")
    rows = table("submission", "received", "mapping", "faults")
    with acting(organization) as (services, asked):
        for found in cases.refused(services, asked, count=count):
            faults = [
                f"{' '.join(issue.get('expression', []))} {issue.get('diagnostics', '')}".strip()
                for issue in parse(found.answer)["issue"]
            ]
            received = found.received_at.strftime("%Y-%m-%d %H:%M:%S")
            rows.add_row(found.id, received, f"{found.mapping} {found.mapping_version}", "\n".join(faults))
    console.print(rows)


def replay(
    submission_id: Annotated[str, typer.Argument(help="As `gateway submissions --refused` shows it.")],
    organization: Custodian,
) -> None:
    """Try a refused submission again, from its bytes, after the mapping or the patient list was mended."""
    with acting(organization) as (services, asked):
        receipt = cases.replay(services, asked, submission_id)
        console.print(receipt.answer.decode(), soft_wrap=True)


def join(cli: typer.Typer) -> None:
    for command in (submissions, replay):
        cli.command(rich_help_panel="Submissions")(command)
