"""The page starts with its own settings, whatever folder and environment it is started from."""

import http.client
import os
import socket
import subprocess
import time
from pathlib import Path

import httpx

from ui import launch


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
        assert handshake(port, "localhost") == 101
        assert handshake(port, "127.0.0.1") == 101
        assert handshake(port, "rebound.example") == 403
    finally:
        process.terminate()
        said = process.communicate(timeout=30)[0]
    assert f"http://127.0.0.1:{port}" in said
    assert "usage stat" not in said.lower()


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
