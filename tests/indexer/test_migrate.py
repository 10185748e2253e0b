"""``engine migrate``: every document of an older lake, whatever interrupts it, while others search."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from dicomlake.catalog import Catalog, catalog
from dicomlake.errors import LakeBusyError, LakeError, StoppedError
from dicomlake.lake import FORMAT, Lake, Mark
from dicomlake.site import current, load, use
from indexer import journal
from indexer.migrate import Migration, migrate
from tests.api.service import Service, ask
from tests.indexer.builders import content, hospital, index
from tests.lakes.older import FORMATS, known, unpack

REPOSITORY = Path(__file__).parents[2]
KILLS = int(os.environ.get("DICOMLAKE_TEST_KILLS", "12"))
SEED = int(os.environ.get("DICOMLAKE_TEST_SEED", "0"))
ACME = "manufacturers: {Acme Imaging: {names: [SIEMENS]}}"

Tables = Callable[[str, str], dict[str, str]]


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[Tables]:
    """Makes tables those of this process until the test has ended; gives the settings that name their files."""
    before = current()

    def put(canonical: str = "", patients: str = "") -> dict[str, str]:
        named = {}
        for setting, text in (("canonical_file", canonical), ("patients_file", patients)):
            if text:
                path = tmp_path / setting
                path.write_text(text, encoding="utf-8")
                named[setting] = path
        use(load(**named))
        return {f"DICOMLAKE_{name.upper()}": str(path) for name, path in named.items()}

    yield put
    use(before)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the lake of format 1 knows after an undisturbed migration."""
    lake = unpack(tmp_path_factory.mktemp("undisturbed") / "lake")
    migrate(lake)
    return content(lake)


def documents(lake: dict[str, Any]) -> dict[str, Any]:
    """By SOP Instance UID."""
    return {uid: body for series in lake["kept"].values() for uid, body in series.items()}


def every_file(folder: Path) -> dict[str, bytes]:
    """The bytes of all files below a folder; what SQLite makes for readers is none of the lake."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".sqlite-wal", ".sqlite-shm")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def parts(lake: Path) -> set[str]:
    """What a data folder holds, without SQLite's files of the moment."""
    return {path.name for path in lake.iterdir() if path.name not in ("catalog.sqlite-wal", "catalog.sqlite-shm")}


WHOLE = {"format.json", "index-1", "catalog.sqlite", "secret.key"}


@pytest.mark.parametrize("format", FORMATS)
def test_a_lake_of_an_older_format_has_every_document_afterwards(tmp_path: Path, format: int) -> None:
    lake, expected = unpack(tmp_path / "lake", format), known(format)
    assert Mark.read(lake).format == format
    with pytest.raises(LakeError, match=f"format {format}, this one writes {FORMAT}"):
        Lake.open(lake)
    assert migrate(lake).from_format == format
    migrated = content(lake)
    found = documents(migrated)
    assert found.keys() == expected["documents"].keys()
    for uid, document in expected["documents"].items():
        derived = {key for key in {**document, **found[uid]} if key[0] != "(" and "." in key}
        kept = set(document) - set(document.get("lifted", ())) - derived - {"lifted"}
        assert {key: found[uid].get(key) for key in kept} == {key: document[key] for key in kept}
        assert {path.partition(".")[0] for path in derived} <= document.keys() | found[uid].get("lifted", {}).keys()
        assert found[uid].get("lifted", {}).items() >= document.get("lifted", {}).items()
    assert [[row[0], row[3], row[4], row[6]] for row in migrated["catalogue"]] == expected["files"]
    assert len(migrated["instances"]) == migrated["totals"].instances == 66
    assert {document.get("Manufacturer.canonical") for document in found.values()} >= {"GE HealthCare"}


def test_a_format_that_another_engine_has_nothing_of_needs_no_migration() -> None:
    assert Mark(format=2, engine="opensearch").is_current
    assert not Mark(format=2).is_current
    assert not Mark(format=1, engine="opensearch").is_current


