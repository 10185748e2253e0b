"""The normal form of values: what both engines index, so that neither engine's own analysis can make them differ.

A *token* is a string: one type letter, then the value in a form whose plain string order is the order of the values.

====== =========================== ==========================================================
letter values                      form after the letter
====== =========================== ==========================================================
``d``  DA, local midnight          16 hex digits: microseconds since 1970-01-01, offset by 2**63
``m``  DT, local wall clock        the same
``n``  numbers, 64-bit and float   16 hex digits of the order-preserving double, 4 of the rest
``s``  text                        the text itself, cut at :data:`TEXT_LIMIT` bytes plus a hash
``t``  TM, since local midnight    16 hex digits: microseconds, offset by 2**63
====== =========================== ==========================================================

*Folding* takes case and accents away for equality ("García" = "GARCIA"); it is idempotent.
*Words* are the folded runs of letters and digits that free text and phrases are matched on.
"""

import hashlib
import math
import re
import struct
import unicodedata
from functools import lru_cache
from math import isfinite

TEXT_LIMIT = 8_000
"""UTF-8 bytes of a text value that engines see. OpenSearch refuses a document with a term over 32,766 bytes and
Tantivy drops strings from 40,000 bytes on without a word; both stay far away."""

WORD_LIMIT = 255
"""Characters of one word; the rest of a longer run is dropped (Lucene's own default)."""

LETTERS = "dmnst"
"""The types of tokens."""

_MOMENT_OFFSET = 1 << 63
_EXACT = 1 << 53
"""Integers up to here are doubles."""
_pack_double = struct.Struct(">d").pack
_unpack_bits = struct.Struct(">Q").unpack
_WORD = re.compile(r"[^\W_]+")


def number_token(value: int | float) -> str:
    """Token of a finite number; exact for all 64-bit integers and all doubles, 1 and 1.0 alike.

    Raises ValueError for NaN, infinities and integers beyond the range of a double.
    """
    if isinstance(value, float):
        if not isfinite(value):
            raise ValueError("not a finite number")
        double, rest = value, 0
    elif -_EXACT <= value <= _EXACT:
        double, rest = float(value), 0
    else:
        double, rest = _double_below(value)
    bits = _unpack_bits(_pack_double(double + 0.0))[0]
    ordered = bits ^ 0xFFFFFFFFFFFFFFFF if bits >> 63 else bits | 1 << 63
    return f"n{ordered:016x}{rest:04x}"


def _double_below(value: int) -> tuple[float, int]:
    """The largest double that is not above an integer, and what is missing: never negative."""
    try:
        double = float(value)
    except OverflowError as error:
        raise ValueError("number out of range") from error
    if double > value:
        double = math.nextafter(double, -math.inf)
    rest = value - int(double)
    if rest > 0xFFFF:
        raise ValueError("integer beyond 64 bits")
    return double, rest


def moment_token(letter: str, microseconds: int) -> str:
    """Token of a DA (``d``), DT (``m``) or TM (``t``) value in microseconds of local wall-clock time."""
    return f"{letter}{microseconds + _MOMENT_OFFSET:016x}"


def text_token(value: str) -> str:
    """Token of a text value; beyond the limit the first bytes and the SHA-256 of the whole stand for it."""
    return "s" + limit_text(value)


def limit_text(value: str) -> str:
    """The value as engines see it: unchanged up to the limit, else a prefix and the SHA-256 of the whole."""
    if len(value) * 4 <= TEXT_LIMIT:  # no character has more than four bytes
        return value
    encoded = value.encode("utf-8", "surrogatepass")
    if len(encoded) <= TEXT_LIMIT:
        return value
    digest = hashlib.sha256(encoded).hexdigest()
    return encoded[: TEXT_LIMIT - 67].decode("utf-8", "ignore") + "…" + digest


def token_value(token: str) -> str | int | float:
    """The value a token stands for: text, number, or microseconds for ``d``, ``m`` and ``t``."""
    letter, body = token[0], token[1:]
    if letter == "s":
        return body
    if letter == "n":
        return _number(body)
    return int(body, 16) - _MOMENT_OFFSET


def _number(body: str) -> int | float:
    ordered, rest = int(body[:16], 16), int(body[16:], 16)
    bits = ordered & ~(1 << 63) if ordered >> 63 else ordered ^ 0xFFFFFFFFFFFFFFFF
    double: float = struct.unpack(">d", struct.pack(">Q", bits))[0]
    if double.is_integer() and abs(double) < 2**64:
        return int(double) + rest
    return double


def fold(text: str) -> str:
    """Case and accents taken away; upper case, since most of DICOM is. ``fold(fold(x)) == fold(x)``."""
    if text.isascii():
        return text.upper()
    return _fold_unicode(text)


@lru_cache(maxsize=16_384)
def _fold_unicode(text: str) -> str:
    previous = text
    for _ in range(4):  # a few characters need a second round before they are stable
        decomposed = unicodedata.normalize("NFKD", previous.casefold())
        folded = "".join(c for c in decomposed if not unicodedata.combining(c)).upper()
        if folded == previous:
            break
        previous = folded
    return previous


def words(text: str) -> list[str]:
    """Folded words of a text in order: ``"Low-dose CT, 5.0"`` gives ``["LOW", "DOSE", "CT", "5", "0"]``."""
    return [word[:WORD_LIMIT] for word in _WORD.findall(fold(text))]
