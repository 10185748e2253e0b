"""Settings of users: any JSON, within bounds."""

from pathlib import Path

import pytest

from dicomlake.errors import InvalidRequestError, LimitError, NotFoundError
from dicomlake.state import LOCAL, State


def test_values_come_back_as_they_were(tmp_path: Path) -> None:
    value = {"b": [1, 2.5, None, "ñ"], "a": {"x": True}}
    with State.open(tmp_path) as state:
        state.preferences.put(LOCAL, "page.columns", [])
        state.preferences.put(LOCAL, "page.columns", value)
        state.preferences.put(LOCAL, "nothing", None)
    with State.open(tmp_path) as state:
        assert list(state.preferences.get(LOCAL, "page.columns")) == ["b", "a"]
        assert state.preferences.all(LOCAL) == {"nothing": None, "page.columns": value}
        state.preferences.remove(LOCAL, "nothing")
        for forget in (state.preferences.get, state.preferences.remove):
            with pytest.raises(NotFoundError):
                forget(LOCAL, "nothing")


def test_names_sizes_and_numbers_have_bounds(tmp_path: Path) -> None:
    with State.open(tmp_path) as state:
        for key in ("", "Page", "a b", "a\n", "x" * 65, "ñ"):
            with pytest.raises(InvalidRequestError):
                state.preferences.put(LOCAL, key, 1)
        state.preferences.put(LOCAL, "a", "x" * 65_534)
        for value in ("x" * 65_535, 2**70, "\ud800"):
            with pytest.raises(InvalidRequestError):
                state.preferences.put(LOCAL, "a", value)
        for n in range(99):
            state.preferences.put(LOCAL, "b" + "." * n, n) if n < 63 else state.preferences.put(
                LOCAL, "c" + "." * (n - 63), n
            )
        with pytest.raises(LimitError, match="100 settings"):
            state.preferences.put(LOCAL, "z", 1)
        state.preferences.put(LOCAL, "a", "there already")
