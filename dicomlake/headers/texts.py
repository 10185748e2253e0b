"""Decoders of the text VRs, and their rules (PS3.5 table 6.2-1). Padding is stripped as pydicom strips it."""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, TypeAlias

from dicomlake.headers.charsets import Charset
from dicomlake.headers.faults import Breach
from dicomlake.headers.header import Value

MANY: Final = 256
"""Values of one element that are kept; of more, a summary."""
FIRST: Final = 16
"""Values at the start of a summary."""

_Check: TypeAlias = Callable[[str], bool]
_LONGEST: Final = 64
"""Characters of a value of the default repertoire: a UID's. What is longer is not checked, nor remembered."""
_ESC: Final = 0x1B

_TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:(?:[0-5][0-9]|60)(?:\.[0-9]{1,6})?)?)? *")
_AGE: Final = re.compile(r"\d{3}[DWMY]")
_CODE: Final = re.compile(r"[A-Z0-9 _]{1,16}")
_OFFSET: Final = re.compile(r"\+(?:0[0-9]|1[0-3])[0-5][0-9]|\+1400|-(?:0[0-9]|1[01])[0-5][0-9]|-1200")
"""From -1200 to +1400."""
_UID: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")


def summary(values: Sequence[Any], raw: bytes) -> dict[str, Value]:
    """What is kept of an element of more than 256 values."""
    present = [value for value in values if value is not None]
    extremes = {}
    if present and not isinstance(present[0], str):
        extremes = {"min": min(present), "max": max(present)}
    return {
        "count": len(values),
        **extremes,
        "sha256": hashlib.sha256(raw).hexdigest(),
        "first": list(values[:FIRST]),
    }


@lru_cache(maxsize=4096)
def _is_date(text: str) -> bool:
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def _is_time(text: str) -> bool:
    return _TIME.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _is_datetime(text: str) -> bool:
    text = text.rstrip(" ")
    if _OFFSET.fullmatch(text, max(len(text) - 5, 4)):
        text = text[:-5]
        if text.endswith(" "):
            return False
    day, time = text[:8], text[8:]
    if not _is_date((day + "0101")[:8] if len(day) == 4 else (day + "01")[:8] if len(day) == 6 else day):
        return False
    return not time or (len(day) == 8 and _is_time(time))


@lru_cache(maxsize=4096)
def _is_uid(text: str) -> bool:
    return _UID.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def _is_age(text: str) -> bool:
    return _AGE.fullmatch(text) is not None


def _is_title(text: str) -> bool:
    return len(text) <= 16 and text.isascii() and text.isprintable()


def _plain(check: _Check, code: str, detail: str, *, both_ends: bool = False) -> Callable[[bytes, Charset], Value]:
    """A VR of the default repertoire: several values, padding behind each (AE: around each)."""

    def decode(raw: bytes, charset: Charset) -> Value:
        text = raw.decode("latin-1").rstrip(" \0")
        if both_ends:
            text = text.lstrip(" ")
        if "\\" not in text:
            if not text:
                return None
            if len(text) <= _LONGEST and check(text):
                return text
            raise Breach(text, code, detail)
        texts = [part.rstrip(" \0") for part in text.split("\\")]
        if both_ends:
            texts = [part.lstrip(" ") for part in texts]
        value = _several(texts, raw)
        if all(len(part) <= _LONGEST and check(part) for part in texts if part):
            return value
        raise Breach(value, code, detail)

    return decode


def _text(limit: int, vr: str) -> Callable[[bytes, Charset], Value]:
    """A VR of the declared character set with several values: LO, SH, UC. ``limit``: characters of one value."""

    def decode(raw: bytes, charset: Charset) -> Value:
        code = ""
        if raw.isascii() and _ESC not in raw:
            text = raw.decode("ascii")
        else:
            text, code = charset.decode(raw)
        value: Value
        if "\\" not in text:
            text = text.rstrip(" \0")
            value, longest = text or None, len(text)
        else:
            texts = [part.rstrip(" \0") for part in text.split("\\")]
            value, longest = _several(texts, raw), max(map(len, texts))
        if code:
            raise Breach(value, code, _CHARSET_DETAIL[code])
        if longest > limit:
            raise Breach(value, "value-too-long", f"a value of {vr} has {limit} characters at most")
        return value

    return decode