def test_it_says_what_it_did_and_the_second_time_that_there_is_nothing_to_do(tmp_path: Path) -> None:
    lake = unpack(tmp_path / "lake")
    with pytest.raises(LakeError, match=f"format 1.*dicomlake engine migrate --data {lake}"):
        Lake.open(lake)
    told: list[int] = []
    done = migrate(lake, watch=lambda so_far: told.append(so_far.instances))
    assert (done.needed, done.from_format, done.to_format) == (True, 1, FORMAT)
    assert (done.instances, done.of_instances, done.resumed, done.series) == (66, 66, 0, 52)
    assert told == sorted(told)
    assert told[-1] == 66
    assert parts(lake) == WHOLE
    before = every_file(lake)
    assert migrate(lake) == Migration()
    assert every_file(lake) == before


def test_the_files_of_a_migrated_lake_are_known(tmp_path: Path) -> None:
    source = hospital(tmp_path / "h")
    index(tmp_path / "lake", source)
    to_another_registry(tmp_path / "lake")
    migrate(tmp_path / "lake")
    again = index(tmp_path / "lake", source)
    assert (again.unchanged, again.indexed, again.updated) == (48, 0, 0)


def to_another_registry(lake: Path) -> None:
    """As if the lake had been built with another registry."""
    mark = json.loads((lake / "format.json").read_text())
    (lake / "format.json").write_text(json.dumps(mark | {"registry": "of another time"}))


def test_a_lake_of_another_registry_or_other_tables_becomes_that_of_a_fresh_run(tmp_path: Path, tables: Tables) -> None:
    source, lake = hospital(tmp_path / "h"), tmp_path / "lake"
    index(lake, source)
    to_another_registry(lake)
    with pytest.raises(LakeError, match=f"another field registry; build it anew .* migrate --data {lake}"):
        Lake.open(lake)
    for number, (canonical, patients) in enumerate(
        [("", ""), (ACME, ""), (ACME, "issuer,patient_id,person\n,P0,x\n,P1,x\n"), ("", "")]
    ):
        tables(canonical, patients)
        assert migrate(lake).needed
        index(tmp_path / f"fresh{number}", source)
        assert content(lake) == content(tmp_path / f"fresh{number}")
    assert parts(lake) == WHOLE - {"index-1"} | {"index-5"}


def test_the_old_lake_can_be_kept_and_is_whole(tmp_path: Path, tables: Tables) -> None:
    source, lake = hospital(tmp_path / "h"), tmp_path / "lake"
    index(lake, source)
    before = content(lake)
    tables(ACME, "")
    assert migrate(lake, keep_old=True).old == "old-1"
    assert parts(lake) == WHOLE - {"index-1"} | {"index-2", "old-1"}
    assert content(lake) != before
    tables("", "")
    assert content(lake / "old-1") == before
    shutil.copytree(lake / "old-1", tmp_path / "back")
    assert index(tmp_path / "back", source).unchanged == 48


def test_tables_that_are_put_back_end_a_migration_that_was_stopped(tmp_path: Path, tables: Tables) -> None:
    lake = tmp_path / "lake"
    index(lake, hospital(tmp_path / "h"))
    before = content(lake)
    stop = threading.Event()
    tables(ACME, "")
    with pytest.raises(StoppedError, match=r"stopped after 16 of 48 instances.*run the same command again"):
        migrate(lake, watch=lambda so_far: stop.set(), stop=stop)
    with pytest.raises(StoppedError):
        migrate(lake, watch=lambda so_far: stop.set(), stop=stop)
    assert "migration.json" in parts(lake)
    tables("", "")
    assert not migrate(lake).needed
    assert parts(lake) == WHOLE
    assert content(lake) == before


def test_a_migration_to_other_tables_than_those_it_was_stopped_with_begins_anew(tmp_path: Path, tables: Tables) -> None:
    source, lake = hospital(tmp_path / "h"), tmp_path / "lake"
    index(lake, source)
    stop = threading.Event()
    tables("manufacturers: {Never: {names: [SIEMENS]}}", "")
    with pytest.raises(StoppedError):
        migrate(lake, watch=lambda so_far: stop.set(), stop=stop)
    tables(ACME, "")
    assert migrate(lake).resumed == 0
    index(tmp_path / "fresh", source)
    assert content(lake) == content(tmp_path / "fresh")


