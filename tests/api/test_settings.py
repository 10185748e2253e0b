"""Settings of the user, over the wire."""

from collections.abc import Callable
from pathlib import Path

import httpx

from tests.api.service import problem

URL = "/api/v1/settings"


def test_settings_are_written_read_and_forgotten(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    client = serve(tmp_path / "lake")
    assert client.get(URL).json() == {"settings": {}}
    for value in ([1, 2], {"a": None}, "text", 1.5, 0, False):
        answer = client.put(f"{URL}/page.columns", json=value)
        assert (answer.status_code, answer.json()) == (200, {"key": "page.columns", "value": value})
        assert client.get(f"{URL}/page.columns").json() == {"key": "page.columns", "value": value}
    client.put(f"{URL}/density", json="compact")
    whole = client.get(URL)
    assert whole.json() == {"settings": {"density": "compact", "page.columns": False}}
    assert client.get(URL, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    problem(client.put(f"{URL}/density", content=b"null"), 422, "invalid-request")
    assert client.delete(f"{URL}/density").status_code == 204
    problem(client.get(f"{URL}/density"), 404, "not-found")
    problem(client.delete(f"{URL}/density"), 404, "not-found")


def test_names_values_and_numbers_have_bounds(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    client = serve(tmp_path)
    for key in ("Page", "a_b", "a" * 65):
        problem(client.put(f"{URL}/{key}", json=1), 422, "invalid-request")
    problem(client.put(f"{URL}/a", json="x" * 65_535), 422, "invalid-request")
    problem(client.put(f"{URL}/a", json=2**64), 422, "invalid-request")
    headers = {"Content-Type": "application/json"}
    problem(client.put(f"{URL}/a", content=b'"\\ud800"', headers=headers), 422, "invalid-request")
    problem(client.put(f"{URL}/a", content=b"[" * 300 + b"]" * 300, headers=headers), 422, "invalid-request")
    problem(client.put(f"{URL}/a", content=b"{", headers=headers), 400, "malformed-json")
    letters = "abcdefghijklmnopqrstuvwxyz"
    for n in range(100):
        assert client.put(f"{URL}/{letters[n // 26]}{letters[n % 26]}", json=n).status_code == 200
    problem(client.put(f"{URL}/one.more", json=1), 409, "limit-reached")
