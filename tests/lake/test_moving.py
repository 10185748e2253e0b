"""Indices copied from one engine to the other, and built anew on a server, also when killed on the way."""

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from dicomlake.lake import Mark
from indexer.journal import NAME as JOURNAL
from tests.api.service import Service, ask
from tests.cli.run import environment_of
from tests.indexer.builders import hospital
from tests.lake.places import Place, embedded, on_server
from tools.opensearch import Server

REPOSITORY = Path(__file__).parents[2]
COPY = ("engine", "copy", "--from", "embedded", "--to", "opensearch", "--quiet")
BACK = ("engine", "copy", "--from", "opensearch", "--to", "embedded", "--quiet")
ACME = "manufacturers: {Acme Imaging: {names: [SIEMENS]}}"


def indexed(place: Place, tmp_path: Path) -> Place:
    """The lake of a hospital of six series."""
    source = tmp_path / "archive"
    if not source.exists():
        hospital(source)
    assert place.command("index", source, "--quiet").code == 3
    return place


def killed(place: Place, *step: str, **settings: str) -> int:
    """A copy or a migration that kills itself; how it ended."""
    words = [sys.executable, "-m", "tests.lake.killed_move", str(place.data), *step]
    done = subprocess.run(
        words,
        cwd=REPOSITORY,
        env=environment_of(**place.settings, **settings),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode


def aliases(server: Server, place: Place) -> dict[str, str]:
    """Index by alias."""
    rows = httpx.get(f"{server.url}/_cat/aliases/{place.choice.prefix}*", params={"format": "json"}).json()
    return {row["alias"].removeprefix(place.choice.prefix): row["index"][-1] for row in rows}


def indices(server: Server, place: Place) -> set[str]:
    """Versions that are on the server."""
    rows = httpx.get(f"{server.url}/_cat/indices/{place.choice.prefix}*", params={"format": "json"}).json()
    return {row["index"][-1] for row in rows}


def test_there_and_back_again(opensearch: Server, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with on_server(opensearch, lake) as served:
        inside = indexed(embedded(lake), tmp_path)
        before = inside.documents()
        done = served.command(*COPY, "--json")
        assert done.code == 0, done.err
        said = done.lines[-1]
        assert (said["needed"], said["instances"], said["series"], said["old"]) == (True, 48, 6, "old-1")
        assert len(said["ids"]) == 32
        assert served.documents() == before
        assert embedded(lake / "old-1").documents() == before
        assert inside.command("stats").failed_with(1, "is on an OpenSearch server")
        again = served.command("index", tmp_path / "archive", "--json", "--quiet").lines[-1]
        assert (again["unchanged"], again["indexed"]) == (48, 0)
        assert served.command(*COPY, "--json").lines[-1]["needed"] is False
        back = served.command(*BACK, "--json")
        assert back.code == 0, back.err
        assert back.lines[-1]["ids"] == said["ids"]
        assert inside.documents() == before
        assert served.at(lake / "old-2").documents() == before


def test_a_copy_is_taken_back(opensearch: Server, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with on_server(opensearch, lake) as served:
        inside = indexed(embedded(lake), tmp_path)
        before = inside.documents()
        assert served.command(*COPY).code == 0
        assert served.command("engine", "rollback", "--json").lines[-1]["engine"] == "embedded"
        assert inside.documents() == before
        assert indices(opensearch, served) == set()
        assert not (lake / "old-1").exists()
        assert inside.command("index", tmp_path / "archive", "--json", "--quiet").lines[-1]["unchanged"] == 48


@pytest.mark.parametrize(
    ("step", "number", "resumed"),
    [("before-commit", 1, 0), ("after-commit", 2, 8), ("after-journal", 3, 16), ("before-mark", 1, 48)],
)
def test_a_copy_that_is_killed_goes_on_where_it_was(
    opensearch: Server, tmp_path: Path, step: str, number: int, resumed: int
) -> None:
    lake = tmp_path / "lake"
    with on_server(opensearch, lake) as served:
        inside = indexed(embedded(lake), tmp_path)
        before = inside.documents()
        assert killed(served, "copy", step, str(number)) == -signal.SIGKILL
        assert inside.documents() == before
        said = served.command(*COPY, "--json").lines[-1]
        assert said["resumed"] >= resumed
        assert said["instances"] == 48
        assert served.documents() == before
        assert not (lake / JOURNAL).exists()


def test_a_copy_that_is_killed_after_it_took_over_is_tidied_up(opensearch: Server, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with on_server(opensearch, lake) as served:
        before = indexed(embedded(lake), tmp_path).documents()
        assert killed(served, "copy", "after-mark", "1") == -signal.SIGKILL
        assert served.documents() == before
        assert served.command(*COPY, "--json").lines[-1]["needed"] is False
        assert not (lake / JOURNAL).exists()
        assert embedded(lake / "old-1").documents() == before
        assert set(aliases(opensearch, served).values()) == {Mark.read(lake).index[-1]}


@pytest.fixture
def acme(tmp_path: Path) -> dict[str, str]:
    """Settings with canonical values of the site's own: a lake without them is to be migrated."""
    file = tmp_path / "canonical.yml"
    file.write_text(ACME)
    return {"DICOMLAKE_CANONICAL_FILE": str(file)}


def test_a_service_answers_all_the_time_while_its_index_is_built_anew(
    opensearch: Server, tmp_path: Path, acme: dict[str, str]
) -> None:
    with on_server(opensearch, tmp_path / "lake") as served:
        indexed(served, tmp_path)
        answers: list[dict[str, Any]] = []
        stop = threading.Event()
        failed: list[BaseException] = []

        def search(client: httpx.Client) -> None:
            try:
                while not stop.is_set():
                    answers.append(ask(client, facets=["Manufacturer.canonical"], totals="exact"))
            except BaseException as error:  # noqa: BLE001  (told by the test)
                failed.append(error)

        with Service(served.data, choice=served.choice) as service, service.client() as client:
            thread = threading.Thread(target=search, args=(client,))
            thread.start()
            done = served.command("engine", "migrate", "--json", "--quiet", **acme)
            after = ask(client, facets=["Manufacturer.canonical"])
            stop.set()
            thread.join()
        assert done.code == 0, done.err
        assert (done.lines[-1]["needed"], done.lines[-1]["instances"]) == (True, 48)
        assert failed == []
        assert {one["totals"]["instances"] for one in answers} == {48}
        assert [one["value"] for one in after["facets"]["Manufacturer.canonical"]] == ["Acme Imaging"]
        assert answers[0]["facets"] != after["facets"]
        assert indices(opensearch, served) == {"2"}
        assert aliases(opensearch, served) == {"-instances": "2", "-series": "2", "-kept": "2"}


def test_a_migration_that_kept_the_old_is_taken_back(opensearch: Server, tmp_path: Path, acme: dict[str, str]) -> None:
    with on_server(opensearch, tmp_path / "lake") as served:
        before = indexed(served, tmp_path).documents()
        assert served.command("engine", "migrate", "--keep-old", "--quiet", **acme).code == 0
        assert served.documents() != before
        assert served.at(served.data / "old-1").documents() == before
        assert served.command("engine", "rollback").code == 0
        assert served.documents() == before
        assert indices(opensearch, served) == {"1"}
        assert set(aliases(opensearch, served).values()) == {"1"}
        assert served.command("index", tmp_path / "archive", "--json", "--quiet").lines[-1]["unchanged"] == 48


@pytest.mark.parametrize(
    ("step", "number"), [("after-commit", 2), ("before-mark", 1), ("after-mark", 1), ("before-unlink", 1)]
)
def test_a_migration_that_is_killed_ends_like_an_undisturbed_one(
    opensearch: Server, tmp_path: Path, acme: dict[str, str], step: str, number: int
) -> None:
    with on_server(opensearch, tmp_path / "lake") as served, on_server(opensearch, tmp_path / "whole") as whole:
        indexed(served, tmp_path)
        indexed(whole, tmp_path)
        assert whole.command("engine", "migrate", "--quiet", **acme).code == 0
        assert killed(served, "migrate", step, str(number), **acme) == -signal.SIGKILL
        assert killed(served, "migrate", "before-mark", "99", **acme) == 0
        assert served.documents() == whole.documents()
        assert not (served.data / JOURNAL).exists()
        assert indices(opensearch, served) == {"2"}


def test_indices_of_another_mapping_are_not_read_but_built_anew(opensearch: Server, tmp_path: Path) -> None:
    with on_server(opensearch, tmp_path / "lake") as served:
        before = indexed(served, tmp_path).documents()
        state = f"{served.choice.prefix}-state-1"
        mappings = httpx.get(f"{opensearch.url}/{state}/_mapping").json()[state]["mappings"]
        older = {"_meta": mappings["_meta"] | {"mapping": "of an older version"}}
        httpx.put(f"{opensearch.url}/{state}/_mapping", json=older).raise_for_status()
        for words in (("search",), ("index", tmp_path / "archive", "--quiet")):
            assert served.command(*words).failed_with(1, "made by another version", "dicomlake engine migrate --data")
        assert served.command("engine", "migrate", "--json", "--quiet").lines[-1]["needed"] is True
        assert served.documents() == before
        assert served.command("engine", "migrate", "--json", "--quiet").lines[-1]["needed"] is False


def test_a_folder_that_was_migrated_is_taken_back(tmp_path: Path, acme: dict[str, str]) -> None:
    inside = indexed(embedded(tmp_path / "lake"), tmp_path)
    before = inside.documents()
    assert inside.command("engine", "rollback").failed_with(1, "keeps no lake as it was")
    assert inside.command("engine", "migrate", "--keep-old", "--quiet", **acme).code == 0
    assert inside.documents() != before
    assert inside.command("engine", "rollback", "--json").lines[-1]["old"] == "old-1"
    assert inside.documents() == before
    assert {entry.name for entry in inside.data.iterdir() if entry.is_dir()} == {"index-1"}
    assert inside.command("index", tmp_path / "archive", "--json", "--quiet").lines[-1]["unchanged"] == 48
