"""The vault: what was changed, moved, or sealed by another key does not open."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.vault import Vault, VaultFault

PLACE = "submission_part/1/summary"
VAULT = Vault(bytes(range(32)))


@given(st.binary(max_size=200))
def test_what_was_sealed_opens_in_its_place(plain: bytes) -> None:
    sealed = VAULT.seal(plain, place=PLACE)
    assert VAULT.open(sealed, place=PLACE) == plain


def test_the_sealed_text_shows_nothing_and_is_never_the_same_twice() -> None:
    first, second = (VAULT.seal(b"the patient said", place=PLACE) for _ in range(2))
    assert b"patient" not in first
    assert first != second


@given(st.integers(min_value=0), st.integers(1, 255))
def test_one_changed_byte_anywhere_is_noticed(position: int, change: int) -> None:
    sealed = bytearray(VAULT.seal(b"the patient said", place=PLACE))
    sealed[position % len(sealed)] ^= change
    with pytest.raises(VaultFault):
        VAULT.open(bytes(sealed), place=PLACE)


def test_a_text_moved_to_another_place_does_not_open() -> None:
    with pytest.raises(VaultFault):
        VAULT.open(VAULT.seal(b"of one", place="transcript/1"), place="transcript/2")


@pytest.mark.parametrize("length", [0, 7, 8, 20, 35])
def test_a_cut_text_does_not_open(length: int) -> None:
    with pytest.raises(VaultFault):
        VAULT.open(VAULT.seal(b"", place=PLACE)[:length], place=PLACE)


def test_after_a_rotation_old_texts_open_and_new_ones_use_the_new_key() -> None:
    old, new = os.urandom(32), os.urandom(32)
    rotated = Vault(new, old)
    assert rotated.open(Vault(old).seal(b"kept", place=PLACE), place=PLACE) == b"kept"
    assert Vault(new).open(rotated.seal(b"fresh", place=PLACE), place=PLACE) == b"fresh"
    with pytest.raises(VaultFault):
        Vault(new).open(Vault(old).seal(b"kept", place=PLACE), place=PLACE)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(b"short")
