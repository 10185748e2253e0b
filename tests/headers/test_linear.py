"""Bombs: files made to take long or much memory. Reading takes work and memory linear in their size.

Work is counted, not timed: calls of Python's and of C's functions while the file is read. What one call goes through,
such as a search in a long value, has tests of its own at the end."""

import sys
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest

from dicomlake.documents.instance import Origin, build
from dicomlake.errors import HeaderError
from dicomlake.headers import Reader, charsets, encodings, private, read_header
from tests.headers.raw import DEFLATED, EL, IL, IMPLICIT, UNDEFINED, file, identity, meta

SIZES = (1_000, 2_000, 4_000, 8_000)
MEMORY = 64 << 20
ITEM = EL.item(EL.element(0x00100020, "LO", "P1"))
OPENING = EL.element(0x00101002, "SQ", length=UNDEFINED) + EL.delimiter(0xFFFEE000, UNDEFINED)
SIGN = IL.element(0x00280103, "US", b"\1\0")


def text(vr: str, part: bytes, *, charset: str = "") -> Callable[[int], bytes]:
    """One value in implicit VR, whose length has no bound, of ``part`` over and over."""
    tag = {"LO": 0x00100020, "PN": 0x00100010, "DS": 0x00180050, "IS": 0x00200013, "UI": 0x0020000D, "CS": 0x00080060}[
        vr
    ]
    declared = IL.element(0x00080005, "CS", charset)
    return lambda n: file(declared, IL.element(tag, vr, part * (8 * n // len(part))), syntax=IMPLICIT)


def nested(count: int, innermost: bytes, *, defined: bool = False) -> bytes:
    """Private sequences with long creators within each other."""
    for _ in range(count):
        item = EL.item(EL.element(0x00090010, "LO", "X" * 64), innermost, undefined=not defined)
        innermost = EL.sequence(0x00091001, item, undefined=not defined)
        innermost = EL.element(0x00090010, "LO", "X" * 64) + innermost
    return innermost


def un(depth: int) -> bytes:
    inner = IL.element(0x00100020, "LO", "P1")
    for _ in range(depth):
        inner = IL.element(
            0x00091001, "UN", IL.item(inner, undefined=True) + IL.delimiter(0xFFFEE0DD), length=UNDEFINED
        )
    return EL.element(0x00091001, "UN", inner[8:], length=UNDEFINED)


BOMBS: dict[str, Callable[[int], bytes]] = {
    "tiny private elements": lambda n: file(*[EL.element(0x00091000 + i % 0xE000, "LO") for i in range(n)]),
    "tiny unknown elements": lambda n: file(
        *[IL.element((0x3000 + 2 * (i >> 15)) << 16 | (2 * i + 1) & 0xFFFF, "") for i in range(n)], syntax=IMPLICIT
    ),
    "elements out of order": lambda n: file(*[EL.element(0x0009F000 - i % 0xD000, "LO", "P1") for i in range(n)]),
    "one tag again and again": lambda n: file(*[EL.element(0x00100020, "LO", "P1")] * n),
    "empty sequences": lambda n: file(*[EL.element(0x00101002, "SQ")] * n),
    "items": lambda n: file(EL.sequence(0x00101002, *[ITEM] * n)),
    "items of undefined length": lambda n: file(
        EL.sequence(0x00101002, *[EL.item(ITEM[8:], undefined=True)] * n, undefined=True)
    ),
    "empty items": lambda n: file(EL.sequence(0x00101002, *[EL.item()] * n)),
    "items of a sequence whose length lies": lambda n: file(EL.sequence(0x00101002, *[ITEM] * n, length=1 << 30)),
    "items whose lengths lie": lambda n: file(
        EL.sequence(0x00101002, *[EL.item(ITEM[8:], length=1 << 20)] * n, undefined=True)
    ),
    "items without end": lambda n: file(
        EL.sequence(0x00101002, *[EL.item(ITEM[8:], undefined=True)[:-8]] * n, undefined=True)
    ),
    "delimiters": lambda n: file(*[EL.delimiter(0xFFFEE0DD)] * n),
    "openings": lambda n: file(OPENING * n),
    "elements deep down": lambda n: file(
        nested(30, b"".join(EL.element(0x00091001 + 2 * i, "LO") for i in range(n // 4)))
    ),
    "deep sequences side by side": lambda n: file(*[nested(20, b"", defined=True)] * (n // 200)),
    "deep sequences of undefined length side by side": lambda n: file(*[nested(20, b"")] * (n // 200)),
    "sequences as UN": lambda n: file(*[un(4)] * (n // 8)),
    "deep sequences as UN": lambda n: file(*[un(40)] * (n // 80)),
    "fragments": lambda n: file(
        EL.element(0x54001010, "OB", EL.item(b"ab") * n + EL.delimiter(0xFFFEE0DD), length=UNDEFINED)
    ),
    "fragments without end": lambda n: file(
        EL.sequence(0x00101002, *[EL.item(EL.element(0x54001010, "OB", b"abcdabcd", length=UNDEFINED))] * n)
    ),
    "unknown VRs": lambda n: file(*[EL.element(0x00100020 + i, "ZZ", "P1") for i in range(n)]),
    "signs that come last": lambda n: file(
        IL.sequence(0x00101002, *[IL.item(IL.element(0x00280120, "US", b"\1\0"))] * n), SIGN, syntax=IMPLICIT
    ),
    "file meta": lambda n: bytes(128) + b"DICM" + EL.element(0x00020100, "UI", "1.2.3.4\0") * n + meta() + identity(),
    "private creators": lambda n: file(
        *[EL.element((9 + 2 * (i // 240)) << 16 | 16 + i % 240, "LO", f"{i:06}") for i in range(n)]
    ),
    "creators of one block": lambda n: file(*[EL.element(0x00090010, "LO", f"{i:06}") for i in range(n)]),
    "a long creator": lambda n: file(
        IL.element(0x00090010, "LO", "c" * 4 * n),
        IL.sequence(
            0x00091001, *[IL.item(IL.element(0x00100001 + 2 * (i % 0x7000), "")) for i in range(n)], undefined=True
        ),
        syntax=IMPLICIT,
    ),
    "blocks of items": lambda n: file(
        EL.element(0x00090010, "LO", "ACME"),
        *[EL.element(0x00091000 + i, "LO") for i in range(256)],
        EL.sequence(0x00101002, *[EL.item(EL.element(0x00090010, "LO", "ACME"), EL.element(0x00091001, "LO"))] * n),
    ),
    "character sets": lambda n: file(
        EL.sequence(
            0x00101002,
            *[EL.item(EL.element(0x00080005, "CS", "\\".join([f"ISO 2022 IR {i}"] * 20))) for i in range(n // 40)],
        )
    ),
    "backslashes": text("LO", b"\\"),
    "backslashes in names": text("PN", b"a\\^="),
    "parts of names": text("PN", b"^="),
    "numbers": text("DS", b"1.5\\"),
    "one long number": text("DS", b"1"),
    "long integers": text("IS", b"1" * 4_000 + b"\\"),
    "UIDs": text("UI", b"1.2\\"),
    "one long UID": text("UI", b"1.2"),
    "codes": text("CS", b"CT\\"),
    "escape sequences": text("LO", b"\x1b$B0!", charset="\\ISO 2022 IR 87"),
    "unknown escape sequences": text("LO", b"\x1bZ", charset="\\ISO 2022 IR 87"),
    "escape sequences and delimiters": text("PN", b"\x1b$B0!^\\", charset="\\ISO 2022 IR 87"),
    "spaces between pairs": text("LO", b"\x1b$B" + b"0! " * 99, charset="\\ISO 2022 IR 87"),
}


def forget() -> None:
    """Without what other files taught, the work is the same in every run."""
    for encoding in (encodings.EXPLICIT_LITTLE, encodings.IMPLICIT_LITTLE, encodings.EXPLICIT_BIG):
        for head in [head for head, plan in encoding.plans.items() if plan[0] >> 16 != 0xFFFE]:
            del encoding.plans[head]
        encoding.heads.clear()
        encoding.creators.clear()
    private._PLANS.clear()
    charsets.charset.cache_clear()


def read(data: bytes) -> None:
    with suppress(HeaderError):
        read_header(lambda offset, length: data[offset : offset + length], len(data))


def calls(data: bytes) -> int:
    """How many calls it takes to read these."""

    def count(*_: object) -> None:
        nonlocal found
        found += 1

    found = 0
    forget()
    sys.setprofile(count)
    try:
        read(data)
    finally:
        sys.setprofile(None)
    return found


def peak(data: bytes) -> int:
    """The most bytes that reading these takes at a time."""
    forget()
    tracemalloc.start()
    read(data)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


@pytest.mark.parametrize("name", BOMBS)
def test_work_and_memory_are_linear_in_the_size_of_a_bomb(name):
    first, *others = [BOMBS[name](size) for size in SIZES]
    work, memory = calls(first), peak(first)
    for data in others:
        times = len(data) / len(first)
        assert calls(data) <= 2.4 * times * work  # a sequence is read anew each time that the window grows fourfold
        assert peak(data) <= min(2 * times * memory + 200_000, MEMORY)


def test_a_deflate_bomb_stays_within_64_mb():
    squeezer = zlib.compressobj(9, wbits=-15)
    body = squeezer.compress(identity() + EL.element(0x00101002, "SQ", length=UNDEFINED))
    while len(body) < 32_000:
        body += squeezer.compress(EL.item() * (1 << 16))
    data = bytes(128) + b"DICM" + meta(DEFLATED) + body + squeezer.flush()
    assert peak(data) <= MEMORY
    header = read_header(lambda offset, length: data[offset : offset + length], len(data))
    assert {issue.code for issue in header.issues} == {"damaged-deflate", "truncated"}


class Counted(bytes):
    """Bytes that know how many of them were searched."""

    searched = 0

    def find(self, what, start=0, stop=None):
        found = super().find(what, start, len(self) if stop is None else stop)
        self.searched += (len(self) if found < 0 else found) - start
        return found


@pytest.mark.parametrize("part", [b"a\\", b"\x1b$B0! ", b"^=\x1b(B"])
def test_a_value_is_searched_once_for_escape_sequences(part):
    raw = Counted(part * 1_000 + b"\x1b(B" + part.replace(b"\x1b", b"") * 1_000)
    charsets.charset(("", "ISO 2022 IR 87")).decode(raw, name=True)
    assert raw.searched <= len(raw)


def test_long_values_are_not_remembered():
    def one(number: int) -> None:
        long = str(number) + "1" * 50_000
        elements = [EL.element(0x00080005, "CS", long), EL.element(0x0008002A, "DT", long)]
        elements += [EL.element(0x00080020, "DA", long), EL.element(0x00080070, "LO", long)]
        elements += [EL.element(0x00080201, "SH", long), EL.element(0x0020000D, "UI", long)]
        data = bytes(128) + b"DICM" + meta(long) + identity() + b"".join(elements)
        header = reader.read(lambda offset, length: data[offset : offset + length], len(data))
        assert header.attributes["Manufacturer"] == long
        build(header, "one", Origin("test"))

    reader = Reader()
    one(0)
    tracemalloc.start()
    for number in range(1, 40):
        one(number)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 1_000_000
