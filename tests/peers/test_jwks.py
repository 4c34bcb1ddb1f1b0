"""Key sets by URL: how long they are kept, and when they are asked for again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from gateway.peers.http import Http, PeerRefused
from gateway.peers.jwks import LONGEST_AGE, REFETCH_AFTER, SILENT_AGE, KeySource

URL = "https://keys.clinic.example/jwks.json"


class Publisher:
    """A client's key server, and the clock of whoever asks it."""

    def __init__(self, **headers: str) -> None:
        self.now = 1000.0
        self.calls = 0
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.body: Any = {"keys": [{"kid": "a"}]}
        self.status = 200
        http = Http(origins=None, resolve=lambda host, port: ["93.184.216.34"], transport=httpx.MockTransport(self))
        self.source = KeySource(http, monotonic=lambda: self.now)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        return httpx.Response(self.status, json=self.body, headers=self.headers)

    def asked_again_after(self, seconds: float, kid: str = "a") -> bool:
        before = self.calls
        self.now += seconds
        self.source.key_set(URL, kid)
        return self.calls > before


@pytest.mark.spec("S-088")
@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({"cache_control": "max-age=100"}, 100),
        ({"cache_control": 'public, Max-Age="100"'}, 100),
        ({"cache_control": "max-age=100", "age": "40"}, 60),
        ({"cache_control": "max-age=100000"}, LONGEST_AGE),
        ({"expires": "Sun, 01 Mar 2026 12:01:40 GMT", "date": "Sun, 01 Mar 2026 12:00:00 GMT"}, 100),
        ({}, SILENT_AGE),
    ],
)
def test_a_key_set_is_kept_as_long_as_its_headers_say(headers: dict[str, str], kept: float) -> None:
    publisher = Publisher(**headers)
    assert publisher.asked_again_after(0)
    assert not publisher.asked_again_after(kept - 1)
    assert publisher.asked_again_after(1)


@pytest.mark.spec("S-088")
@pytest.mark.parametrize(
    "headers",
    [
        {"cache_control": "no-store"},
        {"cache_control": "no-cache, max-age=100"},
        {"cache_control": "max-age=0"},
        {"cache_control": "max-age=soon"},
        {"cache_control": "max-age=10", "age": "11"},
        {"expires": "0"},
        {"expires": "Sun, 01 Mar 2026 12:00:00 GMT"},
    ],
)
def test_what_may_not_be_kept_is_asked_for_each_time(headers: dict[str, str]) -> None:
    publisher = Publisher(**headers)
    assert publisher.asked_again_after(0)
    assert publisher.asked_again_after(0)


@pytest.mark.spec("S-088")
def test_an_unknown_kid_causes_at_most_one_fetch_in_a_while() -> None:
    publisher = Publisher(cache_control="max-age=3600")
    publisher.asked_again_after(0)
    assert not publisher.asked_again_after(REFETCH_AFTER - 1, kid="b")
    publisher.body = {"keys": [{"kid": "b"}]}
    assert publisher.asked_again_after(1, kid="b")
    assert publisher.source.key_set(URL, "b") == publisher.body
    assert not any(publisher.asked_again_after(0, kid="c") for _ in range(10))


@pytest.mark.spec("S-088")
def test_a_stale_set_is_not_used_when_the_new_one_cannot_be_had() -> None:
    publisher = Publisher(cache_control="max-age=10")
    publisher.asked_again_after(0)
    publisher.status = 500
    publisher.now += 10
    with pytest.raises(PeerRefused):
        publisher.source.key_set(URL, "a")


@pytest.mark.parametrize("body", ["null", '{"keys":[],"keys":[]}', "\ufeff{}"])
def test_what_is_no_key_set_verifies_nothing_and_breaks_nothing(body: str) -> None:
    http = Http(
        origins=None,
        resolve=lambda host, port: ["93.184.216.34"],
        transport=httpx.MockTransport(
            lambda request: httpx.Response(200, content=body.encode(), headers={"content-type": "application/json"})
        ),
    )
    try:
        assert KeySource(http).key_set(URL, "a") is None
    except PeerRefused as refusal:
        assert "keys" not in str(refusal)


def test_many_who_need_the_same_set_cause_one_fetch() -> None:
    publisher = Publisher()
    with ThreadPoolExecutor(8) as pool:
        sets = list(pool.map(lambda _: publisher.source.key_set(URL, "a"), range(32)))
    assert publisher.calls == 1
    assert sets == [publisher.body] * 32


def test_a_url_can_be_judged_without_asking_it() -> None:
    publisher = Publisher()
    publisher.source.check(URL)
    with pytest.raises(PeerRefused):
        publisher.source.check("https://10.0.0.1/")
    assert publisher.calls == 0
