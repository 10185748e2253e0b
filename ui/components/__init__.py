"""The page's own components: HTML, style and script of each beside this file, one shared part, all of it local."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from ui import words
from ui.language import language

_HERE = Path(__file__).parent
SHARED = {
    "bar": ("listbox",),
    "builder": ("listbox", "panel"),
    "syntax": ("panel",),
    "explain": ("panel",),
    "facets": ("unseen",),
    "results": ("thumbs", "unseen", "table", "gallery"),
    "tools": ("thumbs",),
    "pictures": ("thumbs",),
    "detail": ("thumbs", "header", "viewer"),
}
"""Parts that a component has with others, beside what is common to all."""


@cache
def _registered(name: str) -> Any:
    parts = ("common", *SHARED.get(name, ()), *sorted({path.stem for path in _HERE.glob(f"{name}_*.*")}), name)
    files = ({kind: _HERE / f"{part}.{kind}" for kind in ("css", "js")} for part in parts)
    texts = [{kind: path.read_text(encoding="utf-8") for kind, path in of.items() if path.exists()} for of in files]
    style, script = ("\n".join(one[kind] for one in texts if kind in one) for kind in ("css", "js"))
    return st.components.v2.component(f"dicomlake_{name}", html='<div class="root"></div>\n', css=style, js=script)


def component(name: str) -> Callable[..., Any]:
    """The component ``name``, registered once a process. Its files are ``name.css`` and ``name.js``, behind the common
    ones and parts of its own, ``name_*``.

    Calling it paints ``data`` and reports what people do there as triggers, ``on_<trigger>_change``. It gets its texts
    along, the area ``name`` of ``ui/words`` in the language in force, and says them with ``say(key, values)``.
    """

    def paint(*, data: Mapping[str, Any], **arguments: Any) -> Any:
        spoken = {"words": words.of(name), "language": language.get()}
        return _registered(name)(data={**data, **spoken}, **arguments)

    return paint
