"""Keys nobody holds: the assertion of an unknown client is verified against them, to cost what a known one costs."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from functools import cache

from joserfc.jwk import ECKey, RSAKey

from gateway.identity.keysets import CURVES, KEY_TYPES, RSA_BITS, PublicKey


@cache
def decoy(algorithm: str) -> PublicKey:
    """A public key fit for the algorithm; what it verifies is refused anyway."""
    if KEY_TYPES[algorithm] == "EC":
        return ECKey.generate_key(CURVES[algorithm], private=False)
    return RSAKey.import_key({"kty": "RSA", "n": _modulus(), "e": "AQAB"})


def _modulus() -> str:
    """An odd number of full length that nobody made from two primes: cheaper at start-up than a real modulus."""
    number = bytearray(hashlib.shake_256(b"decoy").digest(RSA_BITS // 8))
    number[0] |= 0x80
    number[-1] |= 0x01
    return urlsafe_b64encode(number).rstrip(b"=").decode()
