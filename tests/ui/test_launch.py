"""The page starts with its own settings, whatever folder and environment it is started from."""

import http.client
import os
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

import ui.components
from ui import launch
from ui.components import ROUTE, script
from ui.server import component_script

COMPONENTS = Path(ui.components.__file__).parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_it_answers_from_any_folder_with_its_own_settings(tmp_path: Path):
    foreign = tmp_path / ".streamlit" / "config.toml"
    foreign.parent.mkdir()
    foreign.write_text('[theme]\nprimaryColor = "#ff0000"\n[browser]\ngatherUsageStats = true\n[server]\nport = 1\n')
    port = free_port()
    environment = launch.environment(base=os.environ | {"STREAMLIT_SERVER_PORT": "2", "HOME": str(tmp_path)})
    process = subprocess.Popen(
        launch.command(port), cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        answer = first_answer(f"http://127.0.0.1:{port}{launch.HEALTH}")
        assert answer.status_code == 200
        asked = httpx.get(f"http://127.0.0.1:{port}{ROUTE}/facets.js", trust_env=False)
        assert asked.headers["content-type"].startswith("text/javascript")
        assert asked.text == script("facets").text
        assert handshake(port, "localhost") == 101
        assert handshake(port, "127.0.0.1") == 101
        assert handshake(port, "rebound.example") == 403
    finally:
        process.terminate()
        said = process.communicate(timeout=30)[0]
    assert f"http://127.0.0.1:{port}" in said
    assert "usage stat" not in said.lower()


@pytest.mark.parametrize("name", sorted(path.stem for path in COMPONENTS.glob("*.js")))
def test_a_browser_keeps_the_script_of_a_component_and_gets_no_part_of_one(name: str):
    found = script(name)
    if found is None:
        assert answer(name).status_code == 404
        return
    kept, other = answer(name, v=found.version), answer(name, v="0")
    assert kept.body == other.body == found.text.encode()
    assert "immutable" in kept.headers["cache-control"]
    assert other.headers["cache-control"] == "no-cache"


def answer(name: str, **query: str) -> Response:
    """What the page's server answers when it is asked for a script."""
    scope = {"type": "http", "path_params": {"name": name}, "query_string": urlencode(query).encode(), "headers": []}
    return component_script(Request(scope))


def handshake(port: int, host: str) -> int:
    """Status of a WebSocket handshake that names this host."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    key = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    headers = {"Host": f"{host}:{port}", "Connection": "Upgrade", "Upgrade": "websocket", **key}
    try:
        connection.request("GET", "/_stcore/stream", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def first_answer(url: str, patience: float = 60) -> httpx.Response:
    until = time.monotonic() + patience
    while True:
        try:
            return httpx.get(url, trust_env=False)
        except httpx.TransportError:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_the_environment_names_the_api_and_drops_foreign_settings():
    base = {"PATH": "/bin", "STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}
    assert launch.environment("http://127.0.0.1:9", base) == {"PATH": "/bin", launch.API_URL: "http://127.0.0.1:9"}
