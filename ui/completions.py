"""Completions of a query as the bar lists them: what the API suggests, and values of the answer that is shown."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mappings.normal import fold
from ui.labels import shown
from ui.queries import written
from ui.views import value_label

LISTED: Final = 10
_VALUES: Final = 4
"""Values of facets that are listed beside fields."""
_LOOKED: Final = 200
"""Values of a facet that are looked at, the most frequent ones."""
_SHORTEST: Final = 2
"""Characters that a word needs for values to be looked for."""

Facets = Mapping[str, Sequence[Mapping[str, Any]]]


def completion(answer: Mapping[str, Any], text: str, position: int, facets: Facets) -> dict[str, Any]:
    """The bar's list: ``items``, to be put in the place of the characters from ``start`` to ``end``."""
    kind, field = answer["kind"], answer["field"]
    typed = text[answer["start"] : position]
    word = typed.lstrip('-+!("')
    items = [_item(kind, one, field) for one in answer["suggestions"]]
    if kind == "field" and len(word) >= _SHORTEST and not text[: answer["start"]].endswith("_exists_:"):
        values = _values(word, facets)
        items = [*items[: LISTED - len(values)], *values]
    if kind == "field" and not typed:
        items = items[:LISTED]
    done = len(items) == 1 and items[0]["text"] in (typed, f"{typed}:")
    return {
        "kind": kind,
        "label": shown(field).label if field else "",
        "start": answer["start"],
        "end": answer["end"],
        "typed": word,
        "items": [] if done else items,
    }


def _item(kind: str, one: Mapping[str, Any], field: str | None) -> dict[str, Any]:
    text = one["text"]
    if kind == "value" and field:
        label = value_label(field, one["value"])
        return {"text": text, "label": label, "aside": "", "count": one["count"], "title": text}
    name = text.removesuffix(":")
    known = shown(name)
    aside = known.label if known.label != name else ""
    return {"text": text, "label": name, "aside": aside, "count": one["count"], "code": True, "title": name}


def _values(word: str, facets: Facets) -> list[dict[str, Any]]:
    """Values that begin so, of any facet; the most frequent first."""
    wanted = fold(word)
    found = [
        (entry["count"], path, entry["value"])
        for path, entries in facets.items()
        for entry in entries[:_LOOKED]
        if isinstance(entry["value"], str) and entry["count"] and fold(entry["value"]).startswith(wanted)
    ]
    found.sort(key=lambda each: -each[0])
    return [
        {
            "text": written(path, value),
            "label": value_label(path, value),
            "aside": shown(path).label,
            "count": count,
            "title": written(path, value),
        }
        for count, path, value in found[:_VALUES]
    ]
