"""The only reader of the environment: every setting, its default and what it means.

Each is set as `GATEWAY_<NAME>`, for instance `GATEWAY_PUBLIC_URL=https://gateway.example`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import Field, HttpUrl, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Defaults serve one machine; a clinic sets `public_url` and, for many processes, `database_url`."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="ignore")

    home: Path = Field(PROJECT / "var", description="Folder of the database and the keys.")
    database_url: str | None = Field(None, description="SQLAlchemy URL; without it an encrypted SQLite file in `home`.")
    public_url: str = Field("http://127.0.0.1:8080", description="Origin under which callers reach the gateway.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, description="Port to listen on.")
    mappings: Path = Field(PROJECT / "mappings", description="Folder of the producers' formats.")
    labels: Path = Field(PROJECT / "mappings" / "labels", description="Folder of the label rules.")
    packages: Path = Field(PROJECT / "var" / "packages", description="FHIR packages whose profiles the door checks.")
    payload_bytes: int = Field(10 * 1024 * 1024, description="Largest submission, in bytes.")
    payload_depth: int = Field(64, description="Deepest nesting of a submission.")
    page_default: int = Field(50, description="Entries of a search page when `_count` is absent.")
    page_maximum: int = Field(500, description="Largest page of a search.")
    ai_processing: Literal["opt-out", "opt-in"] = Field(
        "opt-out", description="Whether AI may process sessions of a patient who has not said so, or only of who has."
    )
    search_seconds: float = Field(10, gt=0, description="Work that the searches of one request may take.")
    escalation_minutes: float = Field(
        15, gt=0, description="How long an alert may wait for a clinician before her organization is told once more."
    )
    peers: list[str] = Field([], description="Origins of partners that may be asked for their key sets.")
    allow_loopback_peers: bool = Field(
        False, description="Development only: fetch key sets from this machine, and deliver to it, over http."
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        url = HttpUrl(value)
        if url.scheme != "https" and url.host not in ("127.0.0.1", "localhost", "[::1]"):
            raise ValueError("tokens may travel over http on this machine only: give an https address")
        return value.rstrip("/")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'gateway.db'}"

    def key(self, name: str) -> bytes:
        """The 32-byte key `name`, made on first use in `home/keys`, readable by its owner only."""
        path = self._key_file(name)
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_once(path, secrets.token_hex(32))
        return bytes.fromhex(path.read_text().strip())

    def former_keys(self, *names: str) -> list[bytes]:
        """Those of the keys `names` that an earlier release made here: what they sealed is still to be opened."""
        return [self.key(name) for name in names if self._key_file(name).exists()]

    def _key_file(self, name: str) -> Path:
        return self.home / "keys" / f"{name}.key"


def _write_once(path: Path, text: str) -> None:
    """Write a file whole or not at all; of two processes starting together, the first one's file stays."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent)  # mode 600 by itself
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    Path(draft).unlink()
