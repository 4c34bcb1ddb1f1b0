"""The command line: `gateway --help`."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from gateway import logs
from gateway.commands import consents, mappings, registry, server, submissions
from gateway.errors import Refusal
from gateway.settings import Settings

cli = typer.Typer(
    help="Carries AI-written mental-health content into FHIR R4: consented, attributed, approved by a clinician.",
    epilog="Start with `gateway demo`; it shows the whole road. Settings are read from GATEWAY_… in the environment.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a traceback may show what a variable holds
    rich_markup_mode="rich",
)
for part in (server, registry, consents, submissions, mappings):
    part.join(cli)


def main() -> None:
    """Run a command; a refusal is printed fault by fault, each with its place."""
    settings = Settings()
    logs.configure(settings.log_level, settings.log_format)
    try:
        cli()
    except Refusal as refusal:
        console = Console(stderr=True)
        for issue in refusal.issues:
            place = f"{issue.expression}: " if issue.expression else ""
            console.print(f"[red]refused[/red] {place}{issue.text}", highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
