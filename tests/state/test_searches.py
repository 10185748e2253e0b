"""Searches behind opaque ids: kept once, bounded in number, size and age, seen by whom they are for."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dicomlake.errors import InvalidRequestError, LimitError, NameTakenError, NotFoundError
from dicomlake.state import LOCAL, SearchLimits, State

LIMITS = SearchLimits(named=3, unnamed=4, days=10, size=1_000)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """A state with two users and narrow limits."""
    with State.open(tmp_path, LIMITS) as opened:
        change(tmp_path, "INSERT INTO users VALUES ('other', 0)")
        yield opened


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "state" / "state.sqlite", timeout=30)) as connection:
        connection.execute(statement)
        connection.commit()


def test_ids_tell_nothing_and_are_long(state: State) -> None:
    ids = {state.searches.add(LOCAL, f"v=1&q={n}", f"{n}").id for n in range(3)}
    assert len(ids) == 3
    assert all(len(id) == 32 and set(id) <= set("0123456789abcdef") for id in ids)


def test_the_same_search_without_a_name_is_kept_once_for_each_user(state: State) -> None:
    first = state.searches.add(LOCAL, "v=1&q=lung")
    assert state.searches.add(LOCAL, "v=1&q=lung").id == first.id
    assert state.searches.add("other", "v=1&q=lung").id != first.id
    assert state.searches.add(LOCAL, "v=1&q=lung", "Lungs").id != first.id
    assert [one.name for one in state.searches.listed(LOCAL)] == ["Lungs"]


def test_unnamed_ones_make_room_for_newer_ones(state: State) -> None:
    ids = [state.searches.add(LOCAL, f"v=1&q={n}").id for n in range(6)]
    with pytest.raises(NotFoundError):
        state.searches.get(LOCAL, ids[0])
    assert [state.searches.get(LOCAL, id).text for id in ids[2:]] == [f"v=1&q={n}" for n in range(2, 6)]


def test_a_search_that_is_kept_makes_no_other_leave(state: State) -> None:
    ids = [state.searches.add(LOCAL, f"v=1&q={n}").id for n in range(4)]
    assert [state.searches.add(LOCAL, f"v=1&q={n}").id for n in range(4)] == ids
    assert [state.searches.get(LOCAL, id).id for id in ids] == ids


def test_unnamed_ones_that_nobody_used_for_long_go(state: State, tmp_path: Path) -> None:
    old, named = state.searches.add(LOCAL, "v=1&q=old"), state.searches.add(LOCAL, "v=1&q=old", "Old")
    change(tmp_path, "UPDATE searches SET used = used - 11 * 86400000000")
    state.searches.add(LOCAL, "v=1&q=new")
    with pytest.raises(NotFoundError):
        state.searches.get(LOCAL, old.id)
    assert state.searches.get(LOCAL, named.id).used > named.used  # opening it counts as use


def test_named_ones_stay_until_there_are_too_many(state: State) -> None:
    kept = [state.searches.add(LOCAL, "v=1", f"{n}") for n in range(3)]
    with pytest.raises(LimitError, match="3 searches are saved"):
        state.searches.add(LOCAL, "v=1", "one more")
    state.searches.remove(LOCAL, kept[0].id)
    state.searches.add(LOCAL, "v=1", "one more")
    assert [one.name for one in state.searches.listed(LOCAL)] == ["one more", "2", "1"]


def test_a_name_is_given_once(state: State) -> None:
    state.searches.add(LOCAL, "v=1&q=a", "A")
    with pytest.raises(NameTakenError):
        state.searches.add(LOCAL, "v=1&q=b", "A")
    other = state.searches.add(LOCAL, "v=1&q=b", "B")
    with pytest.raises(NameTakenError):
        state.searches.change(LOCAL, other.id, name="A")
    assert state.searches.change(LOCAL, other.id, name="B").name == "B"
    state.searches.add("other", "v=1&q=b", "A")


def test_a_search_that_is_too_long_is_refused(state: State) -> None:
    with pytest.raises(InvalidRequestError, match="1,000 are kept"):
        state.searches.add(LOCAL, "v=1&q=" + "x" * 1_000)
    kept = state.searches.add(LOCAL, "v=1")
    with pytest.raises(InvalidRequestError):
        state.searches.change(LOCAL, kept.id, text="v=1&q=" + "x" * 1_000)


def test_others_see_what_is_shared_and_change_nothing(state: State) -> None:
    mine = state.searches.add(LOCAL, "v=1&q=mine", "Mine")
    with pytest.raises(NotFoundError):
        state.searches.get("other", mine.id)
    state.searches.change(LOCAL, mine.id, shared=True)
    assert state.searches.get("other", mine.id).text == "v=1&q=mine"
    assert [one.id for one in state.searches.listed("other")] == [mine.id]
    with pytest.raises(NotFoundError):
        state.searches.change("other", mine.id, name="Theirs")
    with pytest.raises(NotFoundError):
        state.searches.remove("other", mine.id)


def test_a_changed_search_is_found_by_its_new_text(state: State) -> None:
    first = state.searches.add(LOCAL, "v=1&q=a")
    state.searches.change(LOCAL, first.id, text="v=1&q=b")
    assert state.searches.add(LOCAL, "v=1&q=b").id == first.id
    assert state.searches.add(LOCAL, "v=1&q=a").id != first.id
