"""What goes between the service and the processes that decode.

A job goes in pickled. What comes out was made from a hostile file by native code, so it is read as plain bytes and
JSON, never unpickled.
"""

from dataclasses import dataclass
from typing import Final

import orjson

from dicomlake.errors import (
    DicomlakeError,
    NoPictureError,
    NotAtHandError,
    NotFoundError,
    PictureLimitError,
    UndecodableError,
)

READY: Final = b"ready"
TAKEN: Final = b"taken"

_PICTURE: Final = b"P"
_REASON: Final = b"R"
_LONGEST: Final = 600
"""Characters of a reason."""

REASONS: Final[dict[str, type[DicomlakeError]]] = {
    error.code: error for error in (NoPictureError, NotAtHandError, NotFoundError, PictureLimitError, UndecodableError)
}
"""What may be said instead of a picture, by code."""


@dataclass(frozen=True, slots=True)
class Job:
    """A picture to be made: frame (from 0) of a location, window as text, longest side in pixels. ``small``: for a
    thumbnail. ``most``: bytes that a decoded frame may have. ``seconds``: of processor time."""

    location: str
    frame: int
    window: str
    size: int
    small: bool
    most: int
    seconds: float


def write_picture(picture: bytes) -> bytes:
    """The message of a picture."""
    return _PICTURE + picture


def write_reason(error: DicomlakeError) -> bytes:
    """The message of what is said instead; ``error`` is one of :data:`REASONS`."""
    return _REASON + orjson.dumps([error.code, error.message[:_LONGEST].encode("utf-8", "replace").decode()])


def read(message: bytes) -> bytes:
    """The picture of a message. Raises one of :data:`REASONS` that the message holds, and UndecodableError for what is
    no message."""
    rest = message[1:]
    if is_picture(message):
        return rest
    try:
        code, words = orjson.loads(rest)
        error = REASONS[code](str(words))
    except (ValueError, TypeError, KeyError):
        error = UndecodableError("the picture was decoded into nothing that can be shown")
    raise error


def is_picture(message: bytes) -> bool:
    """Whether a message holds a picture."""
    return message[:1] == _PICTURE and bool(media_type(message[1:]))


def media_type(picture: bytes) -> str:
    """The media type of a picture by its first bytes, ``""`` for what is none that is made here."""
    return (
        "image/png"
        if picture.startswith(b"\x89PNG\r\n")
        else "image/jpeg"
        if picture.startswith(b"\xff\xd8\xff")
        else ""
    )
