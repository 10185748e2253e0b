"""What the guide shows works as it is written: its searches, its requests, its Python."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import sample
from indexer.flow import run as index
from indexer.sources.folder import folders
from tests.api.service import Service

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


@pytest.fixture(scope="module")
def service(lake: Path) -> Iterator[str]:
    """The address of the service over it."""
    with Service(lake) as running:
        yield running.url


@pytest.fixture(autouse=True)
def directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the environment stands between the examples and this machine."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


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
def test_request_of_the_guide_is_answered(page: str, words: list[str], service: str) -> None:
    asked = [service + word[word.index("/api/") :] if ":8600/api/" in word else word for word in words]
    result = subprocess.run(
        ["curl", "--fail-with-body", "--noproxy", "*", *asked], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"{page}: {result.stdout} {result.stderr}"
    assert result.stdout


PROGRAMS = list(blocks("python"))


@pytest.mark.parametrize(("page", "source"), PROGRAMS, ids=[f"{page} {n}" for n, (page, _) in enumerate(PROGRAMS)])
def test_python_of_the_guide_runs(page: str, source: str, service: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(source.replace(BASE, service), page, "exec"), {})
    printed = capsys.readouterr().out
    assert printed.strip()
    if "cursor" in source:  # it pages through all of them
        answer = httpx.post(f"{service}/api/v1/search", json={"q": "Modality:MR"})
        assert len(printed.splitlines()) == answer.json()["totals"]["series"]
    if "ETag" in source:
        assert printed == "200 304\n"


@pytest.mark.parametrize("library", ["httpx", "pandas"])
def test_each_library_takes_five_lines(library: str) -> None:
    shortest = min(
        len([line for line in source.splitlines() if line.strip()])
        for _, source in PROGRAMS
        if f"import {library}" in source
    )
    assert shortest <= 5


@pytest.mark.parametrize(("page", "text"), list(blocks("json")))
def test_json_of_the_guide_is_json(page: str, text: str) -> None:
    assert json.loads(text), page
