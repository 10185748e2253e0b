"""Builders: a lake from a folder, and the service over it, listening on a port of this machine."""

import re
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pydicom.data

from api.app import create
from api.search.answers import SearchAnswer
from api.server import listen, server
from indexer.flow import run
from indexer.sources.folder import folders

PROBLEM = "application/problem+json"


KINDS = {"application/json", "application/dicom+json", "application/x-ndjson", "text/csv", "text/plain"}
"""Types of answers."""

PICTURES = {"image/png", "image/jpeg"}

REAL_FILES = Path(pydicom.data.__file__).parent / "test_files"
"""Files of many makers inside the pydicom package, broken ones and what is no DICOM included."""


def index(lake: Path, folder: Path) -> None:
    """Bring a lake, made when missing, up to date with a folder."""
    run(lake, folders([str(folder)]))


class Service:
    """The service over ``data``, served by a thread until the block ends."""

    def __init__(self, data: Path, **settings: Any) -> None:
        self.app = create(data, **settings)
        self._listener = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._server = server(self.app)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]})

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def client(self) -> httpx.Client:
        """A client that checks each answer against the description."""
        return httpx.Client(
            base_url=self.url, timeout=60, trust_env=False, event_hooks={"response": [self._check_announced]}
        )

    def _check_announced(self, response: httpx.Response) -> None:
        """Status and type of an answer are in the OpenAPI description; every answer has the security headers."""
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if kind in PICTURES:
            assert re.fullmatch("private, max-age=[0-9]+, immutable", response.headers["Cache-Control"])
            assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        else:
            tagged = "ETag" in response.headers
            assert response.headers["Cache-Control"] == ("private, no-cache" if tagged else "no-store")
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        if response.status_code in (204, 304):
            return
        assert kind in KINDS | PICTURES if response.is_success else kind == PROBLEM
        template = template_of(self.app.openapi(), response.request.url.path)
        operation = self.app.openapi()["paths"].get(template, {}).get(response.request.method.lower())
        unknown = response.status_code == 404 and b'"unknown-route"' in response.read()
        if operation is not None and not unknown:
            assert kind in operation["responses"][str(response.status_code)]["content"]


def template_of(description: dict[str, Any], path: str) -> str:
    """The path template of the description that a request's path belongs to, or the path itself."""
    if path in description["paths"]:
        return path
    templates = sorted((one for one in description["paths"] if "{" in one), key=len, reverse=True)
    fitting = (one for one in templates if re.fullmatch(re.sub(r"\{\w+\}", ".+", one), path, re.DOTALL))
    return next(fitting, path)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem in a response, which must be well-formed and of this status and code."""
    content: dict[str, Any] = response.json()
    assert (response.status_code, content["code"]) == (status, code), content
    assert response.headers["Content-Type"] == PROBLEM
    assert content["type"] == f"urn:dicomlake:problem:{code}"
    assert content["status"] == status
    assert content["title"]
    assert content["detail"]
    assert "\n" not in content["detail"]
    assert "Traceback" not in response.text
    return content


IDENTITY = {
    "instance": "SOPInstanceUID",
    "series": "SeriesInstanceUID",
    "study": "StudyInstanceUID",
    "patient": "patientKey",
}


def ask(client: httpx.Client, **request: Any) -> dict[str, Any]:
    """The answer to a search, which must be one."""
    response = client.post("/api/v1/search", json=request)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    SearchAnswer.model_validate(answer)
    return answer


def timeless(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without what differs from one time to the next."""
    return {name: value for name, value in answer.items() if name not in ("took_ms", "cursor")}
