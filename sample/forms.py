"""Planned attributes in the form of Dicomlake's instance documents, fitted to a character set.

A file is planned as one mapping from DICOM keyword to value; private elements are keyed ``(gggg,"CREATOR",ee)`` and
hold a :class:`Private`; sequences are lists of such mappings; text, UIDs, dates and times are str in DICOM form.
"""

import hashlib
import struct
import unicodedata
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydicom.datadict import dictionary_VR, private_dictionary_VR

from sample.tables import table

Attributes = dict[str, Any]

INLINE_LIMIT = 1024
"""Bytes of a binary value up to which documents carry it whole."""

_LETTERS = str.maketrans("ŁłØøªº—", "LlOoao-")
_TEXT = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})


@dataclass(frozen=True, slots=True)
class Private:
    """Value of a private element with the VR its maker declares."""

    vr: str
    value: Any


def private_key(group: str, creator: str, element: str) -> str:
    return f'({group},"{creator}",{element})'


def private_parts(key: str) -> tuple[int, str, int]:
    """Group, creator and last byte of the element of a key ``(gggg,"CREATOR",ee)``."""
    return int(key[1:5], 16), key[7:-5], int(key[-3:-1], 16)


@cache
def vr_of(keyword: str) -> str:
    """VR of a public attribute; the first of those the dictionary allows ("US or SS")."""
    return dictionary_VR(keyword).split(" or ")[0]


@cache
def known_private_vr(key: str) -> str:
    """VR that pydicom's dictionary has for a private element, UN when it has none."""
    group, creator, element = private_parts(key)
    try:
        return private_dictionary_VR(group << 16 | 0x1000 | element, creator)
    except KeyError:
        return "UN"


def decimal(value: float) -> str:
    """A DS of at most 16 characters (PS3.5 table 6.2-1)."""
    return f"{value:.10g}"


def single(value: float) -> float:
    """The nearest value that FL can hold."""
    held: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return held


def fold(text: str) -> str:
    """Text without accents and other marks, in ASCII; what has no counterpart is left out."""
    replaced = text.translate(_LETTERS)
    return unicodedata.normalize("NFKD", replaced).encode("ascii", "ignore").decode()


def fits(text: str, charset: str) -> bool:
    """Whether a character set (SpecificCharacterSet, values joined by a backslash) can hold a text."""
    try:
        text.encode(table("charsets")[charset])
    except UnicodeEncodeError:
        return False
    return True


def fitted(attributes: Mapping[str, Any], charset: str) -> Attributes:
    """The same attributes with every text that the character set cannot hold folded to ASCII."""
    return {key: _fitted(value, _vr(key, value), charset) for key, value in attributes.items()}


def document(attributes: Mapping[str, Any]) -> Attributes:
    """The values as an instance document shows them: scalar, list or null, numbers typed, long binary reduced."""
    return {key: _shown(value, _vr(key, value)) for key, value in attributes.items()}


def _vr(key: str, value: Any) -> str:
    if isinstance(value, Private):
        return value.vr
    return "SQ" if isinstance(value, list) and value and isinstance(value[0], dict) else vr_of(key)


def _fitted(value: Any, vr: str, charset: str) -> Any:
    if isinstance(value, Private):
        return Private(value.vr, _fitted(value.value, vr, charset))
    if vr == "SQ":
        return [fitted(item, charset) for item in value]
    if vr not in _TEXT or not value:
        return value
    if isinstance(value, list):
        return [_fitted(one, vr, charset) for one in value]
    return value if fits(value, charset) else fold(value)


def _shown(value: Any, vr: str) -> Any:
    if isinstance(value, Private):
        value = value.value
    if vr == "SQ":
        return [document(item) for item in value]
    if isinstance(value, list):
        return [_shown(one, vr) for one in value] if len(value) > 1 else _shown(value[0], vr) if value else None
    if value is None or value in ("", b""):
        return None
    if vr == "DS":
        return float(decimal(value))
    if vr == "FL":
        return single(value)
    if vr == "FD":
        return float(value)
    if vr in _BINARY:
        return binary(value)
    return value


def binary(value: bytes) -> dict[str, Any]:
    if len(value) <= INLINE_LIMIT:
        return {"InlineBinary": b64encode(value).decode()}
    return {"length": len(value), "sha256": hashlib.sha256(value).hexdigest()}
