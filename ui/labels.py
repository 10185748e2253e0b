"""Names for people, from the field registry, and what the page shows, from ``page.yml``."""

from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from mappings import registry
from mappings.field import OFFSET
from ui.language import language

_PAGE: Final = Path(__file__).with_name("page.yml")


class Shown(NamedTuple):
    """How a field is shown: label, VR, unit (UCUM), and whether its values are numbers."""

    label: str
    vr: str | None = None
    unit: str | None = None
    number: bool = False


@cache
def page() -> dict[str, Any]:
    """The content of ``page.yml``."""
    content: dict[str, Any] = yaml.safe_load(_PAGE.read_text(encoding="utf-8"))
    return content


def shown(path: str) -> Shown:
    """How the page shows a field, a companion as the field it accompanies; an unknown name as itself."""
    return _shown(path, language.get())


@lru_cache(maxsize=8_192)
def _shown(path: str, spoken: str) -> Shown:
    own = page()["counts"].get(path)
    if own is not None:
        return Shown(own[spoken], number=True)
    try:
        resolved = registry.resolve(path)
    except registry.UnknownName:
        return Shown(path)
    field = resolved.field
    if field is None or resolved.companion in ("rule", OFFSET):
        return Shown(resolved.label, resolved.vr)
    return Shown(
        field.label_es if spoken == "es" else field.label, field.vr, field.unit, field.kind in ("integer", "float")
    )


def head(path: str) -> str:
    """The label of a column, short and with its unit."""
    field = shown(path)
    label = page()["heads"].get(path, {}).get(language.get(), field.label)
    return f"{label} ({field.unit})" if field.unit and field.unit != "By" else label
