"""The page's state, which is its address: search, order, page and open hit. Nothing else decides what is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlencode

from dicomlake.query import permalink
from dicomlake.query.permalink import Bounds, QueryError, SearchState
from dicomlake.query.values import Value

__all__ = ["KINDS", "Bounds", "Open", "PageState", "QueryError", "parse_open"]

KINDS: Final = ("series", "study", "patient", "instance")
OWN: Final = ("page", "open", "view", "panel")
VIEWS: Final = ("table", "gallery")
"""Parameters of the page, beside those of a search."""
PANELS: Final = ("builder", "syntax", "explain")
"""What may be open below the query bar."""
_MOST: Final = 10**9


@dataclass(frozen=True, slots=True)
class Open:
    """The hit whose detail is shown, in the address ``open=series:1.2.3``."""

    kind: str
    uid: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.uid}"


@dataclass(frozen=True, slots=True)
class PageState:
    """What the address says. ``sort`` is empty for the level's own order, ``page`` counts from 1, values of ``exclude``
    are those that hits must not have, ``ranges`` alternatives to the values of ``filters``, ``columns`` are empty for
    the user's own or the level's, ``view`` is how hits are shown, ``panel`` what is open below the query bar."""

    q: str = ""
    level: permalink.Level = "series"
    filters: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    sort: Sequence[str] = ()
    page: int = 1
    open: Open | None = None
    exclude: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    columns: Sequence[str] = ()
    view: str = VIEWS[0]
    ranges: Mapping[str, Sequence[Bounds]] = field(default_factory=dict)
    panel: str = ""

    @classmethod
    def parse(cls, parameters: Mapping[str, Sequence[str]]) -> "PageState":
        """The state that parameters stand for. Raises QueryError for what cannot be read as a search."""
        search = permalink.decode({name: values for name, values in parameters.items() if name not in OWN})
        return cls(
            search.q,
            search.level,
            _texts(search.filters),
            search.sort,
            _page(_first(parameters, "page")),
            parse_open(_first(parameters, "open")),
            _texts(search.exclude),
            search.columns,
            view if (view := _first(parameters, "view")) in VIEWS else VIEWS[0],
            search.ranges,
            panel if (panel := _first(parameters, "panel")) in PANELS else "",
        )

    def parameters(self) -> dict[str, list[str]]:
        """The parameters that stand for this state, none for the state that the page starts with.

        Raises QueryError for what no address can hold.
        """
        search = SearchState(
            self.q,
            self.level,
            _said(self.filters),
            tuple(self.sort),
            columns=tuple(self.columns),
            exclude=_said(self.exclude),
            ranges=_said(self.ranges),
        )
        written = permalink.encode(search)
        if len(written) == 1:
            written = {}
        if self.page > 1:
            written["page"] = [str(self.page)]
        if self.view != VIEWS[0]:
            written["view"] = [self.view]
        if self.panel:
            written["panel"] = [self.panel]
        if self.open is not None:
            written["open"] = [str(self.open)]
        return written

    def text(self) -> str:
        """The search as a query string, as the API keeps it."""
        search = {name: values for name, values in self.parameters().items() if name not in OWN}
        return urlencode({"v": [permalink.VERSION], **search}, doseq=True)

    def asking(self, **changes: Any) -> "PageState":
        """Another search, from its first page."""
        return replace(self, **changes, page=1)

    def showing(self, **changes: Any) -> "PageState":
        """The same search, shown otherwise."""
        return replace(self, **changes)


def _texts(by_path: Mapping[str, Sequence[Value | None]]) -> dict[str, tuple[str | None, ...]]:
    """Values as a link has them."""
    return {path: tuple(None if one is None else str(one) for one in values) for path, values in by_path.items()}


def _said(by_path: Mapping[str, Sequence[Any]]) -> dict[str, tuple[Any, ...]]:
    """What is not empty."""
    return {path: tuple(values) for path, values in by_path.items() if values}


def parse_open(text: str) -> Open | None:
    """``series:1.2.3``, or None for what is no hit's address."""
    kind, colon, uid = text.partition(":")
    return Open(kind, uid) if colon and uid and kind in KINDS else None


def _first(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(parameters.get(name, ())), "")


def _page(text: str) -> int:
    return min(int(text), _MOST) if text.isascii() and text.isdigit() and int(text) else 1