def _paragraph(limit: int, vr: str) -> Callable[[bytes, Charset], Value]:
    """A VR of the declared character set with one value, in which a backslash is text: LT, ST, UT."""

    def decode(raw: bytes, charset: Charset) -> Value:
        code = ""
        if raw.isascii() and _ESC not in raw:
            text = raw.decode("ascii")
        else:
            text, code = charset.decode(raw)
        text = text.rstrip(" \0")
        if code:
            raise Breach(text or None, code, _CHARSET_DETAIL[code])
        if len(text) > limit:
            raise Breach(text, "value-too-long", f"a {vr} has {limit} characters at most")
        return text or None

    return decode


def _name(raw: bytes, charset: Charset) -> Value:
    """PN: values of up to three groups of up to five components; the whole name, without trailing empty groups."""
    code = ""
    raw = raw.rstrip(b" \0")
    if raw.isascii() and _ESC not in raw:
        text = raw.decode("ascii")
    else:
        text, code = charset.decode(raw, name=True)
    value: Value
    if "\\" not in text:
        text = text.rstrip("=")
        value, names = text or None, [text]
    else:
        names = [part.rstrip(" \0").rstrip("=") for part in text.split("\\")]
        value = _several(names, raw)
    if code:
        raise Breach(value, code, _CHARSET_DETAIL[code])
    for name in names:
        if len(name) > 64 and max(map(len, name.split("="))) > 64:
            raise Breach(value, "value-too-long", "a component group of a PN has 64 characters at most")
        if name.count("=") > 2 or (name.count("^") > 4 and max(g.count("^") for g in name.split("=")) > 4):
            raise Breach(value, "bad-name", "a PN has three groups of five components at most")
    return value


def _uri(raw: bytes, charset: Charset) -> Value:
    """UR: one value; trailing spaces do not count."""
    text = raw.decode("latin-1").rstrip()
    text = text.rstrip("\0")
    if text.isascii() and text.isprintable():
        return text or None
    raise Breach(text, "bad-uri", "a character that no URI has")


def _several(texts: list[str], raw: bytes) -> Value:
    if len(texts) > MANY:
        return summary([text or None for text in texts], raw)
    return [text or None for text in texts]


_CHARSET_DETAIL: Final = {
    "undecodable-text": "bytes that the declared character set does not have; replaced",
    "undeclared-characters": "characters beyond the declared character set",
}
_UNLIMITED: Final = 1 << 32

TEXT_DECODERS: Final[dict[str, Callable[[bytes, Charset], Value]]] = {
    "AE": _plain(_is_title, "bad-title", "an AE has 16 printable characters at most", both_ends=True),
    "AS": _plain(_is_age, "bad-age", "not three digits and D, W, M or Y"),
    "CS": _plain(_is_code, "bad-code-string", "a CS has 16 of upper case letters, digits, space and _ at most"),
    "DA": _plain(_is_date, "bad-date", "not a day of the form YYYYMMDD"),
    "DT": _plain(_is_datetime, "bad-datetime", "not of the form YYYYMMDDHHMMSS.FFFFFF&ZZXX"),
    "LO": _text(64, "LO"),
    "LT": _paragraph(10_240, "LT"),
    "PN": _name,
    "SH": _text(16, "SH"),
    "ST": _paragraph(1_024, "ST"),
    "TM": _plain(_is_time, "bad-time", "not of the form HHMMSS.FFFFFF"),
    "UC": _text(_UNLIMITED, "UC"),
    "UI": _plain(_is_uid, "bad-uid", "not of at most 64 digits and dots, without leading zeros"),
    "UR": _uri,
    "UT": _paragraph(_UNLIMITED, "UT"),
}
