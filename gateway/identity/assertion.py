"""The client assertion of `private_key_jwt`: read, verified and judged, with keys and clock given.

Nothing of the header chooses how it is verified: the algorithms are ours, the key is the one the client registered.
Whether `jti` was used before is the store's to say, in the transaction that issues the token.
https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html ; RFC 7523 section 3.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from gateway.fhir.json import parse
from gateway.identity.decoy import decoy
from gateway.identity.keysets import ALGORITHMS, KeysetFault, PublicKey, pick

LIFETIME = timedelta(minutes=5)
SKEW = timedelta(seconds=10)
GENERIC = "The client could not be authenticated."
MAX_HEADER = 4096
MAX_CLAIMS = 8192
_LATEST = 253_402_300_799  # the last second of the year 9999


class AssertionFault(Exception):
    """`invalid_client`. `reason` is a code for the audit; `words` go to the caller and tell no secret apart."""

    def __init__(self, reason: str, words: str = GENERIC) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words


@dataclass(frozen=True, slots=True)
class Registered:
    """Where the keys of a client come from. `key_set` takes the wanted `kid`; it may raise AssertionFault."""

    key_set: Callable[[str], Any]
    jwks_url: str | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """An assertion as it was read; nothing of it is true yet."""

    signature: jws.CompactSignature
    algorithm: str
    kid: str
    jku: str | None
    client_id: str
    claims: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified assertion. It may be used once until `expires_at`, the end of its life plus the skew."""

    client_id: str
    jti: str
    expires_at: datetime


def read(token: str, algorithms: Collection[str] = ALGORITHMS) -> Claimed:
    """What an assertion says of itself. Raises AssertionFault."""
    signature = _decoded(token, algorithms)
    header = signature.headers()
    algorithm, kid, jku = header.get("alg"), header.get("kid"), header.get("jku")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise AssertionFault("alg", f"The algorithm must be one of {', '.join(algorithms)}.")
    if header.get("typ") != "JWT" or "crit" in header or "b64" in header:
        raise AssertionFault("typ", "The header must have typ JWT and no critical extension.")
    if not isinstance(kid, str) or not kid or not isinstance(jku, str | None):
        raise AssertionFault("kid", "The header must name its key by kid.")
    claims = _claims(signature.payload or b"")
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer or claims.get("sub") != issuer:
        raise AssertionFault("iss", "iss and sub must both be the client_id.")
    return Claimed(signature, algorithm, kid, jku, issuer, claims)


def verify(
    claimed: Claimed,
    registered: Registered | None,
    *,
    audiences: Collection[str],
    now: datetime,
    skew: timedelta = SKEW,
) -> Assertion:
    """The assertion, if the registered client signed it for us and it is alive. Raises AssertionFault.

    For an unknown client a signature is verified all the same, against a key nobody holds: neither the words nor the
    time of the answer tell whether a client exists.
    """
    key, fault = _key(claimed, registered)
    if not _is_signed(claimed, key) or fault:
        raise fault or AssertionFault("signature")
    return _judged(claimed, audiences, now, skew)


def _decoded(token: str, algorithms: Collection[str]) -> jws.CompactSignature:
    registry = _registry(algorithms)
    try:
        signature = jws.extract_compact(token.encode("ascii"), None, registry)
        _object(_unpadded(signature.segments["header"]))  # strictly: joserfc takes duplicate members
        return signature
    except (JoseError, ValueError, TypeError):
        raise AssertionFault("malformed", "The assertion is not a signed JWT.") from None


def _registry(algorithms: Collection[str]) -> jws.JWSRegistry:
    if not algorithms:
        raise ValueError("no algorithm is allowed")  # joserfc would fall back to a list of its own
    registry = jws.JWSRegistry(
        algorithms=algorithms, strict_check_header=False
    )  # unknown members are ignored (RFC 7515)
    registry.max_header_length = MAX_HEADER
    registry.max_payload_length = MAX_CLAIMS
    return registry


def _unpadded(segment: bytes) -> bytes:
    return urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))


def _object(data: bytes) -> dict[str, Any]:
    value = parse(data, max_depth=16)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        return _object(payload)
    except ValueError:
        raise AssertionFault("malformed", "The claims are not a JSON object.") from None


def _key(claimed: Claimed, registered: Registered | None) -> tuple[PublicKey, AssertionFault | None]:
    """The key to verify with, and why the answer is no whatever the signature says."""
    try:
        if registered is None:
            raise AssertionFault("unknown-client")
        if claimed.jku is not None and claimed.jku != registered.jwks_url:
            raise AssertionFault("jku")
        return pick(registered.key_set(claimed.kid), claimed.kid, claimed.algorithm), None
    except KeysetFault:
        return decoy(claimed.algorithm), AssertionFault("kid")
    except AssertionFault as fault:
        return decoy(claimed.algorithm), fault


def _is_signed(claimed: Claimed, key: PublicKey) -> bool:
    try:
        return jws.validate_compact(claimed.signature, key, registry=_registry([claimed.algorithm]))
    except (JoseError, ValueError):
        return False


def _judged(claimed: Claimed, audiences: Collection[str], now: datetime, skew: timedelta) -> Assertion:
    claims = claimed.claims
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not named or not all(isinstance(name, str) and name in audiences for name in named):
        raise AssertionFault("aud", "aud must be the token endpoint, and nobody else.")
    expires = _time(claims, "exp")
    if expires is None or expires <= now - skew:
        raise AssertionFault("exp", "exp is missing or past.")
    if expires > now + LIFETIME:
        raise AssertionFault("exp", "exp must not be more than 5 minutes ahead.")
    if any((_time(claims, name) or now) > now + skew for name in ("nbf", "iat")):
        raise AssertionFault("nbf", "nbf or iat lies in the future.")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise AssertionFault("jti", "jti is missing.")
    return Assertion(claimed.client_id, jti, expires + skew)


def _time(claims: dict[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= _LATEST:
        raise AssertionFault(name, f"{name} must be a whole number of seconds since 1970.")
    return datetime.fromtimestamp(value, UTC)
