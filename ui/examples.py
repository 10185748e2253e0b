"""Queries to show how one is written, made of what the lake has. Pure functions."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from dicomlake.query import ast
from dicomlake.query.render import to_text
from ui.queries import valued, written

_WORDS: Final = re.compile(r"[^\W\d_]{4,}")
_DAY: Final = re.compile(r"(\d{4})(\d\d)\d\d")


class Example(NamedTuple):
    """A query and the key of what it finds, with the values that the text fills in."""

    q: str
    key: str
    values: dict[str, Any]


def examples(answer: Mapping[str, Any], private: str | None) -> list[Example]:
    """One query a form of the syntax, of values of this answer; forms that it has no values for are left out.

    ``private`` is a condition on a private element that the lake has.
    """
    hits, facets = answer["hits"], answer["facets"]
    found = [*_of_words(hits), *_of_values(facets), *_of_ranges(hits)]
    if private:
        found.append(Example(private, "private", {}))
    return found


def _of_words(hits: list[Mapping[str, Any]]) -> Iterator[Example]:
    texts = [text for hit in hits for text in _texts(hit, "SeriesDescription", "StudyDescription")]
    runs = [run for text in texts if (run := _WORDS.findall(text))]
    if not runs:
        return
    several = next((run for run in runs if len(run) > 1), None)
    if several:
        yield Example(f"{several[0].lower()} {several[1].lower()}", "words", {})
        phrase = next((found[0] for text in texts if (found := re.search(r"[^\W\d_]{3,} [^\W\d_]{3,}", text))), None)
        if phrase:
            yield Example(f'"{phrase.lower()}"', "phrase", {})
    word = runs[0][0].lower()
    yield Example(f"{word[:4]}*", "beginning", {"start": word[:4]})


def _of_values(facets: Mapping[str, Any]) -> Iterator[Example]:
    modalities = _top(facets, "Modality")
    if modalities:
        yield Example(written("Modality", modalities[0]), "value", {})
    maker = next(iter(_top(facets, "Manufacturer.canonical")), None)
    model = next((value for value in _top(facets, "ManufacturerModelName") if " " in value), None)
    if model or maker:
        path, value = ("ManufacturerModelName", model) if model else ("Manufacturer.canonical", str(maker))
        yield Example(to_text(ast.Phrase(path, value)), "quoted", {})
    if len(modalities) > 1:
        yield Example(to_text(ast.Terms("Modality", tuple(modalities[:2]))), "values", {})
        yield Example(f"NOT {written('Modality', modalities[0])}", "not", {})
        pair = {"first": modalities[0], "second": modalities[1]}
        query = ast.And((ast.Term("Modality", modalities[0]), ast.InStudy(ast.Term("Modality", modalities[1]))))
        yield Example(to_text(query), "in_study", pair)
    if maker:
        first = re.split(r"\W", maker)[0]
        yield Example(f"Manufacturer.canonical:{first}*", "prefix", {})
    yield Example("NOT _exists_:BodyPartExamined", "missing", {})


def _of_ranges(hits: list[Mapping[str, Any]]) -> Iterator[Example]:
    thick = sorted(value for hit in hits for value in _numbers(hit.get("SliceThickness")))
    if thick:
        yield Example(to_text(ast.Range("SliceThickness", "0", f"{thick[len(thick) // 2]:g}")), "range", {})
    many = sorted(hit["instanceCount"] for hit in hits)
    if many and many[-1] > 1:
        yield Example(f"instanceCount:>={many[len(many) // 2]}", "least", {})
    days = [day for hit in hits for text in _texts(hit, "StudyDate") if (day := _DAY.fullmatch(text))]
    if days:
        year, month = days[len(days) // 2].groups()
        yield Example(f"StudyDate:{year}-{month}", "month", {})
        yield Example(to_text(ast.Range("StudyDate", str(int(year) - 1), year)), "years", {})


def _texts(hit: Mapping[str, Any], *paths: str) -> list[str]:
    values = [hit.get(path) for path in paths]
    return [
        text for value in values for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)
    ]


def _numbers(value: Any) -> list[float]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, int | float)]


def _top(facets: Mapping[str, Any], path: str) -> list[str]:
    return [entry["value"] for entry in facets.get(path, ()) if isinstance(entry["value"], str) and entry["count"]]


def private_condition(field: Mapping[str, Any], listed: list[Mapping[str, Any]]) -> str | None:
    """A condition on a private element with a value that it has; ``listed`` are values that the API suggests."""
    value = next((one["value"] for one in listed if _harmless(one["value"])), None)
    return None if value is None else to_text(valued(field["keyword"], value))


def _harmless(value: Any) -> bool:
    """Numbers and codes: nothing that reads like a name."""
    return isinstance(value, int | float) or bool(re.fullmatch(r"[A-Z0-9_.]{1,16}", str(value)))