def test_what_was_indexed_after_a_migration_was_stopped_is_not_forgotten(tmp_path: Path, tables: Tables) -> None:
    source, lake = hospital(tmp_path / "h", series=4), tmp_path / "lake"
    index(lake, source)
    stop = threading.Event()
    tables(ACME, "")
    with pytest.raises(StoppedError):
        migrate(lake, watch=lambda so_far: stop.set(), stop=stop)
    tables("", "")
    index(lake, hospital(tmp_path / "h", series=6))
    tables(ACME, "")
    assert migrate(lake).resumed == 0
    index(tmp_path / "fresh", source)
    assert content(lake) == content(tmp_path / "fresh")


# Killed


def migration(lake: Path, *step: str) -> int:
    """A migration in a process of its own; how it ended."""
    words = [sys.executable, "-m", "tests.indexer.killed_migration", str(lake), *step]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, check=False, timeout=120)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode


@pytest.mark.parametrize(
    ("step", "number", "resumed"),
    [
        ("before-journal", 1, 0),
        ("before-commit", 1, 0),
        ("after-commit", 3, 20),
        ("before-journal", 4, 20),
        ("after-journal", 4, 30),
        ("before-keep", 1, 66),
        ("after-keep", 1, 66),
        ("before-mark", 1, 66),
    ],
)
def test_killed_before_the_swap_the_next_one_goes_on(
    tmp_path: Path, migrated: dict[str, Any], step: str, number: int, resumed: int
) -> None:
    lake = unpack(tmp_path / "lake")
    assert migration(lake, step, str(number)) == -signal.SIGKILL
    assert Mark.read(lake).format == 1
    done = migrate(lake)
    assert (done.instances, done.needed) == (66, True)
    assert resumed <= done.resumed <= resumed + 12  # a commit takes whole series
    assert content(lake) == migrated
    assert parts(lake) == WHOLE | ({"old-1"} if "keep" in step else set())


@pytest.mark.parametrize(
    "step", ["after-mark", "before-rename", "after-rename", "before-remove", "after-remove", "after-unlink"]
)
def test_killed_after_the_swap_the_next_one_tidies_up(tmp_path: Path, migrated: dict[str, Any], step: str) -> None:
    lake = unpack(tmp_path / "lake")
    assert migration(lake, step, "1") == -signal.SIGKILL
    assert Mark.read(lake).format == FORMAT
    migrate(lake)
    assert content(lake) == migrated
    assert parts(lake) == WHOLE


def test_killed_at_random_moments_it_ends_like_an_undisturbed_one(tmp_path: Path, migrated: dict[str, Any]) -> None:
    chance = random.Random(SEED)
    lake = unpack(tmp_path / "lake")
    killed, longest, resumed = 0, 1.0, False
    while killed < KILLS:
        code = migration(lake, "seconds", str(chance.uniform(0, longest)))
        killed += code != 0
        longest *= 1.15 if code else 0.7  # near the end of a migration, whatever this machine's speed
        resumed |= (lake / journal.NAME).exists()
        if not code:
            assert content(lake) == migrated
            assert parts(lake) == WHOLE
            shutil.rmtree(lake)
            unpack(lake)
    migrate(lake)
    assert resumed
    assert content(lake) == migrated
    assert parts(lake) == WHOLE


# Others meanwhile


def test_a_service_answers_all_the_time_and_then_from_the_new_index(tmp_path: Path, tables: Tables) -> None:
    lake = tmp_path / "lake"
    index(lake, hospital(tmp_path / "h"))
    environment = {**os.environ, **tables(ACME, "")}
    tables("", "")
    answers: list[set[str]] = []
    stop = threading.Event()

    def search(client: httpx.Client) -> None:
        while not stop.is_set():
            answer = ask(client, facets=["Manufacturer.canonical"], totals="exact")
            assert answer["totals"]["instances"] == 48
            answers.append({one["value"] for one in answer["facets"]["Manufacturer.canonical"]})

    with Service(lake) as service, service.client() as client:
        thread = threading.Thread(target=search, args=(client,))
        thread.start()
        while not answers and thread.is_alive():
            time.sleep(0.01)
        before = len(answers)
        words = [sys.executable, "-m", "dicomlake", "engine", "migrate", "--data", str(lake), "--quiet"]
        subprocess.run(words, check=True, env=environment, capture_output=True)
        after = ask(client, facets=["Manufacturer.canonical"])
        searches = thread.is_alive()
        stop.set()
        thread.join()
    assert {one["value"] for one in after["facets"]["Manufacturer.canonical"]} == {"Acme Imaging"}
    assert searches, "a search has failed"
    assert len(answers) > before
    assert answers[0] == {"Siemens Healthineers"}
    assert set.union(*answers) <= {"Siemens Healthineers", "Acme Imaging"}


