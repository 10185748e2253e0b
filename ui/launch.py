"""How the page is started: a Streamlit process of its own, from an installed wheel or a checkout, in any folder."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

API_URL = "DICOMLAKE_API_URL"
DEFAULT_API_URL = "http://127.0.0.1:8600"
DEFAULT_PORT = 8601
HEALTH = "/_stcore/health"
"""Path that answers 200 once the page can be opened."""

_LOCAL = ("127.0.0.1", "localhost", "::1")
"""Names this machine has for itself: under any other, also one that resolves to it, no session is opened."""
_SERVER = Path(__file__).with_name("server.py")


def command(port: int = DEFAULT_PORT, address: str = "127.0.0.1", api_url: str = DEFAULT_API_URL) -> list[str]:
    """Arguments that start the page on ``address``:``port``; its environment is :func:`environment`.

    What does not change from start to start is in ``.streamlit/config.toml`` beside the script. The script reads the
    environment; ``api_url`` stands among its arguments so that a process list tells which lake a page shows.
    """
    return [
        *(sys.executable, "-m", "streamlit", "run", str(_SERVER)),
        *(f"--server.port={port}", f"--server.address={address}", f"--browser.serverAddress={address}"),
        *(f"--server.allowedHosts={host}" for host in dict.fromkeys((address, *_LOCAL))),
        *("--", api_url),
    ]


def environment(api_url: str = DEFAULT_API_URL, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment of the page's process: ``base`` (this process's own) with the API's address, and without Streamlit
    settings of the user's, which would win over the page's."""
    kept = {name: value for name, value in (os.environ if base is None else base).items() if name[:10] != "STREAMLIT_"}
    return kept | {API_URL: api_url}
