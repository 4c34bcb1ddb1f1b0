"""Record what a patient permits, and end it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.commands.operator import acting, console, table
from gateway.rules.consent_form import permit
from gateway.usecases import consent, consent_overview

Custodian = Annotated[str, typer.Option("--organization", help="Id of the organization that keeps the record.")]


def grant(
    patient: Annotated[str, typer.Option(help="Id of the Patient.")],
    recipient: Annotated[str, typer.Option(help="Id of the Organization that may have the record.")],
    organization: Custodian,
    purpose: Annotated[str, typer.Option(help="A v3-ActReason code.")] = "TREAT",
    start: Annotated[str | None, typer.Option(help="YYYY-MM-DD; today when not given.")] = None,
    end: Annotated[str | None, typer.Option(help="YYYY-MM-DD, included; open when not given.")] = None,
    source: Annotated[str, typer.Option(help="Where the signed form is kept.")] = "Recorded by the operator",
) -> None:
    """Record that a patient permits an organization to have the record; prints the id of the Consent."""
    form = permit(patient, recipient, purpose, start or datetime.now(UTC).date().isoformat(), end, source)
    with acting(organization) as (services, asked):
        console.print(consent.grant(services, asked, form).id)


def revoke(
    consent_id: Annotated[str, typer.Argument(help="As `gateway consent list` shows it.")], organization: Custodian
) -> None:
    """End a consent; from the next request on, in every process, it lets nothing out."""
    with acting(organization) as (services, asked):
        consent.revoke(services, asked, consent_id)


def of_patient(patient: Annotated[str, typer.Argument(help="Id of the Patient.")], organization: Custodian) -> None:
    """The consents of a patient, in force and past, in plain words."""
    rows = table("consent", "kind", "state", "what it says")
    with acting(organization) as (services, asked):
        for each in consent_overview.overview(services, asked, patient).consents:
            rows.add_row(each.consent.split("/")[1], each.kind.value, each.state.value, "\n".join(each.words))
    console.print(rows)


def join(cli: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="What patients permit: nothing leaves without it.")
    group.command("grant")(grant)
    group.command("revoke")(revoke)
    group.command("list")(of_patient)
    cli.add_typer(group, name="consent", rich_help_panel="Consent")
