"""What was found: the counts row and the page of hits."""

from collections.abc import Mapping
from typing import Any

from ui import views
from ui.components import component
from ui.search.address import on
from ui.state import PageState, parse_open


def counts(answer: Mapping[str, Any], whole: Mapping[str, int]) -> None:
    """The counts row."""
    component("counts")(key="counts", data={"tiles": views.counts(answer["totals"], whole)})


def results(state: PageState, answer: Mapping[str, Any]) -> None:
    """The table."""
    component("results")(
        key="results",
        data=views.table(state, answer),
        on_sort_change=on("results", "sort", lambda state, sort: state.asking(sort=(sort,))),
        on_open_change=on("results", "open", lambda state, id: state.showing(open=parse_open(id))),
        on_page_change=on("results", "page", lambda state, number: state.showing(page=max(1, int(number)))),
    )
