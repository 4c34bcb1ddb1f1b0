"""The one place that joins settings, database, keys, mappings, peers and the app."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread

from fastapi import FastAPI

from gateway.api.app import create
from gateway.fhir import profiles
from gateway.mapping import catalogue
from gateway.peers.http import Http
from gateway.peers.jwks import KeySource
from gateway.settings import Settings
from gateway.store import migrate
from gateway.store.database import Database
from gateway.store.journal import Journal
from gateway.store.vault import Vault
from gateway.usecases import label_rules
from gateway.usecases.reindex import is_behind
from gateway.usecases.services import Limits, Services
from gateway.usecases.work import Worker

_LAST_ROUND_SECONDS = 30.0


def now() -> datetime:
    return datetime.now(UTC)


def services(settings: Settings) -> Services:
    """Everything a use case needs, against a database that has been migrated."""
    database = Database(settings.database, settings.key("database"))
    peers = Http(origins=settings.peers, allow_loopback=settings.allow_loopback_peers)
    return Services(
        database=database,
        journal=Journal(database),
        vault=Vault(settings.key("transcripts"), *settings.former_keys("vault")),
        notes=Vault(settings.key("notes")),
        catalogue=catalogue.load(settings.mappings),
        labels=label_rules.load(settings.labels),
        profiles=profiles.load(settings.packages),
        keys=KeySource(peers),
        public_url=settings.public_url,
        page_secret=settings.key("page"),
        limits=Limits(
            payload_bytes=settings.payload_bytes,
            payload_depth=settings.payload_depth,
            page_default=settings.page_default,
            page_maximum=settings.page_maximum,
            search_seconds=settings.search_seconds,
        ),
        clock=now,
        ai_needs_consent=settings.ai_processing == "opt-in",
    )


@contextmanager
def running(settings: Settings) -> Iterator[Services]:
    """Services with their journal running, for a command that is no server."""
    upgrade(settings)
    opened = services(settings)
    opened.journal.start()
    try:
        yield opened
    finally:
        opened.journal.stop()
        opened.database.close()


def outgoing(settings: Settings) -> Http:
    """What delivers: to whatever public host an operator has registered, not to partners only."""
    return Http(origins=None, allow_loopback=settings.allow_loopback_peers)


@contextmanager
def worker(settings: Settings, services: Services) -> Iterator[Worker]:
    """A worker on these services."""
    http = outgoing(settings)
    try:
        yield Worker(services, http, timedelta(minutes=settings.escalation_minutes))
    finally:
        http.close()


@contextmanager
def working(settings: Settings, services: Services) -> Iterator[None]:
    """A worker in a thread of its own, beside whatever is done in the block."""
    with worker(settings, services) as at_work:
        thread = Thread(target=at_work.run, name="worker", daemon=True)
        thread.start()
        try:
            yield
        finally:
            at_work.stop()
            thread.join(_LAST_ROUND_SECONDS)


def upgrade(settings: Settings) -> None:
    """Bring the database to the schema of this release; safe to run again."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    migrate.upgrade(settings.database, settings.key("database"))


def index_is_behind(settings: Settings) -> bool:
    """Whether what is kept was indexed by the search parameters of another release."""
    database = Database(settings.database, settings.key("database"))
    try:
        return is_behind(database)
    finally:
        database.close()


def app(settings: Settings) -> FastAPI:
    return create(services(settings))
