"""The page's own components: HTML, style and script of each beside this file, one shared part, all of it local."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent


@cache
def component(name: str) -> Any:
    """The component ``name`` (its files are ``name.css`` and ``name.js``), registered once a process.

    Calling it paints ``data`` and reports what people do there as triggers, ``on_<trigger>_change``.
    """
    style, script = (
        "\n".join((_HERE / f"{part}.{kind}").read_text(encoding="utf-8") for part in ("common", name))
        for kind in ("css", "js")
    )
    return st.components.v2.component(f"dicomlake_{name}", html='<div class="root"></div>\n', css=style, js=script)
