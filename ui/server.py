"""The page's server, as ``streamlit run`` starts it: Streamlit with the script of the page, and beside it the
scripts of the page's own components."""

from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ui.components import ROUTE, script

_FOR_GOOD = "public, max-age=31536000, immutable"


def component_script(request: Request) -> Response:
    """The script of a component, for browsers to keep under the address that names its version."""
    found = script(request.path_params["name"])
    if found is None:
        return PlainTextResponse("there is no such component", status_code=404)
    kept = _FOR_GOOD if request.query_params.get("v") == found.version else "no-cache"
    headers = {"Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
    return Response(found.text, media_type="text/javascript", headers=headers)


routes = [Route(f"{ROUTE}/{{name}}.js", component_script)]
app = st.App(Path(__file__).with_name("app.py"), routes=routes)
