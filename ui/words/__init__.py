"""What the page says, in English and Spanish: ``<area>.yml`` beside this file holds a text in both under its key.

A text may have ``{names}`` to fill in, and two forms, ``one`` and ``other``, of which the number ``n`` takes one.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ui.language import LANGUAGES, grouped, language

Text = str | Mapping[str, str]

HERE = Path(__file__).parent


@cache
def areas() -> dict[str, dict[str, dict[str, Text]]]:
    """All texts: by area, key and language."""
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.yml"))}


@cache
def _spoken(area: str, spoken: str) -> dict[str, Text]:
    return {key: texts[spoken] for key, texts in areas()[area].items()}


def of(area: str) -> dict[str, Text]:
    """The texts of an area in the language in force, by key, as a component takes them."""
    return _spoken(area, language.get()) if area in areas() else {}


def say(key: str, n: int | None = None, **values: Any) -> str:
    """The text of ``area.key`` in the language in force; ``n`` chooses its form and is written grouped.

    Raises KeyError for a key that no file has.
    """
    area, _, name = key.partition(".")
    text = of(area)[name]
    if n is not None:
        values["n"] = grouped(n)
    chosen = text if isinstance(text, str) else text["one" if n == 1 else "other"]
    return chosen.format(**values) if values else chosen


__all__ = ["LANGUAGES", "areas", "of", "say"]
