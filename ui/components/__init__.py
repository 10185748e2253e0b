"""The page's own components: HTML, style and script of each beside this file, one shared part, all of it local.

A message of Streamlit's carries the whole script and style of a component, each time that one is painted. So what it
carries here is a few lines that load them from this page's server, which tells the browser to keep them.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import streamlit as st

from ui import words
from ui.language import language

_HERE = Path(__file__).parent
ROUTE: Final = "/components"
"""Where the page's server has the scripts."""
SHARED = {
    "bar": ("listbox",),
    "builder": ("listbox", "panel"),
    "syntax": ("panel",),
    "explain": ("panel",),
    "facets": ("unseen",),
    "conditions": ("segments",),
    "results": ("thumbs", "unseen", "table", "gallery"),
    "tools": ("thumbs", "segments"),
    "pictures": ("thumbs",),
    "detail": ("thumbs", "header", "viewer"),
}
"""Parts that a component has with others, beside what is common to all."""

# Several lines: Streamlit takes a single one for the name of a file.
_LOADER: Final = """const { default: paint, style } = await import(new URL(%s, window.location.origin));
const sheet = new CSSStyleSheet();
sheet.replaceSync(style);
export default (component) => {
  const root = component.parentElement;
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
  return paint({ ...component, data: JSON.parse(component.data.json) });
};
"""


@dataclass(frozen=True, slots=True)
class Script:
    """The script of a component, its style within; ``version`` is another one when any of it is."""

    text: str
    version: str


@cache
def names() -> frozenset[str]:
    """The components."""
    files = {path.stem for path in _HERE.glob("*.js")}
    shared = {"common", *(part for parts in SHARED.values() for part in parts)}
    return frozenset(name for name in files - shared if name.partition("_")[0] not in files - {name})


@cache
def script(name: str) -> Script | None:
    """The script of the component ``name``; None where there is no such component."""
    if name not in names():
        return None
    parts = ("common", *SHARED.get(name, ()), *sorted({path.stem for path in _HERE.glob(f"{name}_*.*")}), name)
    files = ({kind: _HERE / f"{part}.{kind}" for kind in ("css", "js")} for part in parts)
    texts = [{kind: path.read_text(encoding="utf-8") for kind, path in of.items() if path.exists()} for of in files]
    style, code = ("\n".join(one[kind] for one in texts if kind in one) for kind in ("css", "js"))
    text = f"{code}\nexport const style = {json.dumps(style)};\n"
    return Script(text, hashlib.sha256(text.encode()).hexdigest()[:16])


@cache
def _registered(name: str) -> Any:
    found = script(name)
    if found is None:
        raise KeyError(f"there is no component {name}")
    loader = _LOADER % json.dumps(f"{ROUTE}/{name}.js?v={found.version}")
    return st.components.v2.component(f"dicomlake_{name}", html='<div class="root"></div>\n', js=loader)


def component(name: str) -> Callable[..., Any]:
    """The component ``name``, registered once a process. Its files are ``name.css`` and ``name.js``, behind the common
    ones and parts of its own, ``name_*``.

    Calling it paints ``data`` and reports what people do there as triggers, ``on_<trigger>_change``. It gets its texts
    along, the area ``name`` of ``ui/words`` in the language in force, and says them with ``say(key, values)``.
    """

    def paint(*, data: Mapping[str, Any], **arguments: Any) -> Any:
        # As one text: Streamlit would look at each member, with pandas, whether it is a table.
        whole = {**data, "words": words.of(name), "language": language.get()}
        text = orjson.dumps(whole, option=orjson.OPT_NON_STR_KEYS).decode()
        return _registered(name)(data={"json": text}, **arguments)

    return paint
