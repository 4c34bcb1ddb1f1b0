"""Which key sets may be registered, and which key is picked."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.identity.keysets import KeysetFault, check, pick

EC: dict[str, Any] = dict(ECKey.generate_key("P-384").as_dict(private=True, kid="ec"))
RSA: dict[str, Any] = dict(RSAKey.generate_key(2048).as_dict(private=True, kid="rsa"))
PRIVATE = {"d", "p", "q", "dp", "dq", "qi"}


def public(key: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name not in PRIVATE} | changes


def weak() -> dict[str, Any]:
    return dict(RSAKey.generate_key(1024, private=False).as_dict(kid="weak"))


@pytest.mark.spec("S-087")
def test_a_public_key_set_is_taken() -> None:
    check({"keys": [public(EC), public(RSA), public(EC, kid="other", use="enc")]})


@pytest.mark.spec("S-089")
@pytest.mark.parametrize("member", sorted(PRIVATE))
def test_a_private_member_is_refused(member: str) -> None:
    with pytest.raises(KeysetFault, match="private"):
        check({"keys": [public(EC), public(RSA) | {member: RSA[member]}]})


@pytest.mark.spec("S-089")
def test_a_shared_secret_is_refused() -> None:
    secret = OctKey.generate_key(256).as_dict(kid="secret")
    with pytest.raises(KeysetFault, match="symmetric"):
        check({"keys": [public(EC), secret]})


@pytest.mark.spec("S-089")
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_short_rsa_key_is_refused() -> None:
    with pytest.raises(KeysetFault, match="2048"):
        check({"keys": [weak()]})


@pytest.mark.spec("S-089")
def test_two_keys_of_one_kid_are_refused() -> None:
    with pytest.raises(KeysetFault, match="same kid"):
        check({"keys": [public(EC), public(RSA, kid="ec")]})


@pytest.mark.spec("S-089")
@pytest.mark.parametrize(
    "jwks",
    [
        None,
        [],
        {},
        {"keys": {}},
        {"keys": []},
        {"keys": ["x"]},
        {"keys": [public(EC)] * 51},
        {"keys": [public(EC, kid="")]},
        {"keys": [public(EC, kid=7)]},
        {"keys": [{"kty": "EC", "kid": "a"}]},
        {"keys": [public(EC, kty="OKP")]},
        {"keys": [public(EC, crv="P-521")]},
        {"keys": [public(EC, x=EC["y"])]},
        {"keys": [public(EC, use="enc")]},
        {"keys": [public(RSA, e="Ag")]},
        {"keys": [public(RSA, n="!!")]},
    ],
)
def test_what_is_no_usable_key_set_is_refused(jwks: Any) -> None:
    with pytest.raises(KeysetFault):
        check(jwks)


@pytest.mark.spec("S-086")
def test_the_one_key_of_kid_and_type_is_picked() -> None:
    same_kid = {"keys": [public(EC), public(RSA, kid="ec")]}
    assert pick(same_kid, "ec", "ES384").key_type == "EC"
    assert pick(same_kid, "ec", "RS384").key_type == "RSA"


@pytest.mark.spec("S-086")
@pytest.mark.parametrize(
    ("keys", "kid"),
    [
        ([public(EC)], "rsa"),
        ([public(RSA)], "rsa"),
        ([public(EC), public(EC)], "ec"),
        ([public(EC, alg="ES256")], "ec"),
        ([EC], "ec"),
        ([], "ec"),
    ],
)
def test_none_or_several_matching_keys_are_no_key(keys: list[dict[str, Any]], kid: str) -> None:
    with pytest.raises(KeysetFault):
        pick({"keys": keys}, kid, "ES384")
