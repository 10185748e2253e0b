"""Encoded values to values: one decoder per VR and byte order (PS3.5 6.2).

A decoder takes the bytes of a value, never empty, and the character set; it gives the value as :class:`Header`
describes, or raises :class:`Breach` with what is kept of a value that breaks its VR.
"""

import hashlib
import re
import sys
from binascii import b2a_base64
from collections.abc import Callable
from math import isfinite
from struct import Struct, unpack
from typing import Any, Final, TypeAlias, cast

from dicomlake.headers.charsets import Charset
from dicomlake.headers.faults import Breach
from dicomlake.headers.header import Value
from dicomlake.headers.texts import TEXT_DECODERS, summary

Decoder: TypeAlias = Callable[[bytes, Charset], Value]

INLINE_LIMIT: Final = 1024
"""Bytes of a binary value that is kept; of a longer one, length and SHA-256."""

LARGE: Final = 1 << 24
"""Bytes of a value that is held to be decoded; of a longer one, length and SHA-256."""

_LARGEST: Final = sys.float_info.max
_NUMBER_FORMATS: Final = {"SS": "h", "US": "H", "SL": "i", "UL": "I", "SV": "q", "UV": "Q", "FL": "f", "FD": "d"}
_BINARY: Final = ("OB", "OD", "OF", "OL", "OV", "OW")
ITEM_STARTS: Final = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")
"""The tag of an item, in either byte order."""
HOLDS_ITEMS: Final = "holds-items"
"""The code, none of quality, of a value of unknown VR that begins with an item."""
_INT64: Final = 1 << 63


def decoders(byte_order: str) -> dict[str, Decoder]:
    """The decoder of every VR of PS3.5 table 6.2-1 but SQ; ``byte_order`` is ``<`` or ``>``."""
    numbers = {vr: _numbers(byte_order, letter) for vr, letter in _NUMBER_FORMATS.items()}
    return {
        **TEXT_DECODERS,
        **numbers,
        **dict.fromkeys(_BINARY, binary),
        "UN": unknown,
        "AT": _tags(byte_order),
        "DS": decimal_string,
        "IS": integer_string,
    }


