"""Where requests of the gateway may go."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from gateway.peers.addresses import NotAllowed, addresses_of, is_public, target_of

PORTS = frozenset({443, 8443})


def target(url: str, allow_loopback: bool = False) -> str:
    return target_of(url, ports=PORTS, allow_loopback=allow_loopback).origin


@pytest.mark.spec("X-060")
def test_https_to_a_name_is_allowed() -> None:
    assert target("https://keys.clinic.example/jwks.json?v=1") == "https://keys.clinic.example"
    assert target("https://KEYS.clinic.example:8443/") == "https://keys.clinic.example:8443"
    assert target("https://xn--mnchen-3ya.example/") == "https://xn--mnchen-3ya.example"


@pytest.mark.spec("X-060", "X-061")
@pytest.mark.parametrize(
    "url",
    [
        "http://clinic.example/",
        "ftp://clinic.example/",
        "file:///etc/passwd",
        "//clinic.example/",
        "https://user@clinic.example/",
        "https://user:word@clinic.example/",
        "https://@clinic.example/",
        "https://clinic.example:22/",
        "https://clinic.example:99999/",
        "https://clinic.example/#fragment",
        "https://clinic.example./",
        "https://clinic..example/",
        "https://clinic/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://8.8.8.8/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://clinic.0x7f/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://clinic.example\\@evil.example/",
        "https://clinic.example/ x",
        "https://clinic.example/\r\nHost: evil",
        "https://münchen.example/",
        "https://-clinic.example/",
        "https:///jwks.json",
        "",
    ],
)
def test_anything_else_is_not(url: str) -> None:
    with pytest.raises(NotAllowed):
        target(url)


@pytest.mark.spec("X-060")
def test_development_may_ask_this_machine_and_only_this_machine() -> None:
    assert target("http://127.0.0.1:9000/jwks", allow_loopback=True) == "http://127.0.0.1:9000"
    assert target("http://localhost/jwks", allow_loopback=True) == "http://localhost"
    for url in ("http://clinic.example/", "https://10.0.0.1/", "http://169.254.169.254/"):
        with pytest.raises(NotAllowed):
            target(url, allow_loopback=True)


@pytest.mark.spec("X-061")
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "::10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2002:a00:1::1",
        "2001:0:a00:1::1",
    ],
)
def test_addresses_inside_are_never_connected_to(address: str) -> None:
    assert not is_public(ip_address(address))
    checked = target_of("https://clinic.example/", ports=PORTS, allow_loopback=False)
    with pytest.raises(NotAllowed):
        addresses_of(checked, lambda host, port: ["93.184.216.34", address])


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_are(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.spec("X-061")
def test_a_name_that_leads_nowhere_is_refused() -> None:
    def fails(host: str, port: int) -> list[str]:
        raise OSError

    checked = target_of("https://clinic.example/", ports=PORTS, allow_loopback=False)
    with pytest.raises(NotAllowed):
        addresses_of(checked, fails)
    with pytest.raises(NotAllowed):
        addresses_of(checked, lambda host, port: [])


@pytest.mark.spec("X-061")
def test_loopback_must_lead_to_loopback() -> None:
    checked = target_of("http://localhost/", ports=PORTS, allow_loopback=True)
    assert addresses_of(checked, lambda host, port: ["127.0.0.1", "::1"]) == ["127.0.0.1", "::1"]
    with pytest.raises(NotAllowed):
        addresses_of(checked, lambda host, port: ["10.0.0.1"])
