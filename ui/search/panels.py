"""What opens below the query bar: the builder, how a query is written, what the search means."""

import time
from typing import Any

import streamlit as st

from ui import builder, queries, toasts
from ui.asking import asked_of
from ui.client import Api, Away, Problem
from ui.components import component
from ui.examples import examples, private_condition
from ui.labels import page, shown
from ui.language import language
from ui.search.address import changes_page, current, go, on, whole_page
from ui.state import PageState, QueryError
from ui.views import total_of, units, value_label
from ui.words import say

_LISTED = 12


def panel(lake: Api, state: PageState, answer: dict[str, Any] | None) -> None:
    """The panel that the address names; ``answer`` is the one that the page shows."""
    if state.panel == "builder":
        _builder(lake, state)
    elif state.panel == "syntax":
        _syntax(lake, state, answer)
    elif state.panel == "explain":
        _explain(lake, state, answer)


def _shut(state: PageState, _: Any) -> PageState:
    return state.showing(panel="")


# How a query is written


def _syntax(lake: Api, state: PageState, answer: dict[str, Any] | None) -> None:
    if answer is None or not answer["hits"]:
        try:
            answer = lake.search(asked_of(PageState(), facets=page()["facets"], limit=50))
        except (Away, Problem):
            answer = {"hits": [], "facets": {}}
    found = examples(answer, _private(lake))
    items = [{"q": one.q, "text": say(f"syntax.{one.key}", **one.values)} for one in found]
    component("syntax")(
        key="syntax",
        data={"items": items},
        on_run_change=on("syntax", "run", lambda state, q: state.asking(q=str(q))),
        on_shut_change=on("syntax", "shut", _shut),
    )


def _private(lake: Api) -> str | None:
    """A condition on a private element of the lake, looked for once a session."""
    kept = st.session_state.get("private_example")
    if kept is None or kept[0] != lake.url:
        found = None
        try:
            for field in lake.fields('"', 20):
                if field["private"] and field["documents"]["series"]:
                    listed = lake.suggest(field=field["keyword"], limit=3)["suggestions"]
                    if found := private_condition(field, listed):
                        break
        except (Away, Problem):
            return None
        kept = st.session_state["private_example"] = (lake.url, found)
    return kept[1]


# What the search means


def _explain(lake: Api, state: PageState, answer: dict[str, Any] | None) -> None:
    data: dict[str, Any] = {"answer": None, "refused": "", "asked": {}, "times": []}
    search = asked_of(state)
    started = time.perf_counter()
    if queries.fault(state.q) is not None:
        data["refused"] = say("search.explain_refused")
    else:
        try:
            data["answer"] = lake.explain(search)
            data["labels"] = {one["path"]: shown(one["path"]).label for one in data["answer"]["names"]}
        except Away:
            data["refused"] = say("search.away")
        except Problem as problem:
            data["refused"] = toasts.words(problem)
    took = 1000 * (time.perf_counter() - started)
    data["asked"] = {name: value for name, value in search.body().items() if value not in ("", None, [], {}, 0)}
    if answer is not None:
        data["times"] = [["search", answer["took_ms"]], ["explain", took]]
    component("explain")(key="explain", data=data, on_shut_change=on("explain", "shut", _shut))


# The builder


@st.fragment
def _builder(lake: Api, state: PageState) -> None:
    whole_page()
    try:
        tree, refused = builder.tree(state.q), ""
    except QueryError as error:
        tree, refused = builder.tree(""), queries.told(error)
    kept = st.session_state.get("draft")
    draft = kept[1] if kept and kept[0] == state.q else None
    component("builder")(
        key="builder",
        data={
            "q": state.q,
            "tree": tree,
            "refused": refused,
            "operators": {kind: list(listed) for kind, listed in builder.OPERATORS.items()},
            "draft": draft or _counted(lake, state, state.q, 0),
            "found": st.session_state.get("looked_up"),
        },
        on_draft_change=lambda: _draft(lake),
        on_look_change=lambda: _look(lake),
        on_apply_change=_apply,
        on_shut_change=_shut_builder,
    )


def _draft(lake: Api) -> None:
    drawn = st.session_state["builder"]["draft"]
    state = current()
    try:
        text = builder.text(drawn["tree"])
    except QueryError as error:
        draft = {"text": "", "number": drawn["number"], "count": "", "refused": queries.told(error)}
    else:
        draft = _counted(lake, state, text, drawn["number"])
    st.session_state["draft"] = (state.q, draft)


def _counted(lake: Api, state: PageState, text: str, number: int) -> dict[str, Any]:
    """A draft of the builder with how much it finds, under the other conditions of the page."""
    draft = {"text": text, "number": number, "count": "", "refused": ""}
    problem = queries.fault(text)
    if problem is None:
        try:
            totals = lake.search(asked_of(state.asking(q=text)))["totals"]
            return draft | {"count": units(state.level, total_of(state.level, totals))}
        except Away:
            return draft | {"refused": say("search.away")}
        except Problem as refused:
            problem = refused
    return draft | {"refused": toasts.words(problem)}


def _look(lake: Api) -> None:
    """Fields, or values of one, for a row of the builder."""
    asked = st.session_state["builder"]["look"]
    text, field = str(asked["text"]), asked.get("field")
    try:
        items = _values(lake, str(field), text) if field else _fields(lake, text)
    except (Away, Problem):
        items = []
    st.session_state["looked_up"] = {"number": asked["number"], "items": items, "typed": text}


def _values(lake: Api, field: str, text: str) -> list[dict[str, Any]]:
    listed = lake.suggest(field=field, prefix=text, limit=_LISTED)["suggestions"]
    return [
        {"text": str(one["value"]), "label": value_label(field, one["value"]), "aside": "", "count": one["count"]}
        for one in listed
    ]


def _fields(lake: Api, text: str) -> list[dict[str, Any]]:
    found = lake.fields(text, _LISTED) if text.strip() else [lake.field(path) for path in page()["facets"]][:_LISTED]
    return [_field(one) for one in found]


def _field(one: dict[str, Any]) -> dict[str, Any]:
    path = one["keyword"]
    label = one["label_es"] if language.get() == "es" and one["label_es"] else one["label"]
    aside = " · ".join(part for part in (path if path != label else "", one["tag"], one["vr"]) if part)
    count = one["documents"]["series"] if one.get("documents") else None
    return {"text": path, "label": label, "aside": aside, "count": count, "kind": one["kind"], "unit": shown(path).unit}


def _apply() -> None:
    """Ask what the builder says. It sends its rows: the last of them may not have been written as a draft yet."""
    try:
        text = builder.text(st.session_state["builder"]["apply"]["tree"])
    except QueryError:
        return  # the draft says why
    changes_page()
    st.session_state.pop("draft", None)
    go(current().asking(q=text))


def _shut_builder() -> None:
    changes_page()
    go(current().showing(panel=""))
