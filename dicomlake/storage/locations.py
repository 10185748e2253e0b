"""Locations: valid text for every file, and for every member of an archive, that leads back to it.

A location is text that every engine, catalogue and JSON parser takes: the absolute path of a file, and behind it, for
what lies in a zip or tar file, ``!/`` and the member's name, once for each archive within an archive::

    /archive/2019/ct.zip!/STUDY1/IM0001
    /media/backup.tar.gz!/disc 7.zip!/DICOM/IM0001

A path that is no valid UTF-8 (Linux allows any bytes) is written with ``%XX`` for the undecodable bytes. Likewise ``!``
before a slash becomes ``%21``. The second member of the same name ends with ``#2``, and so on; a name that ends so by
itself has ``%23`` there. A percent sign that would read like one of these becomes ``%25``.
"""

import os
import re

_UNSAFE = re.compile("[\udc80-\udcff]|%(?=2[135]|[89A-F][0-9A-F])|!(?=/)")
_ENCODED = re.compile("%(2[135]|[89A-F][0-9A-F])")
_NUMBERED = re.compile(r"#(?=[0-9]+\Z)")
_NUMBER = re.compile(r"#([0-9]+)\Z")
_WITHIN = "!/"


def location_of(path: str | bytes | os.PathLike[str]) -> str:
    """The location of a file: its absolute path (links are not resolved) as valid UTF-8 text."""
    absolute = os.path.abspath(os.fsencode(path))
    return _encoded(absolute.decode("utf-8", "surrogateescape"))


def path_of(location: str) -> str:
    """The path of the file that a location names or lies in, as :mod:`os` takes it."""
    return os.fsdecode(_decoded(location.partition(_WITHIN)[0]).encode("utf-8", "surrogateescape"))


def member_location(archive: str, name: str, number: int = 1) -> str:
    """The location of the ``number``-th member of this name in an archive, itself a location. Undecodable bytes of
    ``name`` are surrogates, as :mod:`tarfile` gives them."""
    text = _NUMBERED.sub("%23", _encoded(name))
    return f"{archive}{_WITHIN}{text}" + (f"#{number}" if number > 1 else "")


def members_of(archive: str) -> str:
    """What the locations of all members of an archive begin with, but for the slash."""
    return archive + _WITHIN[0]


def split(location: str) -> tuple[str, str, int]:
    """An archive's location, the name of its member and which one of that name it is; all empty for a plain file."""
    archive, separator, text = location.rpartition(_WITHIN)
    if not separator:
        return "", "", 0
    number = _NUMBER.search(text)
    name = text[: number.start()] if number else text
    return archive, _decoded(name), int(number[1]) if number else 1


def _encoded(text: str) -> str:
    return _UNSAFE.sub(lambda match: f"%{ord(match[0]) & 0xFF:02X}", text)  # 0xDC80 to 0xDCFF stand for 0x80 to 0xFF


def _decoded(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        value = int(match[1], 16)
        return chr(value) if value < 0x80 else chr(0xDC00 + value)

    return _ENCODED.sub(character, text)
