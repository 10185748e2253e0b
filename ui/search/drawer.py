"""The detail of the open hit."""

from ui.asking import opened
from ui.client import Api
from ui.components import component
from ui.search.address import on
from ui.state import PageState, parse_open


def detail(lake: Api, state: PageState) -> None:
    """The detail of the open hit."""
    component("detail")(
        key="detail",
        data=opened(lake, state),
        on_shut_change=on("detail", "shut", lambda state, _: state.showing(open=None)),
        on_open_change=on("detail", "open", lambda state, id: state.showing(open=parse_open(id))),
    )
