"""The vault: AES-256-GCM over payloads, transcripts and process notes, on top of the encryption of the file.

A sealed text is bound to its place: it does not open anywhere else. Its form is key id (8 bytes), nonce (12 bytes),
ciphertext with tag. Algorithm: NIST SP 800-38D, with random nonces.
"""

from __future__ import annotations

import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_ID, _NONCE, _TAG = 8, 12, 16


class VaultFault(Exception):
    """A sealed text was changed, moved to another place, or sealed with a key that is not here."""


def _id_of(key: bytes) -> bytes:
    return sha256(b"gateway vault key id\0" + key).digest()[:_ID]


class Vault:
    """Seals with `key`; opens what was sealed with it or with one of the `older` keys. Keys are 32 bytes."""

    def __init__(self, key: bytes, *older: bytes) -> None:
        if any(len(each) != 32 for each in (key, *older)):
            raise ValueError("a vault key has 32 bytes")
        self._current = _id_of(key)
        self._ciphers = {_id_of(each): AESGCM(each) for each in (key, *older)}

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """Encrypt `plain` for one place, such as `submission_part/ID/summary`."""
        nonce = os.urandom(_NONCE)
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """The plain text. Raises `VaultFault`."""
        cipher = self._ciphers.get(sealed[:_ID])
        if cipher is None or len(sealed) < _ID + _NONCE + _TAG:
            raise VaultFault("sealed with a key that is not here")
        try:
            return cipher.decrypt(sealed[_ID : _ID + _NONCE], sealed[_ID + _NONCE :], place.encode())
        except InvalidTag:
            raise VaultFault("changed, or moved from its place") from None
