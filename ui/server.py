"""The page's server, as ``streamlit run`` starts it: Streamlit with the script of the page, and beside it the
scripts of the page's own components."""

import gc
from importlib import import_module
from pathlib import Path
from typing import Final

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mappings import registry
from ui import labels, pages, words
from ui.components import ROUTE, names, script

_STREAMLITS: Final = ("numpy", "PIL.ImageFile")
"""What Streamlit imports for the icon of the first page."""
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


def component_script(request: Request) -> Response:
    """The script of a component, for browsers to keep under the address that names its version."""
    found = script(request.path_params["name"])
    if found is None:
        return PlainTextResponse("there is no such component", status_code=404)
    kept = _FOR_GOOD if request.query_params.get("v") == found.version else "no-cache"
    headers = {"Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
    return Response(found.text, media_type="text/javascript", headers=headers)


def settle() -> None:
    """Load what the first page would wait for, and keep all that is loaded out of later garbage collections: they would
    walk over it in vain."""
    for name in _STREAMLITS:
        import_module(name)
    registry.load()
    words.areas()
    labels.page()
    for name in names():
        script(name)
    gc.collect()
    gc.freeze()


settle()
routes = [Route(f"{ROUTE}/{{name}}.js", component_script)]
app = st.App(Path(pages.__file__).with_name("app.py"), routes=routes)
