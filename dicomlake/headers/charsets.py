"""Specific Character Set (0008,0005): text in any repertoire of PS3.3 C.12.1.1.2, with the code extensions of PS3.5
6.1.2.5. The tables are in ``charsets.json``."""

import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

UNDECODABLE: Final = "undecodable-text"
UNDECLARED: Final = "undeclared-characters"

LONGEST_TERM: Final = 64
"""Characters of a value of the attribute that are looked at; a defined term has 16 at most."""
_ESC: Final = 0x1B
_TEXT_DELIMITERS: Final = re.compile(rb"[\t\n\f\r\\]")
_NAME_DELIMITERS: Final = re.compile(rb"[\t\n\f\r\\^=]")
_PAIRS: Final = re.compile(rb"(?:[\x21-\x7e]{2})+")
_BETWEEN: Final = re.compile(rb"[\x80-\xff]+|[\x00-\x7f]")
"""What may stand between two-byte characters: upper half, a space, a control character."""
_NUMBERED: Final = re.compile(r"ISO (?:2022 )?(?:IR ?)?(\d+)")


class _Escape(NamedTuple):
    """An escape sequence: the repertoire it designates, and where to: ``G0`` (lower half, one byte a character),
    ``G0 pairs`` (lower half, two bytes) or ``G1`` (upper half)."""

    repertoire: str
    half: str
    codec: str


class Charset:
    """How the text of a data set is encoded."""

    __slots__ = ("_codec", "_declared", "_plain", "misspelled")

    def __init__(self, codec: str, declared: frozenset[str], *, misspelled: bool = False) -> None:
        self._codec = "latin-1" if codec == "ascii" else codec
        self._plain = codec == "ascii"
        self._declared = declared
        self.misspelled = misspelled
        """Whether a value of the attribute was no defined term, or not at its place."""

    def decode(self, raw: bytes, *, name: bool = False) -> tuple[str, str]:
        """The text, and the code of the quality issue it has ("" for none). ``name``: a PN, in which ``^`` and ``=``
        end the reach of an escape sequence too."""
        if _ESC in raw:
            return self._decode_extended(raw, _NAME_DELIMITERS if name else _TEXT_DELIMITERS)
        codes: set[str] = set()
        text = self._decode_run(raw, self._codec, codes)
        return text, _worst(codes)

    def _decode_extended(self, raw: bytes, delimiters: "re.Pattern[bytes]") -> tuple[str, str]:
        escapes = _escapes()
        codes: set[str] = set()
        texts: list[str] = []
        pairs, upper = "", self._codec
        position, following = 0, -1
        while position < len(raw):
            if following < position:
                following = raw.find(_ESC, position)
                following = len(raw) if following < 0 else following
            if position == following:
                size = 4 if raw[position : position + 4] in escapes else 3
                escape = escapes.get(raw[position : position + size])
                if escape is None:
                    codes.add(UNDECODABLE)
                    texts.append("\N{REPLACEMENT CHARACTER}")
                    position += 1
                    continue
                if escape.repertoire not in self._declared:
                    codes.add(UNDECLARED)
                if escape.half == "G1":
                    upper = escape.codec
                else:
                    pairs = escape.codec if escape.half == "G0 pairs" else ""
                position += size
            elif pairs and (run := _PAIRS.match(raw, position)):
                texts.append(_decode_pairs(run[0], pairs, codes))
                position = run.end()
            else:
                stop = following
                if pairs and (between := _BETWEEN.match(raw, position)):
                    stop = between.end()
                delimiter = delimiters.search(raw, position, stop)
                if delimiter:
                    stop = delimiter.end()
                texts.append(self._decode_run(raw[position:stop], upper, codes))
                if delimiter:
                    pairs, upper = "", self._codec
                position = stop
        return "".join(texts), _worst(codes)

    def _decode_run(self, raw: bytes, codec: str, codes: set[str]) -> str:
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            codes.add(UNDECODABLE)
            return raw.decode(codec, "replace")
        if self._plain and codec == self._codec and not raw.isascii():
            codes.add(UNDECLARED)
        return text


def _decode_pairs(raw: bytes, codec: str, codes: set[str]) -> str:
    encoded = {"iso2022_jp": b"\x1b$B", "iso2022_jp_2": b"\x1b$(D"}[codec] + raw
    try:
        return encoded.decode(codec)
    except UnicodeDecodeError:
        codes.add(UNDECODABLE)
        return encoded.decode(codec, "replace")


def _worst(codes: set[str]) -> str:
    return UNDECODABLE if UNDECODABLE in codes else UNDECLARED if codes else ""


DEFAULT: Final = Charset("ascii", frozenset({"6"}))
"""ISO_IR 6, of data sets without the attribute. Bytes beyond it are read as ISO_IR 100, with an issue."""


@lru_cache(maxsize=256)
def charset(terms: tuple[str, ...]) -> Charset:
    """The character set that the values of Specific Character Set name; an empty one is ISO_IR 6."""
    table = _table()
    codec = "ascii"
    declared = {"6"}
    misspelled = False
    for position, term in enumerate(terms):
        name, well_spelled = _defined(term.strip(), alone=len(terms) == 1)
        misspelled = misspelled or not well_spelled
        if name in table["standalone"]:  # neither has nor is a code extension: PS3.5 6.1.2.5.4
            if position == 0:
                return Charset(table["standalone"][name], frozenset(), misspelled=misspelled or len(terms) > 1)
            misspelled = True
            continue
        repertoire = table["repertoires"][name]
        if position == 0 and "G0 pairs" not in repertoire["escapes"].values():  # pairs come by escape sequence only
            codec = repertoire["codec"]
        declared.add(name)
    return Charset(codec, frozenset(declared), misspelled=misspelled)


def _defined(term: str, *, alone: bool) -> tuple[str, bool]:
    """Key of a stand-alone term or number of a repertoire, and whether the term is one of the standard."""
    table = _table()
    if not term:
        return "6", True
    if term in table["standalone"]:
        return term, True
    spelled = re.sub(r"[ _-]+", " ", term.upper())
    meant = table["misspelled"].get(spelled, "")
    if meant in table["standalone"]:
        return meant, False
    numbered = _NUMBERED.fullmatch((meant or spelled).replace("_", " "))
    if numbered is None or numbered[1] not in table["repertoires"]:
        return "6", False
    number = numbered[1]
    extension = term == f"ISO 2022 IR {number}"
    by_escape_only = any(key.startswith("1B24") for key in table["repertoires"][number]["escapes"])
    return number, extension or (alone and not by_escape_only and term == f"ISO_IR {number}")


@cache
def _escapes() -> dict[bytes, _Escape]:
    return {
        bytes.fromhex(escape): _Escape(number, half, repertoire["codec"])
        for number, repertoire in _table()["repertoires"].items()
        for escape, half in repertoire["escapes"].items()
    }


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads((Path(__file__).parent / "charsets.json").read_bytes())
    return table
