"""What the guide shows works as it is written: its searches, its requests, its Python."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import sample
from api import app
from indexer.flow import run as index
from indexer.sources.folder import folders

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
BASE = "http://127.0.0.1:8600"


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Page and text of each fenced block of a language."""
    for page in PAGES:
        for text in re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
            yield page.name, text


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command of a shell block; one may go over several lines."""
    pending = ""
    for line in text.replace("\\\n", " ").splitlines():
        pending += line + "\n"
        try:
            words = shlex.split(pending, comments=True)
        except ValueError:  # a quotation goes on in the next line
            continue
        pending = ""
        if words:
            yield words


def shown(command: str) -> list[tuple[str, list[str]]]:
    """Page and arguments of each call of ``command``, by whatever path."""
    every = [(page, words) for page, text in blocks("sh") for words in commands(text)]
    return [(page, words[1:]) for page, words in every if words[0].rpartition("/")[2] == command]


SEARCHES = [(page, words) for page, words in shown("dicomlake") if words[0] == "search"]
REQUESTS = shown("curl")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of the sample archive."""
    folder = tmp_path_factory.mktemp("guide")
    sample.write(folder / "archive", patients=2, seed=3)
    index(folder / "lake", folders([str(folder / "archive")]))
    return folder / "lake"


@pytest.fixture
def client(lake: Path) -> Iterator[TestClient]:
    with TestClient(app.create(lake), base_url=BASE, client=("127.0.0.1", 50_000)) as client:
        yield client


def test_the_guide_shows_something() -> None:
    assert len(SEARCHES) >= 3
    assert len(REQUESTS) >= 3


@pytest.mark.parametrize(("page", "words"), SEARCHES, ids=[" ".join(words) for _, words in SEARCHES])
def test_search_of_the_guide_is_answered(page: str, words: list[str], lake: Path) -> None:
    environment = {"DICOMLAKE_DATA": str(lake), "COLUMNS": "200"}
    if "--data" in words:
        at = words.index("--data")
        words = words[:at] + words[at + 2 :]
    result = subprocess.run(
        [sys.executable, "-m", "dicomlake", *words], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"{page}: {result.stderr}"


@pytest.mark.parametrize(("page", "words"), REQUESTS, ids=[f"{page} {n}" for n, (page, _) in enumerate(REQUESTS)])
def test_request_of_the_guide_is_answered(page: str, words: list[str], client: TestClient) -> None:
    url = next(word for word in words if "/api/" in word)
    path = url[url.index("/api/") :]
    options = dict(pairwise(words))
    if "-H" in words:
        assert options["-H"] == "Content-Type: application/json"
        answer = client.post(path, json=json.loads(options["-d"]))
    else:
        values = [value for flag, value in pairwise(words) if flag in {"-d", "--data-urlencode"}]
        answer = client.get(path, params=[tuple(value.split("=", 1)) for value in values])  # type: ignore[misc]
    assert answer.status_code == 200, f"{page}: {answer.text}"


@pytest.mark.parametrize(("page", "source"), list(blocks("python")))
def test_python_of_the_guide_runs(
    page: str, source: str, client: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("httpx.Client", lambda **options: client)
    exec(compile(source, page, "exec"), {})
    total = client.post("/api/v1/search", json={"q": "Modality:MR"}).json()["totals"]["series"]
    assert len(capsys.readouterr().out.splitlines()) == total


@pytest.mark.parametrize(("page", "text"), list(blocks("json")))
def test_json_of_the_guide_is_json(page: str, text: str) -> None:
    assert json.loads(text), page
