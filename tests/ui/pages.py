"""Pages beside Search, as AppTest runs them, and what their components paint."""

import json
from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest


def opened(script: Callable[[], None], **parameters: list[str]) -> AppTest:
    """A page at an address."""
    test = AppTest.from_function(script, default_timeout=60)
    for name, values in parameters.items():
        test.query_params[name] = values
    test.run()
    assert not test.exception, test.exception
    return test


def data_of(message: str) -> dict[str, Any]:
    """What a component gets, of the JSON that Streamlit sends it."""
    found: dict[str, Any] = json.loads(json.loads(message)["json"])
    return found


def painted(test: AppTest, key: str) -> dict[str, Any]:
    """The data of the component with this key."""
    elements = test.get("bidi_component")
    found: dict[str, Any] = next(data_of(one.proto.json) for one in elements if one.key == key)
    return found


def words(test: AppTest) -> str:
    """What a page says outside its components."""
    html = [element.proto.body for element in test.get("html")]
    return "\n".join([*html, *(one.value for one in test.caption), *(one.value for one in test.error)])
