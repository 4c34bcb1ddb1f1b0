"""Make organizations, people, patients and OAuth clients known to the gateway."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.operator import acting, console, identifiers, json_in, table
from gateway.usecases import clients, register, signin
from gateway.usecases.asked import Origin

Identifiers = Annotated[list[str] | None, typer.Option("--identifier", help="system|value; may be repeated.")]
OfOrganization = Annotated[str, typer.Option("--organization", help="Id of the Organization.")]
Password = Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for when not given.")]


class Role(StrEnum):
    reviewer = "reviewer"
    therapist = "therapist"  # a reviewer who keeps psychotherapy notes
    auditor = "auditor"


SCOPES = {
    Role.reviewer: ("review", "transcripts", "consent", "lineage", "user/*.rs"),
    Role.therapist: ("review", "transcripts", "psychotherapy-notes", "consent", "lineage", "user/*.rs"),
    Role.auditor: ("lineage", "audit", "user/*.rs"),
}
PURPOSES = {Role.reviewer: "TREAT", Role.therapist: "TREAT", Role.auditor: "HOPERAT"}


def add_organization(
    name: Annotated[str, typer.Argument(help="Its full name.")],
    identifier: Identifiers = None,
) -> None:
    """Make a clinic known, as custodian of patients or as recipient; prints its id."""
    with acting() as (services, asked):
        console.print(register.organization(services, asked, name, identifiers(identifier or ())).id)


def add_practitioner(
    family: Annotated[str, typer.Option(help="Family name.")],
    login: Annotated[str, typer.Option(help="What she signs in with.")],
    password: Password,
    organization: OfOrganization,
    given: Annotated[list[str] | None, typer.Option(help="Given name; may be repeated.")] = None,
    role: Annotated[Role, typer.Option(help="What she does here.")] = Role.reviewer,
    identifier: Identifiers = None,
) -> None:
    """Make a clinician or an auditor known and let her sign in; prints her id."""
    with acting(organization) as (services, asked):
        signin.check_sign_in(services, login, password)  # first: who is registered stays registered
        known = register.practitioner(services, asked, family, given or (), identifiers(identifier or ()))
        signin.add_person(
            services,
            login,
            password,
            practitioner=known.id,
            organization=organization,
            scopes=SCOPES[role],
            purpose=PURPOSES[role],
        )
        console.print(known.id)


def add_patient(
    family: Annotated[str, typer.Option(help="Family name.")],
    gender: Annotated[str, typer.Option(help="male, female, other or unknown.")],
    organization: OfOrganization,
    given: Annotated[list[str] | None, typer.Option(help="Given name; may be repeated.")] = None,
    birth_date: Annotated[str | None, typer.Option(help="YYYY-MM-DD.")] = None,
    identifier: Identifiers = None,
) -> None:
    """Make a patient known, whose record the organization keeps here; prints the id."""
    with acting(organization) as (services, asked):
        named = identifiers(identifier or ())
        known = register.patient(services, asked, organization, family, given or (), gender, birth_date, named)
        console.print(known.id)


def add_device(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    organization: OfOrganization,
    identifier: Identifiers = None,
) -> None:
    """Make known what a client is, so that consents can name it; prints its id."""
    with acting(organization) as (services, asked):
        console.print(register.device(services, asked, name, identifiers(identifier or ())).id)


def let_patient_in(
    patient: Annotated[str, typer.Argument(help="Id of the Patient.")],
    login: Annotated[str, typer.Option(help="What she signs in with.")],
    password: Password,
    organization: OfOrganization,
    scope: Annotated[
        list[str] | None, typer.Option(help="May be repeated: patient/*.rs, patient/Task.u, user/*.rs, consent")
    ] = None,
) -> None:
    """Let a patient sign in: to read her own record, decide on her consents, and tell how her homework goes."""
    with acting(organization) as (services, asked):
        signin.add_patient(services, asked, login, password, patient, scope or signin.PATIENT_SCOPES)


def add_client(
    name: Annotated[str, typer.Argument(help="How it is called in the lists.")],
    organization: OfOrganization,
    scope: Annotated[list[str], typer.Option(help="May be repeated: submission.write, system/*.rs, …")],
    jwks: Annotated[Path | None, typer.Option(help="File with its public keys.", exists=True)] = None,
    jwks_url: Annotated[str | None, typer.Option(help="https address that publishes its public keys.")] = None,
    purpose: Annotated[str, typer.Option(help="What it will use content for: a v3-ActReason code.")] = "TREAT",
    device: Annotated[str | None, typer.Option(help="Id of the Device that it is, for consents that name one.")] = None,
) -> None:
    """Register an AI producer or an EHR as a SMART backend client; prints its client_id.

    It asks for tokens with an assertion signed by its key (private_key_jwt, ES384 or RS384).
    """
    keys = json_in(jwks) if jwks else None
    with acting(organization) as (services, asked):
        client = clients.add(
            services,
            name,
            organization,
            jwks=keys,
            jwks_url=jwks_url,
            scopes=scope,
            purpose=purpose,
            device=device,
            by=asked.caller,
        )
        console.print(client.id)


def list_clients() -> None:
    """The registered clients, their organization, scopes and purpose."""
    rows = table("client_id", "name", "organization", "scopes", "purpose")
    with acting() as (services, _):
        for client in clients.registered(services):
            scopes = " ".join(sorted(client.scopes))
            rows.add_row(client.id, client.name, client.organization_id, scopes, client.purpose)
    console.print(rows)


def disable_client(client_id: Annotated[str, typer.Argument(help="As `gateway client list` shows it.")]) -> None:
    """Take a client out of use; its tokens end at once."""
    with acting() as (services, asked):
        clients.disable(services, client_id, asked.caller)


def token(login: Annotated[str, typer.Argument(help="What she signs in with.")], password: Password) -> None:
    """Print an access token for somebody who may sign in, to use the HTTP interface with; it lives one hour."""
    with acting() as (services, _):
        console.print(signin.sign_in(services, login, password, Origin()).token, soft_wrap=True)


def join(cli: typer.Typer) -> None:
    for name, add in (
        ("organization", add_organization),
        ("practitioner", add_practitioner),
        ("device", add_device),
        ("patient", add_patient),
    ):
        group = typer.Typer(no_args_is_help=True, help=f"The {name}s known here.")
        group.callback()(lambda: None)
        group.command("add")(add)
        if name == "patient":
            group.command("let-in")(let_patient_in)
        cli.add_typer(group, name=name, rich_help_panel="Register")
    group = typer.Typer(no_args_is_help=True, help="AI producers and EHRs: SMART backend clients.")
    group.command("add")(add_client)
    group.command("list")(list_clients)
    group.command("disable")(disable_client)
    cli.add_typer(group, name="client", rich_help_panel="Register")
    cli.command(rich_help_panel="Register")(token)
