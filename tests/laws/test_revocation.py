"""Law 9: revocation works on the next request in every process; nothing that is remembered may outlive it.

Two server processes on one database, each asked over HTTP, each with every path warm before the revocation.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from gateway.identity.bearer import hash_of
from gateway.rules.audit import Act
from gateway.store import tokens
from gateway.usecases import clients, signin
from gateway.usecases.asked import Origin
from tests.house import PASSWORD, Cast, House
from tests.server import serving

WARM = 3  # how often each path is asked before


@pytest.fixture(scope="module")
def both(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, House]]:
    with serving(cast, tmp_path_factory.mktemp("two") / "home", processes=2) as ((_, one), (_, other)):
        yield one, other


def statuses(houses: tuple[House, House], path: str, token: str, **headers: str) -> list[int]:
    return [house.get(path, token, **headers).status_code for house in houses]


@pytest.mark.spec("X-010")
def test_a_revoked_consent_lets_nothing_out_of_any_process(both: tuple[House, House]) -> None:
    one, other = both
    made = one.approve(one.draft("consent"))
    one.approve(one.draft("consent-2"))
    consent = one.grant()
    document = f"/fhir/DocumentReference/{made['DocumentReference']}"
    paths = (document, f"{document}/_history/1", f"{document}/_history", f"/fhir/Composition/{made['Composition']}")
    page = "/fhir/Provenance?_count=1"
    links = {}
    for house in both:
        for path in paths * WARM:
            assert house.get(path, one.ehr).status_code == 200
        bundle = house.get(page, one.ehr).json()
        links[house.http.base_url] = {link["relation"]: link["url"] for link in bundle["link"]}["next"]
        assert house.get(document, one.ehr, If_None_Match='W/"1"').status_code == 304
        assert house.found("/fhir/DocumentReference?type=34904-3", one.ehr)
    one.revoke(consent)
    for house in (other, one):
        assert [house.get(path, one.ehr).status_code for path in paths] == [404] * len(paths)
        assert house.get(document, one.ehr, If_None_Match='W/"1"').status_code == 404
        assert house.ask("HEAD", document, one.ehr).status_code == 404
        assert house.found("/fhir/DocumentReference?type=34904-3", one.ehr) == []
        assert house.found(httpx.URL(links[house.http.base_url]).raw_path.decode(), one.ehr) == []
        assert made["Composition"] not in house.get("/fhir/_history?_count=500", one.ehr).text


def test_a_consent_that_is_granted_again_opens_at_once(both: tuple[House, House]) -> None:
    one, other = both
    document = f"/fhir/DocumentReference/{one.approve(one.draft('again'))['DocumentReference']}"
    assert statuses(both, document, one.ehr) == [404, 404]
    consent = other.grant()
    assert statuses(both, document, one.ehr) == [200, 200]
    one.revoke(consent)
    assert statuses(both, document, one.ehr) == [404, 404]


def test_a_revoked_token_ends_in_every_process(both: tuple[House, House]) -> None:
    one, _ = both
    services = one.world.services
    token = one.cast.own_ehr.token(one.http)
    assert statuses(both, "/fhir/Patient", token) * WARM == [200, 200] * WARM
    with services.database.write() as writer:
        assert tokens.revoke(writer, one.world.scribe.entry(Act.TOKEN, None), hash_of(token), services.clock())
    assert statuses(both, "/fhir/Patient", token) == [401, 401]


def test_a_person_who_signs_out_is_out_of_every_process(both: tuple[House, House]) -> None:
    one, other = both
    token = signin.sign_in(one.world.services, "grace", PASSWORD, Origin()).token
    for house in both:
        assert house.get("/reviews", token).status_code == 200
        assert house.http.get("/pages/reviews", headers={"Cookie": f"gateway={token}"}).status_code == 200
    signin.sign_out(one.world.services, token, Origin())
    assert statuses(both, "/reviews", token) == [401, 401]
    for house in both:
        page = house.http.get("/pages/reviews", headers={"Cookie": f"gateway={token}"}, follow_redirects=False)
        assert page.status_code == 303
        assert page.headers["location"].startswith("/pages/sign-in")
    assert other.get("/reviews", one.clinician).status_code == 200, "her other sign-in goes on"


def test_a_person_who_is_disabled_is_out_of_every_process(both: tuple[House, House]) -> None:
    one, _ = both
    assert statuses(both, "/fhir/AuditEvent?_count=1", one.auditor) == [200, 200]
    assert signin.disable_person(one.world.services, "ann")
    assert statuses(both, "/fhir/AuditEvent?_count=1", one.auditor) == [401, 401]


def test_a_disabled_client_is_out_of_every_process(both: tuple[House, House]) -> None:
    one, other = both
    held = [one.cast.own_ehr.token(house.http) for house in both]
    assert [statuses(both, "/fhir/Patient", token) for token in held] == [[200, 200]] * 2
    clients.disable(one.world.services, one.cast.own_ehr.id)
    assert [statuses(both, "/fhir/Patient", token) for token in held] == [[401, 401]] * 2
    with pytest.raises(AssertionError, match="invalid_client"):
        one.cast.own_ehr.token(other.http)


def test_a_token_ends_with_its_time_in_every_process(both: tuple[House, House]) -> None:
    one, _ = both
    services = one.world.services
    token = signin.sign_in(services, "grace", PASSWORD, Origin()).token
    assert statuses(both, "/reviews", token) == [200, 200]
    now = services.clock()
    with services.database.write() as writer:
        entry = one.world.scribe.entry(Act.TOKEN, None)
        assert tokens.extend(writer, entry, hash_of(token), now + timedelta(milliseconds=1), now)
    assert statuses(both, "/reviews", token) == [401, 401]
