"""Suggestions as somebody types: names of fields, their values, the next piece of a query text."""

import threading
import time
from typing import Any, Final

from dicomlake.engines.base import Engine
from dicomlake.errors import UnknownFieldError
from dicomlake.query.names import resolve_name
from dicomlake.search.completion import KEYWORDS, Place, place
from dicomlake.search.fields import FieldCatalog, asking, entry, quoted
from dicomlake.search.vocabulary import Vocabulary
from mappings.field import ResolvedField
from mappings.normal import fold

SUGGESTIONS: Final = 10
MAX_SUGGESTIONS: Final = 100
SHARE: Final = 20
"""The fields that are present are read again at most for one part in so many of the time."""


class Suggester:
    """Knows the fields and values of one lake. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._values = Vocabulary(engine)
        self._lock = threading.Lock()
        self._known: tuple[str, float, FieldCatalog] | None = None

    def catalog(self, *, exact: bool = True) -> FieldCatalog:
        """The fields of the lake; unless ``exact`` perhaps as they were a moment ago."""
        generation, now = self._engine.refresh(), time.monotonic()
        with self._lock:
            if self._known and (self._known[0] == generation or (not exact and now < self._known[1])):
                return self._known[2]
        found = FieldCatalog(self._engine.present("series"), self._engine.present("instance"))
        until = time.monotonic() + SHARE * (time.monotonic() - now)
        with self._lock:
            self._known = (generation, until, found)
        return found

    def describe(self, name: str) -> dict[str, Any]:
        """All about one field. Raises UnknownFieldError."""
        field = resolve_name(name)
        counts = self.catalog().counts(field.path)
        some = self._values.complete(field, "", 2, counts["series"])
        return {**entry(field), **asking(field, (one["value"] for one in some)), "documents": counts}

    def find(self, text: str, limit: int) -> list[dict[str, Any]]:
        """The fields that are called like a text, as :func:`entry` tells of them, with how many have them."""
        catalog = self.catalog()
        found = catalog.find(text, limit)
        return [{**entry(resolve_name(one.path)), "documents": catalog.counts(one.path)} for one in found]

    def fields(self, start: str, limit: int) -> list[dict[str, Any]]:
        """Names of fields that begin so, in any of their words."""
        found = self.catalog(exact=False).find(start, limit, starting=True)
        return [{"text": one.path, "label": one.label, "count": one.series} for one in found]

    def values(self, name: str, start: str, limit: int) -> list[dict[str, Any]]:
        """Values of a field that begin so. Raises UnknownFieldError."""
        field = resolve_name(name)
        found = self._of(field, start, limit)
        return [{"text": str(one["value"]), "label": str(one["value"]), **one} for one in found]

    def complete(self, text: str, position: int | None, limit: int) -> dict[str, Any]:
        """What may stand at a position of a query text: ``suggestions``, whose ``text`` goes in the place of the
        characters from ``start`` to ``end``; their ``kind``, and the ``field`` whose values they are."""
        at = place(text, len(text) if position is None else position)
        if at.kind == "field":
            listed = self._names(at, limit)
        elif at.kind == "value" and at.field is not None:
            listed = self._written(at, limit)
        else:
            listed = []
        return {"kind": at.kind, "field": at.field, "start": at.start, "end": at.end, "suggestions": listed}

    def _names(self, at: Place, limit: int) -> list[dict[str, Any]]:
        colon = "" if at.names_only else ":"
        names = [one | {"text": one["text"] + colon} for one in self.fields(at.typed, limit)]
        if at.names_only or not at.typed:
            return names
        words = [word for word in KEYWORDS if word.startswith(at.typed) or fold(word).startswith(fold(at.typed))]
        more = [{"text": word, "label": word, "count": None} for word in words if len(at.typed) > 1]
        return [*names[: max(1, limit - len(more))], *more][:limit]

    def _written(self, at: Place, limit: int) -> list[dict[str, Any]]:
        try:
            field = resolve_name(str(at.field))
        except UnknownFieldError:
            return []
        found = self._of(field, at.typed, limit)
        return [{"text": quoted(str(one["value"])), "label": str(one["value"]), **one} for one in found]

    def _of(self, field: ResolvedField, start: str, limit: int) -> list[dict[str, Any]]:
        series = self.catalog(exact=False).counts(field.path)["series"]
        return self._values.complete(field, start, limit, series)
