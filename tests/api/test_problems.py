import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.service import Service, problem

SECRET = "Doe^Jane"


class Unforeseen(RuntimeError):
    """An exception nobody planned for."""


@pytest.fixture
def broken(lake: Path) -> Iterator[httpx.Client]:
    """A service with an address that fails in a way nobody planned for, quoting a patient's name."""

    def fail() -> None:
        raise Unforeseen(SECRET)

    service = Service(lake)
    service.app.add_api_route("/fail", fail)
    with service, service.client() as client:
        yield client


def test_unexpected_exceptions_show_nothing_of_the_inside(
    broken: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        response = broken.get("/fail")
    content = problem(response, 500, "internal")
    assert SECRET not in response.text
    assert "Unforeseen" not in response.text
    assert SECRET not in caplog.text
    assert f"{content['instance']}: Unforeseen" in caplog.text
    assert "test_problems.py" in caplog.text
    assert broken.get("/healthz").status_code == 200


def test_a_sentence_comes_with_what_fills_it(client: httpx.Client) -> None:
    content = problem(client.get("/api/v1/search", params={"q": "Modalty:CT"}), 422, "unknown-field")
    message = content["message"]
    assert message["values"]["what"] == {"template": "no field is named {path}", "values": {"path": "Modalty"}}
    filled = message["values"] | {"what": "no field is named Modalty"}
    assert content["detail"] == message["template"].format(**filled)
    plain = problem(client.get("/nowhere"), 404, "unknown-route")
    assert "message" not in plain


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/api/v1", "/api/v1/", "/api/v2/search", "/api/v1/search/", "/healthz/"]
)
def test_unknown_addresses_are_problems(client: httpx.Client, path: str) -> None:
    problem(client.get(path), 404, "unknown-route")
    problem(client.post(path), 404, "unknown-route")


def test_other_methods_are_problems_that_name_the_right_ones(client: httpx.Client) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "BREW"):
        response = client.request(method, "/api/v1/search")
        content = problem(response, 405, "method-not-allowed")
        assert method in content["detail"]
    response = client.post("/api/v1/fields")
    problem(response, 405, "method-not-allowed")
    assert response.headers["Allow"] == "GET"


def test_several_faults_are_told_at_once(client: httpx.Client) -> None:
    response = client.post("/api/v1/search", json={"limit": -1, "level": "x", "wrong": 1})
    content = problem(response, 422, "invalid-request")
    assert {e["field"] for e in content["errors"]} == {"limit", "level", "wrong"}


def test_problems_do_not_repeat_the_values_sent(client: httpx.Client) -> None:
    response = client.post("/api/v1/search", json={"filters": {"PatientName": [[SECRET]]}, "limit": SECRET})
    problem(response, 422, "invalid-request")
    assert SECRET not in response.text
