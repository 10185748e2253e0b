"""A served lake, and the page as AppTest runs it over that lake's API."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from streamlit.testing.v1 import AppTest

import ui
from tests.ui.pages import data_of
from tests.ui.served import Served, empty, hospital, serve
from ui.launch import API_URL

APP = Path(ui.__file__).with_name("app.py")


class Page:
    """The page after a run of its script."""

    def __init__(self, parameters: dict[str, list[str]]) -> None:
        self.test = AppTest.from_file(str(APP), default_timeout=60)
        for name, values in parameters.items():
            self.test.query_params[name] = values
        self.run()

    def run(self) -> "Page":
        self.test.run()
        assert not self.test.exception, self.test.exception
        return self

    def at(self, **parameters: list[str]) -> "Page":
        """The page at another address, as the browser's back and forward lead there."""
        self.test.query_params.clear()
        for name, values in parameters.items():
            self.test.query_params[name] = values
        return self.run()

    @property
    def parameters(self) -> dict[str, list[str]]:
        """The address after the run, values as lists."""
        given = self.test.query_params
        return {name: [values] if isinstance(values, str) else list(values) for name, values in given.items()}

    def component(self, key: str) -> Any:
        """The data that a component paints, None when it is not on the page."""
        found = [element.proto for element in self.test.get("bidi_component") if element.key == key]
        return data_of(found[0].json) if found else None

    def send(self, key: str, trigger: str, value: Any) -> "Page":
        """What the browser sends when people do something in a component: AppTest presses Streamlit's own only."""
        element = next(one for one in self.test.get("bidi_component") if one.key == key)
        states = self.test._tree.get_widget_states()
        events = json.dumps([{"event": trigger, "value": value}])
        states.widgets.add(id=f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{element.proto.id}__events", json_trigger_value=events)
        self.test._run(states)
        assert not self.test.exception, self.test.exception
        return self

    def card(self, field: str) -> dict[Any, int]:
        """Counts by value of a facet card."""
        card = next(card for card in self.component("facets")["cards"] if card["field"] == field)
        return {entry["value"]: entry["count"] for entry in card["values"]}

    def bars(self, field: str) -> list[int]:
        """Counts of a histogram card."""
        card = next(card for card in self.component("facets")["cards"] if card["field"] == field)
        return [one["count"] for one in card["bins"]]

    def chips(self) -> list[tuple[str, str]]:
        return [(item["label"], item["value"]) for item in self.component("conditions")["items"]]

    @property
    def level(self) -> str:
        """What a hit is."""
        return str(self.component("conditions")["levels"]["chosen"])

    def numbers(self) -> dict[str, str]:
        return {tile["label"]: tile["number"] for tile in self.component("counts")["tiles"]}

    def words(self) -> str:
        """What the page says outside its components."""
        return "\n".join(element.proto.body for element in self.test.get("html"))


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest puts the script in the place of ``__main__``; processes that a later test starts would look for it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(hospital(tmp_path_factory.mktemp("hospital"))) as served:
        yield served


@pytest.fixture(scope="session")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(empty(tmp_path_factory.mktemp("empty"))) as served:
        yield served


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Page]:
    """Opens the page over an API address, at the given parameters."""

    def opened(api_url: str, **parameters: list[str]) -> Page:
        monkeypatch.setenv(API_URL, api_url)
        return Page(parameters)

    return opened