def binary(raw: bytes | memoryview, charset: Charset) -> Value:
    """OB, OD, OF, OL, OV, OW."""
    if len(raw) <= INLINE_LIMIT:
        return {"InlineBinary": b2a_base64(raw, newline=False).decode("ascii")}
    return {"length": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def unknown(raw: bytes, charset: Charset) -> Value:
    """UN: binary, unless it may be a sequence."""
    if raw.startswith(ITEM_STARTS):
        raise Breach(None, HOLDS_ITEMS, "")
    return binary(raw, charset)


def decimal_string(raw: bytes, charset: Charset) -> Value:
    """DS: a fixed or floating point number. Longer than 16 bytes it is a number all the same, with an issue."""
    if not raw.translate(None, b"0123456789+-.eE \\\0"):
        try:
            if b"\\" not in raw:
                text = raw.rstrip(b" \0")
                if not text:
                    return None
                number = float(text)
                if -_LARGEST <= number <= _LARGEST:
                    if len(raw) > 16:
                        raise Breach(number, "value-too-long", "a DS has 16 bytes at most")
                    return number
            else:
                texts = raw.rstrip(b" \0").split(b"\\")
                try:
                    numbers: list[Any] = list(map(float, texts))
                    finite = all(map(isfinite, numbers))
                except ValueError:  # some are empty
                    numbers = [float(text) if text.strip() else None for text in texts]
                    finite = all(isfinite(number) for number in numbers if number is not None)
                if finite:
                    value: Any = numbers if len(numbers) <= 256 else summary(numbers, raw)
                    if max(map(len, texts)) > 16:
                        raise Breach(value, "value-too-long", "a DS has 16 bytes at most")
                    return cast(Value, value)
        except ValueError:
            pass
    raise Breach(_text(raw), "bad-number", "not a decimal string (DS)")


def integer_string(raw: bytes, charset: Charset) -> Value:
    """IS: an integer. Beyond 32 bits it is a number all the same, with an issue; beyond 64 bits it is text."""
    if not raw.translate(None, b"0123456789+- \\\0"):
        try:
            if b"\\" not in raw:
                text = raw.rstrip(b" \0")
                if not text:
                    return None
                number = int(text)
                if -0x80000000 <= number <= 0x7FFFFFFF:
                    return number
                if -_INT64 <= number < _INT64:
                    raise Breach(number, "number-out-of-range", "an IS has 32 bits")
            else:
                texts = raw.rstrip(b" \0").split(b"\\")
                numbers = [int(text) if text.strip() else None for text in texts]
                present = [number for number in numbers if number is not None]
                low, high = min(present, default=0), max(present, default=0)
                if low >= -_INT64 and high < _INT64:
                    value: Any = numbers if len(numbers) <= 256 else summary(numbers, raw)
                    if low < -0x80000000 or high > 0x7FFFFFFF:
                        raise Breach(value, "number-out-of-range", "an IS has 32 bits")
                    return cast(Value, value)
        except ValueError:
            pass
    raise Breach(_text(raw), "bad-number", "not an integer string (IS)")


def _numbers(byte_order: str, letter: str) -> Decoder:
    one = Struct(byte_order + letter)
    size = one.size
    unpack_one = one.unpack

    def integers(raw: bytes, charset: Charset) -> Value:
        if len(raw) == size:
            number: int = unpack_one(raw)[0]
            return number
        count, rest = divmod(len(raw), size)
        if rest:
            raise _wrong_length(raw, size)
        numbers = unpack(f"{byte_order}{count}{letter}", raw)
        return list(numbers) if count <= 256 else summary(numbers, raw)

    def floats(raw: bytes, charset: Charset) -> Value:
        if len(raw) == size:
            number: float = unpack_one(raw)[0]
            if isfinite(number):
                return number
            raise Breach(repr(number), "non-finite-number", "NaN or infinite")
        count, rest = divmod(len(raw), size)
        if rest:
            raise _wrong_length(raw, size)
        numbers: tuple[Any, ...] = unpack(f"{byte_order}{count}{letter}", raw)
        finite = all(map(isfinite, numbers))
        if not finite:
            numbers = tuple(map(repr, numbers))
        value = list(numbers) if count <= 256 else summary(numbers, raw)
        if not finite:
            raise Breach(value, "non-finite-number", "NaN or infinite")
        return value

    return floats if letter in "fd" else integers


def _tags(byte_order: str) -> Decoder:
    def tags(raw: bytes, charset: Charset) -> Value:
        if len(raw) % 4:
            raise _wrong_length(raw, 4)
        halves = unpack(f"{byte_order}{len(raw) // 2}H", raw)
        texts = [f"({halves[i]:04X},{halves[i + 1]:04X})" for i in range(0, len(halves), 2)]
        if len(texts) == 1:
            return texts[0]
        return texts if len(texts) <= 256 else summary(texts, raw)  # type: ignore[return-value]

    return tags


def _wrong_length(raw: bytes, size: int) -> Breach:
    """Bytes that are no whole number of values: their text when they are printable, else kept as binary."""
    printable = re.fullmatch(rb"[\x20-\x7e]+[ \0]*", raw) is not None
    value = _text(raw) if printable else binary(raw, None)  # type: ignore[arg-type]
    return Breach(value, "wrong-length", f"length is not a multiple of {size}")


def _text(raw: bytes) -> Value:
    """The text of a value of a VR without character set, split at backslashes."""
    values = [part.strip(" \0") or None for part in raw.decode("latin-1").strip(" \0").split("\\")]
    if len(values) == 1:
        return values[0]
    return values if len(values) <= 256 else summary(values, raw)  # type: ignore[return-value]
