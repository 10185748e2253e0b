"""Pictures in Debian's Chromium, on a page of the same host and another port."""

import functools
import html
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from tests.ui.served import Served


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address of a server of it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield tmp_path, f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_of_another_port_shows_signed_pictures(lake: Served, browser: Browser, other: tuple[Path, str]) -> None:
    folder, address = other
    hits = lake.search(filters={"Modality": ["CT", "MR"]}, limit=5)["hits"]
    wanted = {"thumbnails": [hit["SeriesInstanceUID"] for hit in hits]}
    links = httpx.post(f"{lake.api}/api/v1/images/links", json=wanted, timeout=60).json()["thumbnails"]
    found = [link["url"] for link in links.values() if "url" in link]
    assert found
    images = "".join(f'<img src="{html.escape(lake.api + url)}">' for url in found)
    (folder / "index.html").write_text(images, encoding="utf-8")
    page = browser.new_page()
    page.goto(f"http://{address}/")
    page.wait_for_function("[...document.images].every(image => image.complete)", timeout=40_000)
    assert all(width > 0 for width in page.evaluate("[...document.images].map(image => image.naturalWidth)"))
    page.close()
