"""What a client can find out before it has a token."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from starlette.testclient import TestClient

from gateway.fhir.search.table import TYPES
from gateway.rules.scopes import OWN, parse

SMART = "/fhir/.well-known/smart-configuration"
OAUTH = "/.well-known/oauth-authorization-server"


@pytest.fixture
def smart(web: TestClient) -> Any:
    return web.get(SMART).json()


@pytest.mark.spec("S-001")
@pytest.mark.parametrize("path", [SMART, OAUTH])
@pytest.mark.parametrize("accept", ["application/fhir+json", "text/html", "application/xml"])
def test_discovery_is_json_for_everybody(web: TestClient, path: str, accept: str) -> None:
    answer = web.get(path, headers={"accept": accept, "origin": "https://app.example"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert web.options(path).headers["access-control-allow-methods"] == "GET"


@pytest.mark.spec("S-001")
@pytest.mark.parametrize("path", [SMART, OAUTH])
def test_every_url_is_absolute(web: TestClient, path: str) -> None:
    urls = [value for name, value in web.get(path).json().items() if name.endswith(("_endpoint", "_uri", "issuer"))]
    assert urls
    assert all(urlsplit(url).scheme == "https" and urlsplit(url).netloc == "gateway.example" for url in urls)


@pytest.mark.spec("S-002")
def test_what_smart_requires_is_there(smart: Any) -> None:
    assert smart["token_endpoint"] == "https://gateway.example/oauth/token"
    assert smart["grant_types_supported"]
    assert smart["capabilities"]
    assert "S256" in smart["code_challenge_methods_supported"]
    assert "plain" not in smart["code_challenge_methods_supported"]


@pytest.mark.spec("S-003", "S-004")
def test_launch_and_sign_on_are_not_promised(smart: Any) -> None:
    promised = set(smart["capabilities"])
    assert not any(name.startswith("launch") for name in promised)
    assert "sso-openid-connect" not in promised
    assert not {"authorization_endpoint", "issuer", "jwks_uri"} & set(smart)


@pytest.mark.spec("S-005")
def test_backend_services_are_promised(smart: Any) -> None:
    assert "client_credentials" in smart["grant_types_supported"]
    assert "private_key_jwt" in smart["token_endpoint_auth_methods_supported"]
    assert {"RS384", "ES384"} <= set(smart["token_endpoint_auth_signing_alg_values_supported"])
    assert "client-confidential-asymmetric" in smart["capabilities"]


@pytest.mark.spec("S-006")
def test_only_what_exists_is_published(web: TestClient, smart: Any) -> None:
    assert smart["response_types_supported"] == []
    for name, value in smart.items():
        if name.endswith("_endpoint"):
            assert web.post(urlsplit(value).path).status_code != 404


@pytest.mark.spec("S-006")
def test_no_scope_is_offered_for_a_type_that_is_not_served(smart: Any) -> None:
    offered = [parse(text) for text in smart["scopes_supported"] if text not in OWN]
    assert offered
    assert {scope.type for scope in offered} <= {"*", *TYPES}
    assert not [scope for scope in offered if scope.restriction]


@pytest.mark.spec("S-071")
def test_neither_password_nor_implicit_is_offered(smart: Any) -> None:
    assert smart["grant_types_supported"] == ["client_credentials"]


def test_the_server_metadata_pass_an_independent_check(web: TestClient) -> None:
    """Authlib asks for at least one response type; without an authorization endpoint there is none to name."""
    document = web.get(OAUTH).json()
    assert document["issuer"] == "https://gateway.example"
    AuthorizationServerMetadata(document | {"response_types_supported": ["none"]}).validate()
