"""What is refused, in the language in force: the English sentences of errors with their Spanish ones, as ``*.yml``
beside this file list them.

An error brings its English text, and the :class:`dicomlake.messages.Message` it was made of where something was filled
in. A sentence that no file has, as of a service of another version, stays as it is.
"""

import re
import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from ui.language import grouped, language, pointed

HERE: Final = Path(__file__).parent

_FORMED: Final = ("details.yml", "pictures.yml")
_SCHEMA: Final = ("schema.yml",)
_INNER: Final = "detail"
"""The name of what is a sentence itself."""

_SPEC: Final = re.compile(r":[^{}]*\}")
"""How a value is written: in a finished sentence it is."""


@cache
def sentences() -> dict[str, dict[str, str]]:
    """Every sentence that can be said in another language: its texts by language, by the English one."""
    files = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.yml")))
    return {one["en"]: one for listed in files for one in listed}


def in_words(text: str, message: Mapping[str, Any] | None = None) -> str | None:
    """What an error says, in the language in force: its ``text``, or what its ``message`` makes of it.

    None where there is no translation.
    """
    if language.get() == "en":
        return text
    if message is None:
        found = sentences().get(text)
        return found[language.get()] if found else _of_schema(text)
    try:
        return _filled(message)
    except (LookupError, TypeError, ValueError):  # of a service that says other things, or fills in others
        return None


def formed_in_words(text: str) -> str | None:
    """A finished sentence in the language in force, found by its form: what an issue of a header says, for of that a
    document holds no more, or why there is no picture. None where there is no translation.
    """
    return text if language.get() == "en" else _formed(text, _FORMED)


def _of_schema(text: str) -> str | None:
    """What does not fit the schema of a request, field by field: ``limit: Input should be ...; the body: ...``."""
    said = []
    for one in text.split("; "):
        field, _, detail = one.partition(": ")
        said.append((field.removeprefix("the "), _formed(detail, _SCHEMA)))
    return "; ".join(f"{field}: {detail}" for field, detail in said) if all(detail for _, detail in said) else None


def _formed(text: str, files: tuple[str, ...]) -> str | None:
    for form, sentence in _forms(files):
        if found := form.fullmatch(text):
            filled = {
                name: _formed(value, files) or (name != _INNER and value) for name, value in found.groupdict().items()
            }
            return sentence[language.get()].format_map(filled) if all(filled.values()) else None
    return None


@cache
def _forms(files: tuple[str, ...]) -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """The sentences that are found by their form, those that are the longest without what fills them first."""
    listed = [one for name in files for one in yaml.safe_load((HERE / name).read_text(encoding="utf-8"))]
    plain = [{language: _SPEC.sub("}", text) for language, text in one.items()} for one in listed]
    found = [(re.compile(_form(one["en"]), re.DOTALL), one) for one in plain]
    return sorted(found, key=lambda one: -len(re.sub(r"\{\w+\}", "", one[1]["en"])))


def _form(template: str) -> str:
    parts = string.Formatter().parse(template)
    return "".join(re.escape(text) + (f"(?P<{name}>.+)" if name else "") for text, name, _, _ in parts)


def _filled(message: Mapping[str, Any]) -> str:
    """Raises KeyError for a sentence without a translation, at any depth."""
    return _Filler().vformat(sentences()[message["template"]][language.get()], (), message["values"])


class _Filler(string.Formatter):
    """Fills in sentences within the sentence, and numbers as the language writes them."""

    def format_field(self, value: Any, spec: str) -> str:
        if isinstance(value, Mapping):
            return _filled(value)
        if spec == "," and isinstance(value, int):
            return grouped(value)
        text = str(super().format_field(value, spec))
        return pointed(text) if isinstance(value, float) else text
