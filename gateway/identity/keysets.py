"""JSON Web Key Sets of clients: what may be registered, and which single key verifies an assertion.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html ; RFC 7517, RFC 7518 section 6.
"""

from __future__ import annotations

from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

ALGORITHMS = ("ES384", "RS384")  # what SMART asks for; RS256 and ES256 only where the policy adds them
KEY_TYPES = {"ES384": "EC", "RS384": "RSA", "ES256": "EC", "RS256": "RSA"}
CURVES = {"ES384": "P-384", "ES256": "P-256"}
RSA_BITS = 2048
MAX_KEYS = 50
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

PublicKey = ECKey | RSAKey


class KeysetFault(ValueError):
    """A key set or key that cannot be used; the text names the member, never its value."""


def check(jwks: Any) -> None:
    """Whether a key set may be registered. Raises KeysetFault at the first fault.

    Every key must be public, have its own `kid`, and be an RSA key of 2048 bits or more or an EC key of a curve in use;
    keys for encryption may stand beside them, but at least one must verify.
    """
    keys = keys_of(jwks)
    if not 1 <= len(keys) <= MAX_KEYS:
        raise KeysetFault(f"a key set holds 1 to {MAX_KEYS} keys")
    for key in keys:
        _check_public(key)
    kids = [key.get("kid") for key in keys]
    if not all(isinstance(kid, str) and kid for kid in kids):
        raise KeysetFault("every key needs a kid")
    if len(set(kids)) < len(kids):
        raise KeysetFault("two keys have the same kid")
    signing = [key for key in keys if key.get("use", "sig") == "sig"]
    if not signing:
        raise KeysetFault("no key of the set is for signatures")
    for key in signing:
        load(key)


def pick(jwks: Any, kid: str, algorithm: str) -> PublicKey:
    """The one key with this `kid` whose type fits the algorithm. Raises KeysetFault for none or several."""
    found = [key for key in keys_of(jwks) if key.get("kid") == kid and key.get("kty") == KEY_TYPES[algorithm]]
    if len(found) != 1:
        raise KeysetFault("not exactly one key matches kid and kty")
    _check_public(found[0])
    if found[0].get("alg", algorithm) != algorithm:
        raise KeysetFault("the key is meant for another algorithm")
    return load(found[0])


def load(key: dict[str, Any]) -> PublicKey:
    """A public key ready to verify. Raises KeysetFault for a weak, broken or unknown one."""
    try:
        if key.get("kty") == "EC":
            return _curve(ECKey.import_key(key))
        if key.get("kty") == "RSA":
            return _strong(RSAKey.import_key(key))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        if isinstance(error, KeysetFault):
            raise
        raise KeysetFault("a key cannot be read") from None
    raise KeysetFault("a key is neither RSA nor EC")


def keys_of(jwks: Any) -> list[dict[str, Any]]:
    """The keys of a set. Raises KeysetFault if it is none."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise KeysetFault("not a JSON Web Key Set")
    return keys


def _check_public(key: dict[str, Any]) -> None:
    if key.get("kty") == "oct":
        raise KeysetFault("a symmetric key (oct) is a shared secret")
    if _PRIVATE & set(key):
        raise KeysetFault("a key holds private members: it must be taken out of use")


def _curve(key: ECKey) -> ECKey:
    if key.curve_name not in CURVES.values():
        raise KeysetFault("an EC key is on a curve that is not in use")
    return key


def _strong(key: RSAKey) -> RSAKey:
    numbers = key.public_key.public_numbers()
    if numbers.n.bit_length() < RSA_BITS or numbers.e < 3 or numbers.e % 2 == 0:
        raise KeysetFault(f"an RSA key has fewer than {RSA_BITS} bits or a bad exponent")
    return key
