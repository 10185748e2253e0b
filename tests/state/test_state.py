"""The file, its tables and its secrets: private, made once whoever comes first, upgraded, and refused when newer."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from dicomlake.errors import StateError
from dicomlake.lake import Lake
from dicomlake.state import LOCAL, State, tables
from dicomlake.state.database import Database
from tests.indexer.builders import hospital, index

ROOT = Path(__file__).parents[2]
FILE = Path("state", "state.sqlite")

OPENING = """
import sys
from pathlib import Path
from dicomlake.state import State
sys.stdin.readline()
with State.open(Path(sys.argv[1])) as state:
    print(state.secret("images").hex(), state.searches.add("local", "v=1&q=lung").id)
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_for_the_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with State.open(tmp_path / "lake") as state:
            state.secret("one")
            assert {mode(path) for path in (tmp_path / "lake" / "state").iterdir()} == {0o600}
            assert mode(tmp_path / "lake" / "state") == 0o700
            assert mode(tmp_path / "lake") == 0o700
    finally:
        os.umask(before)


def test_a_folder_that_was_opened_up_is_closed_again(tmp_path: Path) -> None:
    State.open(tmp_path).close()
    (tmp_path / "state").chmod(0o755)
    (tmp_path / FILE).chmod(0o644)
    State.open(tmp_path).close()
    assert (mode(tmp_path / "state"), mode(tmp_path / FILE)) == (0o700, 0o600)


def test_processes_that_come_at_once_make_it_once(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPENING, tmp_path / "lake"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 6
    assert len(answers) == 1
    assert len(answers.pop().split()[0]) == 64


def test_the_migrations_make_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    State.open(tmp_path).close()
    database = Database(tmp_path / FILE)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    database.close()


def test_a_newer_version_is_refused_in_words(tmp_path: Path) -> None:
    State.open(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(StateError, match=r"newer Dicomlake \(tables 9999, this one knows 0001\)"):
        State.open(tmp_path)


def test_what_is_no_database_is_refused_in_words_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / FILE).write_text("notes " * 1_000)
    with pytest.raises(StateError, match="not a database"):
        State.open(tmp_path)
    assert (tmp_path / FILE).read_text() == "notes " * 1_000


def test_a_place_that_is_no_folder_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be written"):
        State.open(tmp_path / "file")


def test_a_secret_stays_and_differs_by_name(tmp_path: Path) -> None:
    with State.open(tmp_path) as state:
        one, other = state.secret("one"), state.secret("other")
    assert len(one) == len(other) == 32
    assert one != other
    with State.open(tmp_path) as state:
        assert state.secret("one") == one


def test_references_are_held(tmp_path: Path) -> None:
    with State.open(tmp_path) as state, pytest.raises(IntegrityError):
        state.jobs.add("nobody", "retry", {})


def test_a_state_knows_when_its_file_was_replaced(tmp_path: Path) -> None:
    with State.open(tmp_path) as state:
        assert state.is_current()
        (tmp_path / "state").rename(tmp_path / "away")
        assert not state.is_current()
        assert not State.is_in(tmp_path)
        State.open(tmp_path).close()
        assert not state.is_current()


def test_a_lake_can_be_made_beside_a_state(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with State.open(lake) as state:
        state.preferences.put(LOCAL, "a", 1)
    assert Lake.check_place(lake) is False
    index(lake, hospital(tmp_path / "archive", series=1))
    assert Lake.check_place(lake) is True
    with State.open(lake) as state:
        assert state.preferences.get(LOCAL, "a") == 1
