"""The API as the page uses it: one HTTP client a process, two ways in which an answer can fail to come."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import quote

import httpx

from ui import refusals
from ui.launch import API_URL, DEFAULT_API_URL
from ui.state import Bounds
from ui.words import say

MOST = 1_000
"""Hits the API gives at once."""
_SELECTS: Final = ("q", "level", "filters", "exclude", "ranges")
"""Parts of a search that say what matches."""
_TIMEOUT: Final = httpx.Timeout(60, connect=3)
_ENGINE_AWAY: Final = "engine-away"
"""The code of the problem that the API reports meanwhile."""


class Away(Exception):
    """Nobody answers at the API's address, or not with what an API answers."""

    @property
    def detail(self) -> str:
        """What is the matter, in the language in force."""
        return say("search.away")


class EngineAway(Away):
    """The API answers, and the search server behind it does not."""

    @property
    def detail(self) -> str:
        return say("search.engine_away")


class Problem(Exception):
    """What was refused, by the API or by what the page shares with it: the members of a problem+json (RFC 9457).

    ``position`` is a character of the query text, or None; ``nearest`` are names that were perhaps meant by ``field``.
    """

    def __init__(self, content: Mapping[str, Any], status: int = 0) -> None:
        self.status = int(content.get("status") or status)
        self.code = str(content.get("code") or "")
        self.field = str(content.get("field") or "")
        self.nearest: Sequence[str] = [str(name) for name in content.get("nearest") or ()]
        position, message = content.get("position"), content.get("message")
        self.position = position if isinstance(position, int) else None
        self._title, self._detail = str(content.get("title") or ""), str(content.get("detail") or "")
        self._message: Mapping[str, Any] | None = message if isinstance(message, Mapping) else None
        super().__init__(self._detail)

    @property
    def title(self) -> str:
        """What the code means, in the language in force."""
        return refusals.in_words(self._title) or self._title or say("search.refused")

    @property
    def detail(self) -> str:
        """What was wrong and what to do about it: in the language in force where that is known, else in English."""
        said = self._translated or self._detail or say("search.refused_with", status=self.status)
        return said[:1].upper() + said[1:]

    @property
    def spoken(self) -> str | None:
        """The language of ``detail`` where it is not the one in force."""
        return "en" if self._detail and self._translated is None else None

    @property
    def _translated(self) -> str | None:
        return refusals.in_words(self._detail, self._message)


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked of ``POST /api/v1/search``."""

    q: str = ""
    level: str = "series"
    filters: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    facets: Sequence[str] = ()
    sort: Sequence[str] = ()
    fields: Sequence[str] = ()
    limit: int = 50
    cursor: str | None = None
    skip: int = 0
    exclude: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    ranges: Mapping[str, Sequence[Bounds]] = field(default_factory=dict)
    histograms: Sequence[str] = ()
    facet_limit: int = 1_000

    def body(self) -> dict[str, Any]:
        """The request as JSON."""
        lists = {
            part: {name: list(values) for name, values in getattr(self, part).items()}
            for part in ("filters", "exclude")
        }
        ranges = {name: [{"min": one.low, "max": one.high} for one in listed] for name, listed in self.ranges.items()}
        return {name: getattr(self, name) for name in self.__slots__} | lists | {"ranges": ranges}

    def parameters(self) -> dict[str, Any]:
        """What selects, as the parameters of a URL."""
        lists = {
            part: [f"{name}:{'' if value is None else value}" for name, values in of.items() for value in values]
            for part, of in (("filter", self.filters), ("exclude", self.exclude), ("range", self.ranges))
        }
        return {"q": self.q, "level": self.level, **lists}


class Api:
    """The endpoints the page needs. Every method raises :class:`Away` or :class:`Problem`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        # trust_env: a proxy of the user's environment is not meant for the lake beside the page.
        self._client = httpx.Client(base_url=self.url, timeout=_TIMEOUT, trust_env=False)

    def search(self, search: Search) -> dict[str, Any]:
        return self._json("POST", "/api/v1/search", json=search.body())

    def facet(self, field: str, search: Search, contains: str, limit: int) -> dict[str, Any]:
        """The values of one field under a search that contain a text."""
        asked = {**search.parameters(), "contains": contains, "limit": limit}
        return self._json("GET", f"/api/v1/facets/{quote(field, safe='')}", params=asked)

    def study(self, uid: str) -> dict[str, Any]:
        return self._json("GET", f"/api/v1/studies/{quote(uid, safe='')}")

    def series(self, uid: str) -> dict[str, Any]:
        return self._json("GET", f"/api/v1/series/{quote(uid, safe='')}")

    def instance(self, uid: str) -> dict[str, Any]:
        return self._json("GET", f"/api/v1/instances/{quote(uid, safe='')}")

    def years(self, search: Search) -> dict[int, int]:
        """How many of what a search finds have a study date in each year; none where the dates span too far."""
        parameters = {**search.parameters(), "interval": "year"}
        try:
            bins = self._json("GET", "/api/v1/histogram/StudyDate", params=parameters)["bins"]
        except Problem:
            return {}
        return {int(one["from"][:4]): one["count"] for one in bins}

    def suggest(self, **asked: Any) -> dict[str, Any]:
        """Ways to go on with what is being typed: ``q`` and ``position``, or ``prefix`` and perhaps ``field``."""
        return self._json("POST", "/api/v1/suggest", json=asked)

    def explain(self, search: Search) -> dict[str, Any]:
        """A search, taken apart."""
        asked = search.body()
        return self._json("POST", "/api/v1/explain", json={name: asked[name] for name in _SELECTS if name in asked})

    def field(self, name: str) -> dict[str, Any]:
        """All about one field."""
        return self._json("GET", f"/api/v1/fields/{quote(name, safe='')}")

    def answers(self) -> bool:
        """Whether the service answers and its lake can be searched."""
        try:
            return bool(self._json("GET", "/readyz"))
        except (Away, Problem):
            return False

    def quality(self, selection: Mapping[str, Any]) -> dict[str, Any]:
        return self._json("POST", "/api/v1/quality", json=selection)

    def completeness(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return self._json("POST", "/api/v1/quality/completeness", json=asked)

    def unmapped(self) -> dict[str, Any]:
        return self._json("GET", "/api/v1/quality/unmapped")

    def rules(self) -> bytes:
        """A file of rules for the values that have none."""
        return self._answer("GET", "/api/v1/quality/unmapped/rules").content

    def fields(self, q: str, limit: int = 60) -> list[dict[str, Any]]:
        """Fields that are called so, those that the lake has first."""
        found: list[dict[str, Any]] = self._json("GET", "/api/v1/fields", params={"q": q, "limit": limit})["fields"]
        return found

    # Pictures and downloads: what a browser fetches by itself

    def images(self, uid: str) -> dict[str, Any]:
        """The images of a series in the order of scrolling, and the windows to show them under."""
        return self._json("GET", f"/api/v1/images/series/{quote(uid, safe='')}")

    def links(
        self, thumbnails: Sequence[str] = (), frames: Sequence[Mapping[str, Any]] = (), size: int = 256
    ) -> dict[str, Any]:
        """Signed addresses of thumbnails and frames."""
        asked = {"thumbnails": list(thumbnails), "thumbnail_size": size, "frames": list(frames)}
        return self._json("POST", "/api/v1/images/links", json=asked)

    def download(self, export: Mapping[str, Any]) -> str:
        """The address of a download of all hits of a search, without host."""
        url: str = self._json("POST", "/api/v1/export/links", json=export)["url"]
        return url

    # What is kept for the user

    def settings(self) -> dict[str, Any]:
        """Every setting of the user, by name."""
        settings: dict[str, Any] = self._json("GET", "/api/v1/settings")["settings"]
        return settings

    def set(self, key: str, value: Any) -> None:
        """Write a setting; None forgets it."""
        if value is None:
            self._answer("DELETE", f"/api/v1/settings/{key}")
        else:
            self._answer("PUT", f"/api/v1/settings/{key}", json=value)

    def searches(self) -> list[dict[str, Any]]:
        """The saved searches of the user, and shared ones: ``id``, ``name``, ``state``, ``shared``, ``created``."""
        searches: list[dict[str, Any]] = self._json("GET", "/api/v1/searches")["searches"]
        return searches

    def keep(self, state: str, name: str | None = None, *, shared: bool = False) -> dict[str, Any]:
        """Keep a search, given by the query string of its permalink; without a name for an opaque address."""
        return self._json("POST", "/api/v1/searches", json={"state": state, "name": name, "shared": shared})

    def kept(self, id: str) -> dict[str, Any]:
        """A kept search."""
        return self._json("GET", f"/api/v1/searches/{quote(id, safe='')}")

    def change(self, id: str, **changes: Any) -> dict[str, Any]:
        """Change ``name``, ``state`` or ``shared`` of a kept search."""
        return self._json("PATCH", f"/api/v1/searches/{quote(id, safe='')}", json=changes)

    def forget(self, id: str) -> None:
        """Forget a kept search."""
        self._answer("DELETE", f"/api/v1/searches/{quote(id, safe='')}")

    # Long work

    def jobs(self) -> list[dict[str, Any]]:
        """The user's jobs, the newest first."""
        jobs: list[dict[str, Any]] = self._json("GET", "/api/v1/jobs")["jobs"]
        return jobs

    def job(self, id: str) -> dict[str, Any]:
        """How far a job is."""
        return self._json("GET", f"/api/v1/jobs/{quote(id, safe='')}")

    def start(self, kind: str, **arguments: Any) -> dict[str, Any]:
        """Ask for long work: ``index``, ``import-idc``, ``sample``, ``export`` or ``retry``."""
        return self._json("POST", "/api/v1/jobs", json={"kind": kind, "arguments": arguments})

    def cancel(self, id: str) -> None:
        """Cancel a job, or remove one that has ended."""
        self._answer("DELETE", f"/api/v1/jobs/{quote(id, safe='')}")

    def quarantine(self) -> dict[str, Any]:
        return self._json("GET", "/api/v1/quarantine", params={"limit": MOST})

    def _json(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        try:
            content = self._answer(method, path, **arguments).json()
        except ValueError as error:
            raise Away(str(error)) from error
        if not isinstance(content, dict):
            raise Away(self._stranger)
        return content

    def _answer(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **arguments)
            if answer.is_success:
                return answer
            content = answer.json()
        except (httpx.TransportError, ValueError) as error:
            raise Away(str(error)) from error
        if not isinstance(content, dict):
            raise Away(self._stranger)
        problem = Problem(content, answer.status_code)
        raise EngineAway(str(problem)) if problem.code == _ENGINE_AWAY else problem

    @property
    def _stranger(self) -> str:
        return f"{self.url} answers, but not as the Dicomlake API does"


@cache
def api(url: str) -> Api:
    """The client for an address, with its connections kept."""
    return Api(url)


def lake() -> Api:
    """The API that this page is over."""
    return api(os.environ.get(API_URL, DEFAULT_API_URL))
