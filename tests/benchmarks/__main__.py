"""Speeds, each beside its own limit: `python -m tests.benchmarks [--quick] [--only NAME] [--write]`."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console

from gateway import logs
from tests.benchmarks import charts, consenting, measures, population, report
from tests.benchmarks.charts import fill, record
from tests.benchmarks.limits import raw_driver
from tests.benchmarks.mapping import HEADS, mapping_speeds
from tests.benchmarks.measures import Measured, Scale
from tests.benchmarks.processes import Server, free_port, running
from tests.benchmarks.stage import READ, Stage, copied, plan, prepare, written
from tests.benchmarks.stages import stages

SERVED = ("read", "search", "everything", "submit", "approve", "create", "transaction")
NAMES = (*SERVED, "stages", "mapping", "consent", "revocation")
FULL = Scale(rounds=6, seconds=0.8, writes=16, patients=4, chart=1000, population=100_000)
QUICK = Scale(rounds=2, seconds=0.25, writes=4, patients=1, chart=1000, population=9_000)

Section = tuple[str, tuple[str, ...], report.Cells]
console = Console()
if not console.is_terminal:
    console = Console(width=120)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: half a minute, rough figures")
    parser.add_argument("--only", choices=NAMES, action="append", help="one measurement; may be given again")
    parser.add_argument("--write", action="store_true", help="put the tables into tests/benchmarks/README.md")
    arguments = parser.parse_args()
    wanted = tuple(arguments.only or NAMES)
    logs.configure("warning")
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        scale = QUICK if arguments.quick else FULL
        sections = _run(Path(folder), scale, wanted) if {*SERVED, "stages"} & set(wanted) else []
        if "mapping" in wanted:
            sections.append(("Payloads mapped to FHIR", HEADS, mapping_speeds(scale.rounds)))
        sections += _consented(Path(folder) / "population", scale, wanted)
    for section in sections:
        report.show(console, *section)
    if arguments.write:
        report.write(sections)


def _run(folder: Path, scale: Scale, wanted: tuple[str, ...]) -> list[Section]:
    port = free_port()
    with console.status("Walking the road to fill a database"):
        stage = prepare(folder, port, scale.patients)
        fill(stage, scale.chart)
        plan(stage).save(folder / "plan.json")
    sections: list[Section] = []
    if set(wanted) & set(SERVED):
        found, servers = _served(stage, scale, wanted)
        sections.append(("The gateway and its limits", report.heads(), report.comparison(found)))
        sections.append(("The server process", ("what", "value"), servers))
    if "stages" in wanted:
        with _quiet(folder):
            spent, others = stages(stage)
        sections.append(("A read, stage by stage", ("stage", "CPU µs"), report.rows(spent, 0)))
        sections.append(("Other work", ("what", "CPU ms"), report.rows(others, 2, 0.001)))
    return sections


def _consented(folder: Path, scale: Scale, wanted: tuple[str, ...]) -> list[Section]:
    if not {"consent", "revocation"} & set(wanted):
        return []
    with console.status(f"Making {scale.population:,} patients"):
        crowd = population.prepare(folder, free_port(), scale.population)
    sections: list[Section] = []
    if "consent" in wanted:
        with console.status("Measuring: consent"):
            found = consenting.searching(crowd, scale)
        title = f"A search across {scale.population:,} patients under {population.SHAPES} consents, and without consent"
        sections.append((title, consenting.SEARCH_HEADS, found))
    if "revocation" in wanted:
        with console.status("Measuring: revocation"):
            took = consenting.revoking(crowd, 10 * scale.writes)
        sections.append(("Revoked here, refused there", consenting.REVOKE_HEADS, took))
    return sections


def _served(stage: Stage, scale: Scale, wanted: tuple[str, ...]) -> tuple[list[Measured], report.Cells]:
    found: list[Measured] = []
    with ExitStack() as stack:
        writing = {"submit", "approve"} & set(wanted)
        recorded, replayed = copied(stage, "recorded.db"), copied(stage, "replayed.db")
        rounds = scale.rounds + 1
        works = written(stage, recorded, rounds * scale.writes) if writing else []
        posts = record(stage, recorded, [post for post in charts.POSTS if post.word in wanted], rounds, scale.writes)
        driver = raw_driver(replayed.database, replayed.key("database"))
        gateway, limit = stack.enter_context(_servers(stage))
        for name in stage.targets:
            if name.split()[0].strip(",$") in wanted:
                found += _told(name, partial(_serving, name, stage, scale, gateway, limit))
        if writing:
            found += _told("submit", lambda: measures.submitting(stage, scale, gateway, works, driver))
            found += _told("approve", lambda: measures.approving(stage, scale, gateway, works, driver))
        for post in posts:
            found += _told(post.name, partial(measures.posting, stage, scale, gateway, post, driver))
        servers: report.Cells = [
            ("start-up, from exec to the first answer", f"{gateway.start_up:.2f} s"),
            ("peak memory of the gateway", f"{gateway.peak_memory} MiB"),
            ("peak memory of the bare server", f"{limit.peak_memory} MiB"),
        ]
    return found, servers


def _serving(name: str, stage: Stage, scale: Scale, gateway: Server, limit: Server) -> list[Measured]:
    if name == READ:
        return measures.serving(name, stage, scale, gateway, limit, (1, 16, 64), raw=True)
    return measures.serving(name, stage, scale, gateway, limit)


def _told(name: str, measure: measures.Measure) -> list[Measured]:
    with console.status(f"Measuring: {name}"):
        return measure()


@contextmanager
def _servers(stage: Stage) -> Iterator[tuple[Server, Server]]:
    """`gateway serve` on the database, and the limits on the same file."""
    home, port, other = stage.settings.home, stage.settings.port, free_port()
    settings = {"GATEWAY_HOME": str(home), "GATEWAY_PORT": str(port), "GATEWAY_PUBLIC_URL": stage.settings.public_url}
    limits = ("tests.benchmarks.limits", str(other), str(home / "plan.json"))
    with (
        running("gateway", "serve", port=port, log=home / "gateway.log", **settings) as gateway,
        running(*limits, port=other, log=home / "limits.log") as limit,
    ):
        yield gateway, limit


@contextmanager
def _quiet(folder: Path) -> Iterator[None]:
    """Log at the usual level, into a file."""
    kept = os.dup(2)
    with (folder / "stages.log").open("wb") as sink:
        os.dup2(sink.fileno(), 2)
        logs.configure("info")
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


if __name__ == "__main__":
    main()
