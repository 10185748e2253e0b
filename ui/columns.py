"""Columns of the table: which a level shows, how wide they are, and which more there are to choose from."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mappings import registry
from ui.labels import head, page, shown
from ui.language import language
from ui.state import PageState

MOST: Final = 40
"""Columns of a table."""
NARROWEST, WIDEST = 48, 900
"""Pixels of a column."""
_BY_VR: Final = {
    "AE": 120, "AS": 72, "AT": 110, "CS": 104, "DA": 98, "DS": 84, "DT": 150, "FD": 84, "FL": 84, "IS": 76, "LO": 168,
    "LT": 220, "OB": 90, "OW": 90, "PN": 150, "SH": 124, "SL": 76, "SQ": 100, "SS": 76, "ST": 200, "TM": 84, "UC": 180,
    "UI": 260, "UL": 76, "US": 76, "UT": 220,
}  # fmt: skip
"""Pixels by VR: what its values usually fill (PS3.5 section 6.2), not the longest that it allows."""
_BY_KIND: Final = {"integer": 84, "float": 84, "date": 98, "time": 84, "datetime": 150, "uid": 260, "text": 200}
_OWN: Final = {
    "Modality": 78,
    "SeriesDescription": 230,
    "StudyDescription": 230,
    "BodyPartExamined.canonical": 112,
    "PatientID": 136,
    "PatientSex.canonical": 64,
    "PatientAge": 70,
    "StudyDate": 98,
    "Manufacturer.canonical": 168,
    "bytes": 128,
    "fileSize": 128,
    "location": 320,
}
"""Pixels of what stands in the first table, where its values are shorter or longer than the VR lets expect."""
BARS: Final = ("bytes", "fileSize")
"""Columns whose numbers have a small bar, as a share of the page's largest."""


def setting(level: str) -> str:
    """The name under which the user's columns of a level are kept."""
    return f"columns.{level}"


WIDTHS: Final = "columns.widths"
"""The name under which the user's widths are kept: pixels by path."""


def standard(level: str) -> list[str]:
    """The columns of a level until somebody chooses others."""
    return list(page()["levels"][level]["columns"])


def chosen(state: PageState, kept: Any = None) -> list[str]:
    """The columns in force: those of the address, else the user's, else the level's."""
    listed = list(state.columns) or (kept if isinstance(kept, list) else [])
    named = [name for name in dict.fromkeys(listed) if isinstance(name, str) and name]
    return named[:MOST] or standard(state.level)


def width(path: str, kept: Any = None) -> int:
    """Pixels of a column: the user's, else what the registry says of its values."""
    own = kept.get(path) if isinstance(kept, Mapping) else None
    if isinstance(own, int) and not isinstance(own, bool):
        return min(max(own, NARROWEST), WIDEST)
    if path in _OWN:
        return _OWN[path]
    label = 7 * len(head(path)) + 34
    return min(max(_of_values(path), min(label, 190)), WIDEST)


def _of_values(path: str) -> int:
    try:
        resolved = registry.resolve(path)
    except registry.UnknownName:
        return 90 if path in page()["counts"] else 160
    if resolved.companion is None and resolved.field is not None and resolved.field.kind in _BY_KIND:
        return _BY_KIND[resolved.field.kind]
    return _BY_VR.get(resolved.vr or "", 140)


def option(path: str) -> dict[str, Any]:
    """A column as the chooser lists it."""
    field = shown(path)
    return {"name": path, "label": field.label, "code": path if path != field.label else ""}


def found(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Fields that ``GET /api/v1/fields`` found, as the chooser lists them: those that a cell can show."""
    options = []
    for entry in entries:
        if entry["kind"] in ("sequence", "binary"):
            continue
        label = (entry.get("label_es") if language.get() == "es" else None) or entry["label"]
        documents = entry.get("documents")
        one = {"name": entry["keyword"], "label": label, "code": entry["keyword"], "tag": entry.get("tag")}
        options.append(one | {"none": documents is not None and not documents["series"]})
        if entry.get("canonical"):
            path = f"{entry['keyword']}.canonical"
            options.append(option(path) | {"tag": None, "none": options[-1]["none"]})
    return options


def suggested(level: str, used: Sequence[str]) -> list[dict[str, Any]]:
    """What the chooser offers before anybody types: the level's own and the registry's columns."""
    registered = [field.keyword for field in registry.load().fields if field.column or field.facet or field.histogram]
    names = dict.fromkeys([*standard(level), *registered])
    return [option(name) for name in names if name not in used]