def test_what_was_opened_before_the_swap_can_be_searched_afterwards(tmp_path: Path, tables: Tables) -> None:
    lake = tmp_path / "lake"
    index(lake, hospital(tmp_path / "h"))
    with Lake.open(lake) as opened:
        tables(ACME, "")
        migrate(lake)
        generation = opened.engine.refresh()
        assert opened.engine.stats().instances == 48
        assert len(list(opened.engine.scan("instance"))) == 48
        assert len(opened.engine.kept(member.uid for member in opened.engine.scan("series"))) == 6
        assert opened.engine.refresh() == generation


def test_indexer_and_migration_wait_for_each_other(tmp_path: Path, tables: Tables) -> None:
    source, lake = hospital(tmp_path / "h"), tmp_path / "lake"
    index(lake, source)
    with Lake.open_for_writing(lake):
        tables(ACME, "")
        with pytest.raises(LakeBusyError, match="wait until it ends"):
            migrate(lake)
    refused: list[type[Exception]] = []

    def others(so_far: Migration) -> None:
        for attempt in (lambda: migrate(lake), lambda: index(lake, source)):
            try:
                attempt()
            except LakeError as error:
                refused.append(type(error))

    tables("", "")
    before = current()
    tables(ACME, "")

    def watch(so_far: Migration) -> None:
        here = current()
        use(before)  # an indexer that was started with the tables of the lake
        others(so_far)
        use(here)

    migrate(lake, watch=watch)
    assert set(refused) == {LakeBusyError}


# Refused


def test_a_lake_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    index(lake, hospital(tmp_path / "h"))
    mark = json.loads((lake / "format.json").read_text())
    (lake / "format.json").write_text(json.dumps(mark | {"format": FORMAT + 1, "dicomlake": "9.8.7"}))
    before = every_file(lake)
    for attempt in (migrate, Lake.open, Lake.open_for_writing):
        with pytest.raises(LakeError, match=rf"newer Dicomlake 9\.8\.7 \(format {FORMAT + 1}.*upgrade Dicomlake"):
            attempt(lake)
    assert every_file(lake) == before


def test_no_lake_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="there is no lake in"):
        migrate(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_catalogue_of_an_older_version_is_upgraded_with_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = unpack(tmp_path / "lake")
    monkeypatch.setattr(catalog, "VERSION", catalog.VERSION + 1)
    monkeypatch.setitem(catalog._UPGRADES, catalog.VERSION - 1, "ALTER TABLE files ADD COLUMN more TEXT; oops;")
    with pytest.raises(LakeError, match="cannot be used"):
        migrate(lake)
    monkeypatch.undo()
    with closing(Catalog(lake / "catalog.sqlite", write=False)) as unchanged:
        assert unchanged.counts()["indexed"] == 69
    assert Mark.read(lake).format == 1
    monkeypatch.setattr(catalog, "VERSION", catalog.VERSION + 1)
    monkeypatch.setitem(catalog._UPGRADES, catalog.VERSION - 1, "ALTER TABLE files ADD COLUMN more TEXT;")
    assert migrate(lake).resumed == 66
    with closing(Catalog(lake / "catalog.sqlite", write=False)) as upgraded:
        assert upgraded.counts()["indexed"] == 69
        assert upgraded._rows("SELECT count(more) FROM files") == [(0,)]
        assert upgraded._rows("PRAGMA user_version") == [(catalog.VERSION,)]
