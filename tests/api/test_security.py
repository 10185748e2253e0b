import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.service import Service, problem


def refused(client: httpx.Client, reason: str, **headers: str) -> None:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    for path in ("/healthz", "/api/v1/fields", "/api/v1/search", "/nowhere"):
        assert problem(client.get(path, headers=sent), 403, "forbidden")["reason"] == reason
    assert problem(client.post("/api/v1/search", json={}, headers=sent), 403, "forbidden")["reason"] == reason


def served(client: httpx.Client, **headers: str) -> None:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    assert client.post("/api/v1/search", json={"limit": 0}, headers=sent).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8600",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.2",
        "0.0.0.0",
        "[::]",
        "user@127.0.0.1",
        "127.0.0.1:8600:8600",
        "127.0.0.1:port",
        "127.0.0.1, evil.example",
        "",
        "::1",
    ],
)
def test_other_hosts_are_refused(client: httpx.Client, host: str) -> None:
    refused(client, "host", Host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:1", "localhost", "LOCALHOST:8600", "[::1]", "[::1]:8600"])
def test_names_of_this_machine_are_served(client: httpx.Client, host: str) -> None:
    served(client, Host=host)


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://127.0.0.1:8601", "http://localhost:8601", "http://127.0.0.1:1", "file://"],
)
def test_pages_of_other_origins_are_refused(client: httpx.Client, origin: str) -> None:
    refused(client, "origin", Origin=origin)


def test_pages_of_other_sites_are_refused_without_origin_too(client: httpx.Client) -> None:
    refused(client, "origin", Sec_Fetch_Site="cross-site")
    served(client, Sec_Fetch_Site="none")
    served(client, Sec_Fetch_Site="same-origin")


def test_the_services_own_origin_is_served(service: Service, client: httpx.Client) -> None:
    served(client, Origin=service.url)
    served(client, Origin="http://localhost:99", Host="localhost:99")


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "x-forwarded-anything",
        "X-Forwarded",
        "X-Real-IP",
        "Via",
    ],
)
def test_what_a_proxy_forwards_is_refused(client: httpx.Client, header: str) -> None:
    refused(client, "proxy", **{header: "127.0.0.1"})
    refused(client, "proxy", **{header: ""})


@pytest.fixture(scope="module")
def configured(lake: Path) -> Iterator[httpx.Client]:
    with (
        Service(lake, allowed_hosts=["Archive", "lake:8600"], allowed_origins=["http://127.0.0.1:8601/"]) as service,
        service.client() as client,
    ):
        yield client


def test_configured_hosts_are_served(configured: httpx.Client) -> None:
    served(configured, Host="archive")
    served(configured, Host="ARCHIVE:1")
    served(configured, Host="lake:8600")
    served(configured, Host="localhost")
    refused(configured, "host", Host="lake:8601")
    refused(configured, "host", Host="lake")


def test_configured_origins_are_served_without_cors(configured: httpx.Client) -> None:
    served(configured, Origin="http://127.0.0.1:8601")
    served(configured, Origin="http://127.0.0.1:8601", Sec_Fetch_Site="same-site")
    refused(configured, "origin", Origin="http://127.0.0.1:8602")
    preflight = {"Origin": "http://127.0.0.1:8601", "Access-Control-Request-Method": "POST"}
    response = configured.options("/api/v1/search", headers=preflight)
    problem(response, 405, "method-not-allowed")
    assert not [name for name in response.headers if name.startswith("access-control")]


def raw(service: Service, request: bytes) -> bytes:
    """What the service answers to these bytes."""
    address = httpx.URL(service.url)
    with socket.create_connection((address.host, address.port or 80), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
    return received


def test_requests_with_no_host_or_two_are_refused(service: Service) -> None:
    assert b" 403 " in raw(service, b"GET /healthz HTTP/1.0\r\n\r\n").splitlines()[0]
    two = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert raw(service, two).splitlines()[0].split()[1] in (b"400", b"403")


def test_answers_say_nothing_of_the_server_and_forbid_caching_and_framing(client: httpx.Client) -> None:
    for response in (client.get("/healthz"), client.get("/nowhere"), client.get("/healthz", headers={"Host": "evil"})):
        assert "server" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
