"""What a use case works with: handed down once by wiring, never looked up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.fhir.profiles import Profiles
from gateway.identity.throttle import Throttle
from gateway.mapping.catalogue import Catalogue
from gateway.peers.jwks import KeySource
from gateway.rules.label_rules import LabelRules
from gateway.store.database import Database
from gateway.store.journal import Journal
from gateway.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what comes in (bytes, levels), goes out (entries) and is looked through (seconds of work)."""

    payload_bytes: int = 10 * 1024 * 1024
    payload_depth: int = 64
    page_default: int = 50
    page_maximum: int = 500
    write_bytes: int = 32 * 1024 * 1024
    bundle_entries: int = 5000
    conditional_lookups: int = 500
    search_seconds: float = 10


@dataclass(frozen=True, slots=True)
class Services:
    """`public_url` is the origin under which callers reach the gateway, without a final slash. `vault` seals what was
    said in sessions (payloads and transcripts), `notes` psychotherapy notes: two keys. `ai_needs_consent`: whether a
    patient's silence forbids AI processing."""

    database: Database
    journal: Journal
    vault: Vault
    notes: Vault
    catalogue: Catalogue
    labels: LabelRules
    profiles: Profiles
    keys: KeySource
    public_url: str
    page_secret: bytes
    limits: Limits
    clock: Callable[[], datetime]
    ai_needs_consent: bool = False
    throttle: Throttle = field(default_factory=Throttle)

    @property
    def fhir_base(self) -> str:
        return f"{self.public_url}/fhir"

    @property
    def token_url(self) -> str:
        return f"{self.public_url}/oauth/token"
