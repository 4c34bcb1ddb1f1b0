"""What producers sent that did not fit, and trying it again."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands.operator import acting, console, everywhere, table
from gateway.fhir.json import parse
from gateway.usecases import replay as cases

Custodian = Annotated[str | None, typer.Option("--organization", help="Only those that this organization keeps (id).")]


def submissions(
    organization: Custodian = None,
    refused: Annotated[bool, typer.Option("--refused", help="Those that were refused.")] = False,
    count: Annotated[int, typer.Option(help="At most so many, the newest.")] = 100,
) -> None:
    """List refused submissions with the reason and place of every fault; their bytes are kept."""
    if not refused:
        raise typer.BadParameter("say --refused; an accepted submission is found by the lineage of its document")
    rows = table("submission", "received", "organization", "mapping", "faults")
    with acting(organization) as (services, asked):
        known = everywhere(services, asked)
        keepers = [each for each in known.values() if organization in (None, each.caller.organization_id)]
        names = {each.caller.organization_id: name for name, each in known.items()}
        for found in cases.refused_by(services, keepers, count=count):
            faults = [
                f"{' '.join(issue.get('expression', []))} {issue.get('diagnostics', '')}".strip()
                for issue in parse(found.answer)["issue"]
            ]
            received = found.received_at.strftime("%Y-%m-%d %H:%M:%S")
            mapping = f"{found.mapping} {found.mapping_version}"
            rows.add_row(found.id, received, names[found.custodian_id], mapping, "\n".join(faults))
    console.print(rows)


def replay(
    submission_id: Annotated[str, typer.Argument(help="As `gateway submissions --refused` shows it.")],
    organization: Custodian = None,
) -> None:
    """Try a refused submission again, from its bytes, after the mapping or the patient list was mended."""
    with acting(organization) as (services, asked):
        if organization is None:
            keepers = (
                each for each in everywhere(services, asked).values() if cases.keeps(services, each, submission_id)
            )
            asked = next(keepers, asked)
        receipt = cases.replay(services, asked, submission_id)
        console.print(receipt.answer.decode(), soft_wrap=True)


def join(cli: typer.Typer) -> None:
    for command in (submissions, replay):
        cli.command(rich_help_panel="Submissions")(command)
