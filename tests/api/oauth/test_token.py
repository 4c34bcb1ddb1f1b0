"""The token endpoint, as a client meets it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select
from starlette.testclient import TestClient

from gateway.store.tables import audit
from gateway.usecases import clients
from gateway.usecases.services import Services

URL = "/oauth/token"
AUDIENCE = "https://gateway.example/oauth/token"


def error_of(answer: Any) -> str:
    assert answer.status_code in (400, 401)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) <= {"error", "error_description"}
    return str(answer.json()["error"])


def records(services: Services) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Outcome, client and detail of every token request in the audit."""
    with services.database.read() as db:
        rows = db.connection.execute(select(audit).where(audit.c.act == "token").order_by(audit.c.pk)).all()
    return [(row.outcome, row.client_id, json.loads(row.detail)) for row in rows]


@pytest.mark.spec("S-060", "S-061", "S-062", "S-069")
def test_a_signed_assertion_becomes_a_short_lived_token(web: TestClient, ehr: Any) -> None:
    answer = web.post(URL, data=ehr.form("system/Patient.read lineage"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    body = answer.json()
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 300
    assert body["scope"] == "lineage system/Patient.rs"
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}


@pytest.mark.spec("S-087")
@pytest.mark.parametrize("key", [RSAKey.generate_key(2048, {"kid": "rsa"}), ECKey.generate_key("P-384", {"kid": "ec"})])
def test_both_algorithms_and_inline_keys_work(web: TestClient, ehr: Any) -> None:
    assert web.post(URL, data=ehr.form()).status_code == 200


@pytest.mark.spec("S-085", "S-087", "S-088")
def test_keys_published_at_a_url_can_be_rotated(
    web: TestClient, services: Services, ehr: Any, key_server: Any, clock: Any
) -> None:
    url = "https://ehr.example/keys.json"
    old, new = (ECKey.generate_key("P-384", {"kid": kid}) for kid in ("old", "new"))
    key_server.answers[url] = {"keys": [old.as_dict(private=False)]}
    ehr.client = clients.add(services, "Rotating", "org-1", jwks_url=url, scopes=ehr.client.scopes, purpose="TREAT")
    ehr.key = old
    assert web.post(URL, data=ehr.form()).status_code == 200
    assert web.post(URL, data=ehr.form(client_assertion=ehr.assertion({"jku": url}))).status_code == 200
    assert key_server.asked == 1
    key_server.answers[url] = {"keys": [new.as_dict(private=False)]}
    ehr.key = new
    assert error_of(web.post(URL, data=ehr.form())) == "invalid_client"
    assert key_server.asked == 1


@pytest.mark.spec("S-087")
def test_keys_that_cannot_be_fetched_verify_nobody(web: TestClient, services: Services, ehr: Any) -> None:
    url = "https://nobody.example/keys.json"
    ehr.client = clients.add(services, "Gone", "org-1", jwks_url=url, scopes=["lineage"], purpose="TREAT")
    services.keys._http._resolve = lambda host, port: ["10.0.0.1"]
    assert error_of(web.post(URL, data=ehr.form())) == "invalid_client"
    assert records(services)[-1][2] == {"reason": "keys-unavailable"}


@pytest.mark.spec("S-082")
def test_an_assertion_for_another_server_is_refused(web: TestClient, ehr: Any) -> None:
    for audience in ("https://other.example/oauth/token", [AUDIENCE, "https://other.example"]):
        assert error_of(web.post(URL, data=ehr.form(client_assertion=ehr.assertion(aud=audience)))) == "invalid_client"


@pytest.mark.spec("S-083")
def test_an_assertion_that_lives_too_long_is_refused(web: TestClient, ehr: Any, clock: Any) -> None:
    late = ehr.assertion(exp=int(clock().timestamp()) + 302)
    assert error_of(web.post(URL, data=ehr.form(client_assertion=late))) == "invalid_client"


@pytest.mark.spec("S-084")
def test_an_assertion_works_once(web: TestClient, services: Services, ehr: Any) -> None:
    form = ehr.form()
    assert web.post(URL, data=form).status_code == 200
    assert error_of(web.post(URL, data=form)) == "invalid_client"
    assert records(services)[-1] == ("8", ehr.client.id, {"reason": "replay"})


@pytest.mark.spec("S-084")
def test_an_assertion_is_used_up_by_a_refused_scope(web: TestClient, ehr: Any) -> None:
    form = ehr.form("system/Condition.rs")
    assert error_of(web.post(URL, data=form)) == "invalid_scope"
    assert error_of(web.post(URL, data=form | {"scope": "system/Patient.rs"})) == "invalid_client"


@pytest.mark.spec("S-084")
def test_the_same_jti_of_another_client_is_another(web: TestClient, services: Services, ehr: Any) -> None:
    keys = {"keys": [ehr.key.as_dict(private=False)]}
    other = clients.add(services, "Other", "org-2", jwks=keys, scopes=["system/Patient.rs"], purpose="TREAT")
    for client in (ehr.client, other):
        ehr.client = client
        assert web.post(URL, data=ehr.form(client_assertion=ehr.assertion(jti="same"))).status_code == 200


@pytest.mark.spec("S-090")
@pytest.mark.parametrize(
    "changes",
    [
        {"client_assertion_type": None},
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
        {"client_assertion_type": None, "client_assertion": "", "client_id": "x", "client_secret": "y"},
        {"client_assertion": "not.a.jwt"},
        {"client_id": "somebody-else"},
    ],
)
def test_anything_but_a_client_assertion_is_refused(web: TestClient, ehr: Any, changes: dict[str, Any]) -> None:
    form = {name: value for name, value in (ehr.form() | changes).items() if value is not None}
    assert error_of(web.post(URL, data=form)) == "invalid_client"


@pytest.mark.spec("S-090")
def test_a_password_in_the_authorization_header_is_refused_with_its_scheme(web: TestClient) -> None:
    answer = web.post(URL, data={"grant_type": "client_credentials"}, auth=("client", "secret"))
    assert answer.status_code == 401
    assert error_of(answer) == "invalid_client"
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.spec("S-091")
@pytest.mark.parametrize(
    "scope",
    ["", None, "user/Patient.rs", "system/Nonsense.rs", "system/Patient.look", "system/Patient.cruds", "openid"],
)
def test_a_scope_beyond_the_registration_is_refused(
    web: TestClient, services: Services, ehr: Any, scope: str | None
) -> None:
    assert error_of(web.post(URL, data=ehr.form(scope=scope))) == "invalid_scope"
    assert records(services)[-1] == ("8", ehr.client.id, {"reason": "scope"})


@pytest.mark.spec("S-092")
def test_an_unknown_client_hears_what_a_bad_signature_hears(web: TestClient, services: Services, ehr: Any) -> None:
    unknown = web.post(URL, data=ehr.form(client_assertion=ehr.assertion(iss="nobody", sub="nobody")))
    ehr.key = ECKey.generate_key("P-384", {"kid": "one"})
    unsigned = web.post(URL, data=ehr.form())
    assert error_of(unknown) == "invalid_client"
    assert unknown.json() == unsigned.json()
    assert [record[2]["reason"] for record in records(services)] == ["unknown-client", "signature"]


@pytest.mark.spec("S-094")
def test_a_good_assertion_type_does_not_save_a_bad_assertion(web: TestClient, ehr: Any) -> None:
    """What the published suite leaves out: the assertion itself is spoiled, and its type is right."""
    head, claims, signature = ehr.assertion().split(".")
    for spoiled in (f"{head}.{claims}.", f"{head}.{claims[:-2]}AA.{signature}", f"{head}.{claims}.{signature[::-1]}"):
        assert error_of(web.post(URL, data=ehr.form(client_assertion=spoiled))) == "invalid_client"


@pytest.mark.spec("S-071", "S-072")
@pytest.mark.parametrize("grant", ["password", "implicit", "authorization_code", "refresh_token", "urn:x"])
def test_no_other_grant_is_known(web: TestClient, ehr: Any, grant: str) -> None:
    assert error_of(web.post(URL, data=ehr.form(grant_type=grant))) == "unsupported_grant_type"


@pytest.mark.spec("S-072")
def test_a_form_is_needed_and_each_parameter_once(web: TestClient, ehr: Any) -> None:
    form = ehr.form()
    twice = "scope=system/Patient.rs&grant_type=client_credentials&grant_type=client_credentials"
    urlencoded = {"content-type": "application/x-www-form-urlencoded"}
    assert error_of(web.post(URL, json=form)) == "invalid_request"
    assert error_of(web.post(URL, data=form, headers={"content-type": "text/plain"})) == "invalid_request"
    assert error_of(web.post(URL, content=twice, headers=urlencoded)) == "invalid_request"
    assert error_of(web.post(URL, content=b"grant_type=%ff", headers=urlencoded)) == "invalid_request"
    assert error_of(web.post(URL, content="a" * 70_000, headers=urlencoded)) == "invalid_request"
    assert error_of(web.post(URL, data=ehr.form(grant_type=None))) == "invalid_request"
    assert web.get(URL).status_code == 405


def test_what_was_issued_is_recorded_without_the_token(web: TestClient, services: Services, ehr: Any) -> None:
    token = web.post(URL, data=ehr.form()).json()["access_token"]
    assert records(services) == [("0", ehr.client.id, {"scopes": ["system/Patient.rs"]})]
    for path in services.database.engine.connect().exec_driver_sql("select hash, id from token").all():
        assert token not in path


def test_a_disabled_client_is_out_at_once(web: TestClient, services: Services, ehr: Any) -> None:
    bearer = {"authorization": "Bearer " + web.post(URL, data=ehr.form()).json()["access_token"]}
    assert web.get("/fhir/whoami", headers=bearer).status_code == 200
    clients.disable(services, ehr.client.id)
    assert web.get("/fhir/whoami", headers=bearer).status_code == 401
    assert error_of(web.post(URL, data=ehr.form())) == "invalid_client"


@pytest.mark.spec("S-105")
def test_without_a_living_token_the_answer_names_the_scheme(web: TestClient, ehr: Any, clock: Any) -> None:
    token = web.post(URL, data=ehr.form()).json()["access_token"]
    assert web.get("/fhir/whoami", headers={"authorization": f"bearer {token}"}).json()["purpose"] == "TREAT"
    clock.pass_(seconds=300)
    for headers in ({}, {"authorization": f"Bearer {token}"}, {"authorization": f"Basic {token}"}):
        answer = web.get("/fhir/whoami", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.spec("S-105")
def test_a_missing_scope_is_forbidden(web: TestClient, ehr: Any) -> None:
    for scope, status in (("system/Patient.rs", 403), ("lineage", 200)):
        token = web.post(URL, data=ehr.form(scope)).json()["access_token"]
        assert web.get("/lineage", headers={"authorization": f"Bearer {token}"}).status_code == status


@pytest.mark.spec("S-106")
def test_a_token_in_the_address_or_the_body_is_not_looked_at(web: TestClient, ehr: Any) -> None:
    token = web.post(URL, data=ehr.form()).json()["access_token"]
    assert web.get("/fhir/whoami", params={"access_token": token}).status_code == 401
    assert web.request("GET", "/fhir/whoami", data={"access_token": token}).status_code == 401
