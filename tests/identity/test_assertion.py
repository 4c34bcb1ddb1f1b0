"""The client assertion: every way in which it can be wrong."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.identity.assertion import Assertion, AssertionFault, Registered, read, verify
from tests.world import SHARED

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TOKEN_URL, ISSUER = "https://gateway.example/oauth/token", "https://gateway.example"
KEYS_URL = "https://client.example/jwks.json"
EC = ECKey.generate_key("P-384", {"kid": "ec"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
KEYS = {"keys": [EC.as_dict(private=False), RSA.as_dict(private=False)]}
GENERIC = "The client could not be authenticated."


def claims(**changes: Any) -> dict[str, Any]:
    whole = {
        "iss": "clinic",
        "sub": "clinic",
        "aud": TOKEN_URL,
        "exp": int(NOW.timestamp()) + 240,
        "jti": "one",
    } | changes
    return {name: value for name, value in whole.items() if value is not ...}


def header(**changes: Any) -> dict[str, Any]:
    whole = {"alg": "ES384", "kid": "ec", "typ": "JWT"} | changes
    return {name: value for name, value in whole.items() if value is not ...}


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(head: dict[str, Any], body: Any, key: ECKey | RSAKey | OctKey = EC) -> str:
    registry = jws.JWSRegistry(algorithms=[head["alg"]], strict_check_header=False)
    return jws.serialize_compact(head, body if isinstance(body, bytes) else json.dumps(body), key, registry=registry)


def judge(token: str, registered: Registered | None = None, **options: Any) -> Assertion:
    known = registered or Registered(lambda kid: KEYS, KEYS_URL)
    return verify(read(token), known, audiences={TOKEN_URL, ISSUER}, now=NOW, **options)


def refused(token: str, registered: Registered | None = None, **options: Any) -> AssertionFault:
    with pytest.raises(AssertionFault) as caught:
        judge(token, registered, **options)
    return caught.value


def _es384() -> tuple[dict[str, Any], Callable[[bytes], bytes]]:
    key = ec.generate_private_key(ec.SECP384R1())
    numbers = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-384", "x": b64(numbers.x.to_bytes(48)), "y": b64(numbers.y.to_bytes(48))}

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA384())))
        return r.to_bytes(48) + s.to_bytes(48)

    return jwk, sign


def _rs384() -> tuple[dict[str, Any], Callable[[bytes], bytes]]:
    key = rsa.generate_private_key(65537, 2048)
    jwk = {"kty": "RSA", "n": b64(key.public_key().public_numbers().n.to_bytes(256)), "e": "AQAB"}
    return jwk, lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA384())


@pytest.mark.spec("S-080")
@pytest.mark.parametrize(("algorithm", "make"), [("ES384", _es384), ("RS384", _rs384)])
def test_an_assertion_signed_by_other_hands_is_verified(
    algorithm: str, make: Callable[[], tuple[dict[str, Any], Callable[[bytes], bytes]]]
) -> None:
    """Signed with the primitives of `cryptography` alone, so that our library is not its own judge."""
    jwk, sign = make()
    text = f"{b64(json.dumps(header(alg=algorithm, kid='k')).encode())}.{b64(json.dumps(claims()).encode())}"
    keys = {"keys": [jwk | {"kid": "k"}]}
    done = judge(f"{text}.{b64(sign(text.encode()))}", Registered(lambda kid: keys))
    assert done == Assertion("clinic", "one", NOW + timedelta(seconds=250))


@pytest.mark.spec("S-080")
@pytest.mark.parametrize(
    "token",
    [
        f"{b64(json.dumps(header(alg='none')).encode())}.{b64(json.dumps(claims()).encode())}.",
        signed(header(alg="HS256"), claims(), OctKey.generate_key(256)),
        signed(header(alg="RS256", kid="rsa"), claims(), RSA),
        signed(header(alg="PS384", kid="rsa"), claims(), RSA),
        signed(header(kid=...), claims()),
        signed(header(kid=""), claims()),
        signed(header(typ="at+jwt"), claims()),
        signed(header(typ=...), claims()),
        signed(header(), b"[]"),
        signed(header(), b'{"iss":"clinic","iss":"other"}'),
        signed(header(), b"\xff"),
        f"{b64(b'[]')}.{b64(b'{}')}.AA",
        f"{b64(b'{')}.{b64(b'{}')}.AA",
        "eyJhbGciOiJFUzM4NCIsImFsZyI6Im5vbmUifQ.e30.AA",
        "a.b",
        "",
        "ü.ü.ü",
        "x" * 20_000,
    ],
)
def test_an_assertion_of_another_kind_is_refused(token: str) -> None:
    refused(token)


@pytest.mark.spec("S-080")
def test_the_public_key_is_no_shared_secret() -> None:
    """The old confusion: HS384 with the PEM of the public RSA key as the secret."""
    text = f"{b64(json.dumps(header(alg='HS384', kid='rsa')).encode())}.{b64(json.dumps(claims()).encode())}"
    forged = f"{text}.{b64(hmac.digest(RSA.as_pem(private=False), text.encode(), 'sha384'))}"
    assert refused(forged).reason == "alg"


@pytest.mark.spec("S-080")
def test_a_policy_can_add_algorithms() -> None:
    token = signed(header(alg="RS256", kid="rsa"), claims(), RSA)
    registered = Registered(lambda kid: KEYS)
    claimed = read(token, ("ES384", "RS384", "RS256"))
    assert verify(claimed, registered, audiences=[TOKEN_URL], now=NOW).jti == "one"


def test_no_algorithms_at_all_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="no algorithm"):
        read(signed(header(), claims()), ())


@pytest.mark.spec("S-080", "S-086")
@pytest.mark.parametrize("head", [header(kid="rsa"), header(alg="RS384", kid="ec"), header(kid="other")])
def test_a_key_of_another_type_or_name_does_not_verify(head: dict[str, Any]) -> None:
    fault = refused(signed(head, claims(), RSA if head["alg"] == "RS384" else EC))
    assert (fault.reason, fault.words) == ("kid", GENERIC)


@pytest.mark.spec("S-080")
def test_a_signature_by_another_key_is_refused() -> None:
    fault = refused(signed(header(), claims(), ECKey.generate_key("P-384")))
    assert (fault.reason, fault.words) == ("signature", GENERIC)


@pytest.mark.spec("S-080")
def test_changed_claims_break_the_signature() -> None:
    head, _, signature = signed(header(), claims()).split(".")
    body = b64(json.dumps(claims(jti="two")).encode())
    assert refused(f"{head}.{body}.{signature}").reason == "signature"


@pytest.mark.spec("S-080")
@pytest.mark.parametrize("extra", [{"crit": ["exp"]}, {"b64": False}])
def test_critical_extensions_are_refused(extra: dict[str, Any]) -> None:
    text = f"{b64(json.dumps(header() | extra).encode())}.{b64(json.dumps(claims()).encode())}.AA"
    assert refused(text).reason in {"typ", "malformed"}


def test_members_of_the_header_that_nobody_knows_are_ignored() -> None:
    assert judge(signed(header(x5c=["MII"], note="x" * 600), claims())).jti == "one"


@pytest.mark.spec("S-081")
@pytest.mark.parametrize(
    "changes",
    [{"iss": ...}, {"sub": ...}, {"sub": "other"}, {"iss": 7, "sub": 7}, {"iss": "", "sub": ""}, {"iss": ["clinic"]}],
)
def test_iss_and_sub_are_both_the_client(changes: dict[str, Any]) -> None:
    assert refused(signed(header(), claims(**changes))).reason == "iss"


@pytest.mark.spec("S-082")
@pytest.mark.parametrize("audience", [TOKEN_URL, ISSUER, [TOKEN_URL]])
def test_the_token_url_or_the_issuer_is_the_audience(audience: Any) -> None:
    assert judge(signed(header(), claims(aud=audience))).client_id == "clinic"


@pytest.mark.spec("S-082")
@pytest.mark.parametrize(
    "audience",
    [
        ...,
        None,
        "",
        "https://evil.example",
        TOKEN_URL + "/",
        [],
        [TOKEN_URL, "https://evil.example"],
        [[TOKEN_URL]],
        {},
    ],
)
def test_any_other_audience_is_refused(audience: Any) -> None:
    assert refused(signed(header(), claims(aud=audience))).reason == "aud"


@pytest.mark.spec("S-083")
@pytest.mark.parametrize(
    ("ahead", "skew", "lives"),
    [(0, 0, False), (1, 0, True), (300, 0, True), (301, 0, False), (-9, 10, True), (-10, 10, False), (301, 10, False)],
)
def test_the_life_of_an_assertion_has_both_ends(ahead: int, skew: int, lives: bool) -> None:
    token = signed(header(), claims(exp=int(NOW.timestamp()) + ahead))
    if lives:
        assert judge(token, skew=timedelta(seconds=skew)).jti == "one"
    else:
        assert refused(token, skew=timedelta(seconds=skew)).reason == "exp"


@pytest.mark.spec("S-083")
@pytest.mark.parametrize("exp", [..., None, "1772366400", 1772366640.5, True, -1, 10**30])
def test_exp_is_a_number_of_seconds(exp: Any) -> None:
    assert refused(signed(header(), claims(exp=exp))).reason == "exp"


def test_exp_may_not_hide_in_an_exponent() -> None:
    body = json.dumps(claims(exp=0)).replace('"exp": 0', '"exp": 1e99').encode()
    assert refused(signed(header(), body)).reason == "exp"


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_an_assertion_of_tomorrow_is_refused(name: str) -> None:
    assert refused(signed(header(), claims(**{name: int(NOW.timestamp()) + 11}))).reason == "nbf"
    assert judge(signed(header(), claims(**{name: int(NOW.timestamp()) + 10}))).jti == "one"


@pytest.mark.spec("S-084")
@pytest.mark.parametrize("jti", [..., None, "", 7, ["a"]])
def test_jti_is_required(jti: Any) -> None:
    assert refused(signed(header(), claims(jti=jti))).reason == "jti"


@pytest.mark.spec("S-085")
def test_jku_must_be_the_registered_address() -> None:
    assert judge(signed(header(jku=KEYS_URL), claims())).jti == "one"
    assert refused(signed(header(jku="https://evil.example/jwks.json"), claims())).reason == "jku"
    assert refused(signed(header(jku=KEYS_URL), claims()), Registered(lambda kid: KEYS)).reason == "jku"


@pytest.mark.spec("S-085")
def test_a_foreign_jku_is_never_looked_at() -> None:
    def never(kid: str) -> Any:
        raise AssertionError("keys were fetched")

    refused(signed(header(jku="https://evil.example/"), claims()), Registered(never, KEYS_URL))


@pytest.mark.spec("S-092")
def test_an_unknown_client_costs_and_hears_what_a_bad_signature_does(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    original = jws.validate_compact

    def counting(*args: Any, **kwargs: Any) -> bool:
        verified.append("once")
        return original(*args, **kwargs)

    monkeypatch.setattr(jws, "validate_compact", counting)
    words = set()
    for head, key in ((header(), EC), (header(alg="RS384", kid="rsa"), RSA)):
        with pytest.raises(AssertionFault) as unknown:
            verify(read(signed(head, claims(), key)), None, audiences=[TOKEN_URL], now=NOW)
        assert unknown.value.reason == "unknown-client"
        words |= {unknown.value.words, refused(signed(header(), claims(), ECKey.generate_key("P-384"))).words}
    assert words == {GENERIC}
    assert len(verified) == 4


EXAMPLE = SHARED / "samples" / "smart-app-launch"


@pytest.mark.spec("S-093")
@pytest.mark.skipif(not EXAMPLE.is_dir(), reason="the worked example of SMART App Launch is not beside the project")
@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_the_worked_example_of_the_specification_verifies(algorithm: str) -> None:
    keys = json.loads((EXAMPLE / f"{algorithm}.public.json").read_bytes())
    token = (EXAMPLE / f"{algorithm}.jwt").read_text().strip()
    done = verify(
        read(token),
        Registered(lambda kid: keys),
        audiences=["https://authorize.smarthealthit.org/token"],
        now=datetime.fromtimestamp(1422568860, UTC) - timedelta(minutes=5),
    )
    assert done.jti == "random-non-reusable-jwt-id-123"
