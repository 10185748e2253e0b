"""What is asked for when the page is painted already, so that counts and rows need not wait for it: the addresses of
pictures. What is kept between two runs saves questions, it decides nothing."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from ui import pictures
from ui.asking import asked_of
from ui.client import Api, Away, Problem
from ui.state import PageState
from ui.views import IDENTITY

_KEPT: Final = "thumbnails"
_GOOD: Final = 1_200
"""Seconds for which addresses are kept here; the API's are good for longer."""
_OWNED: Final = 300
"""Series that are looked through for pictures of studies or patients."""
_MOST: Final = 8
"""Pages of hits whose addresses are kept."""


def thumbnails(lake: Api, state: PageState, hits: Sequence[Mapping[str, Any]], more: Sequence[str]) -> dict[str, Any]:
    """Addresses of the pictures of a page of hits and of ``more`` series, or why there are none, by name of a row or
    UID. Nothing when the API does not answer: a page without pictures is still one."""
    size = pictures.CARD if state.view == "gallery" else pictures.SMALL
    names = [str(hit.get(IDENTITY[state.level])) for hit in hits]
    kept = _kept()
    key = json.dumps([lake.url, state.level, size, names, list(more)])
    if key not in kept or kept[key][0] < time.monotonic() - _GOOD:
        try:
            kept[key] = time.monotonic(), _asked(lake, state, names, more, size)
        except (Away, Problem):
            return {}
        while len(kept) > _MOST:
            kept.pop(next(iter(kept)))
    return {name: pictures.in_words(link) for name, link in kept[key][1].items()}


def _kept() -> dict[str, tuple[float, dict[str, Any]]]:
    kept: dict[str, tuple[float, dict[str, Any]]] = st.session_state.setdefault(_KEPT, {})
    return kept


def _asked(lake: Api, state: PageState, names: Sequence[str], more: Sequence[str], size: int) -> dict[str, Any]:
    if state.level == "instance":
        frames = [pictures.frame(uid, size=size) for uid in names]
        answer = lake.links(more, frames, size)
        urls = answer["frames"]
        pictures_of: dict[str, Any] = answer["thumbnails"]
        return pictures_of | {uid: {"url": url} for uid, url in zip(names, urls, strict=True)}
    owners: dict[str, list[str]] = {}
    uids = list(names)
    if state.level != "series":
        owners = _owned(lake, state, names)
        uids = [uid for listed in owners.values() for uid in listed]
    found: dict[str, Any] = lake.links(list(dict.fromkeys([*more, *uids]))[: pictures.MOST], size=size)["thumbnails"]
    return found | pictures.of_owners(owners, found)


def _owned(lake: Api, state: PageState, names: Sequence[str]) -> dict[str, list[str]]:
    """Series that may stand for studies or patients, those with most images first."""
    identity = IDENTITY[state.level]
    filters = {**state.filters, identity: names}
    series = asked_of(state, level="series", filters=filters, sort=["-instanceCount"], limit=_OWNED)
    return pictures.by_owner(state.level, identity, lake.search(series)["hits"])
