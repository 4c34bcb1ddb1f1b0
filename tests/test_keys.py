"""The keys of an installation: made once, kept apart, and what an earlier release sealed still opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import wiring
from gateway.settings import Settings
from gateway.store.vault import Vault, VaultFault

PLACE = "transcript/1"


def settings_in(folder: Path) -> Settings:
    (folder / "none").mkdir(exist_ok=True)
    return Settings(home=folder, packages=folder / "none", database_url=None)


@pytest.mark.spec("X-084")
def test_words_of_sessions_and_psychotherapy_notes_have_a_key_each(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with wiring.running(settings) as services:
        heard = services.vault.seal(b"said", place=PLACE)
        noted = services.notes.seal(b"thought", place=PLACE)
        with pytest.raises(VaultFault):
            services.notes.open(heard, place=PLACE)
        with pytest.raises(VaultFault):
            services.vault.open(noted, place=PLACE)
    assert {file.name for file in (tmp_path / "keys").iterdir()} == {
        "database.key",
        "notes.key",
        "page.key",
        "transcripts.key",
    }


def test_what_an_earlier_release_sealed_still_opens(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    former = Vault(settings.key("vault")).seal(b"said long ago", place=PLACE)
    with wiring.running(settings) as services:
        assert services.vault.open(former, place=PLACE) == b"said long ago"
        with pytest.raises(VaultFault):
            Vault(settings.key("vault")).open(services.vault.seal(b"said today", place=PLACE), place=PLACE)
