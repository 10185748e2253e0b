"""Field names as people type them: their spelling, and who knows what they mean."""

import re
from collections.abc import Callable
from typing import Any, Final, Protocol

from dicomlake.errors import UnknownFieldError
from dicomlake.messages import Message
from mappings import registry
from mappings.field import ResolvedField
from mappings.names import UnknownName

EXISTS: Final = "_exists_"
IN_STUDY: Final = "in_study"
"""The name in front of the colon that asks whether a field has a value."""

# A creator is LO, 64 characters at most; files hold longer ones, and the limit keeps a hostile text linear.
_PRIVATE = r'\(\s*([0-9A-Fa-f]{4})\s*,\s*"(.{0,256}?)"\s*,\s*([0-9A-Fa-f]{2}(?:[0-9A-Fa-f]{2})?)\s*\)'
_TAG = r"\([0-9A-Fa-f]{4},[0-9A-Fa-f]{4}\)"
_STEP = rf"(?:{_PRIVATE}|{_TAG}|[0-9A-Fa-f]{{4}},[0-9A-Fa-f]{{4}}|[^\W\d]\w*|[0-9A-Fa-f]{{8}}\b)"

NAME: Final = re.compile(rf"{_STEP}(?:\.{_STEP})*", re.DOTALL)
"""A well-formed field name: steps of keywords, tags or private names, joined by points."""

TAG_VALUE: Final = re.compile(_TAG)
"""A value of VR AT, as documents write it."""

HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")
"""A surrogate that lost its other half: JSON can write it, no file and no index can hold it."""

_SHOWN = 400
"""Characters of what fills a message."""
_PRIVATE_NAME = re.compile(_PRIVATE, re.DOTALL)


class FieldNames(Protocol):
    """Who knows what a name means: ``mappings.registry`` is one."""

    @property
    def resolve(self) -> Callable[[str], ResolvedField]:
        """The field of a name; raises LookupError, with ``nearest`` where there are any."""


def spelled(name: str) -> str:
    """A field name without the spaces that people put into private names."""
    return _PRIVATE_NAME.sub(r'(\1,"\2",\3)', name) if "(" in name else name


def resolve_name(name: str, names: FieldNames = registry, position: int | None = None) -> ResolvedField:
    """The field of a name. Raises UnknownFieldError with ``nearest``."""
    if HALF_CHARACTER.search(name):
        raise UnknownFieldError("a field name holds half of a surrogate pair; remove it", position=position)
    try:
        return names.resolve(name)
    except LookupError as error:
        nearest = list(getattr(error, "nearest", ())) or None
        said = one_line(_why(error)) if isinstance(error, UnknownName) else _fit(str(error))
        raise UnknownFieldError(said, position=position, field=name, nearest=nearest) from error


def _why(error: UnknownName) -> Message:
    what = Message(error.template, **error.values)
    return Message("{what}; nearest: {names}", what=what, names=", ".join(error.nearest)) if error.nearest else what


def one_line(message: Message) -> Message:
    """A message that holds names or paths, fit to print: no control characters, and not as long as a hostile name."""
    return Message(message.template, **{name: _fit(value) for name, value in message.values.items()})


def _fit(value: Any) -> Any:
    if isinstance(value, Message):
        return one_line(value)
    if not isinstance(value, str):
        return value
    line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in value)
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
