"""Damaged DICOM files without end: number and seed tell each one. As a program, reads many of them in a process of
its own, which has 64 MB for them: ``python -m tests.headers.mutants FIRST COUNT`` prints what went wrong."""

import random
import re
import resource
import struct
import sys
import tempfile
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import orjson

import sample
from dicomlake.documents.instance import Origin, build
from dicomlake.errors import HeaderError
from dicomlake.headers import Header, Reader, read_header
from dicomlake.headers.encodings import VRS
from tests.headers import reference
from tests.headers.raw import DEFLATED, EL, IL, JPEG, UNDEFINED, WRITERS, file

MEMORY = 64 << 20
"""Bytes that reading may take."""
_LONGEST = 60_000
_DATA_SET = re.compile(rb"(?s)(..)(..)(?:" + b"|".join(sorted(vr.encode() for vr in VRS)) + rb")")
_LENGTHS = [0, 1, 0xFF, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF]
_SEQUENCE = EL.element(0x00081140, "SQ", length=UNDEFINED)
_INSERTS = [
    EL.delimiter(0xFFFEE000, UNDEFINED),
    EL.delimiter(0xFFFEE000),
    EL.delimiter(0xFFFEE00D),
    EL.delimiter(0xFFFEE0DD),
    _SEQUENCE,
    _SEQUENCE + EL.delimiter(0xFFFEE000, UNDEFINED),
    IL.element(0x00081140, "SQ", length=UNDEFINED),
    EL.element(0x00081140, "UN", length=UNDEFINED),
    EL.element(0x54001010, "OB", length=UNDEFINED),
    EL.element(0x00090010, "LO", "ACME"),
    EL.element(0x00080005, "CS", "\\ISO 2022 IR 87"),
    EL.element(0x00100010, "PN", b"\x1b$B0!\\" * 9),
    EL.element(0x00189087, "FD", b"\0\0\0\0\0\0\xf8\x7f"),
    bytes(64),
]


@cache
def originals() -> list[bytes]:
    """Sound files: those that pydicom ships, a series of the sample archive, and one of each transfer syntax."""
    found = [path.read_bytes()[:_LONGEST] for path in reference.shipped_files() if path.suffix == ".dcm"]
    found += [data[:_LONGEST] for data in _archive()]
    for syntax, writer in WRITERS.items():
        names = writer.item(writer.element(0x00100010, "PN", "A^B "), writer.element(0x00100020, "LO", "P1"))
        deep = names
        for undefined in (True, False) * 5:
            deep = writer.item(writer.sequence(0x00101002, deep, names, undefined=undefined), undefined=undefined)
        pixels = EL.item() + EL.item(b"\xff\xd8abcdef") + EL.delimiter(0xFFFEE0DD)
        found.append(
            file(
                writer.element(0x00090010, "LO", "ACME"),
                writer.sequence(0x00091001, names, undefined=True, vr="UN" if writer is EL else "SQ"),
                writer.element(0x00091002, "DS", "1.5\\2.5\\"),
                writer.element(0x00091003, "UN", IL.item(IL.element(0x00100020, "", "P1"), IL.element(0x00110010, ""))),
                writer.sequence(0x00101002, deep, names),
                writer.element(0x00420011, "OB", bytes(range(256)) * 5),
                writer.element(0x7FE00010, "OB", pixels, length=UNDEFINED)
                if syntax == JPEG
                else writer.element(0x7FE00010, "OW", bytes(200)),
                syntax=syntax,
            )
        )
    return found


def mutant(number: int) -> bytes:
    """A damaged file: one to six things are wrong with an original."""
    chance = random.Random(number)
    data = chance.choice(originals())
    head, body = data, b""
    deflated = _deflated(data) if chance.random() < 0.7 else None
    if deflated:  # the data set is damaged rather than its deflated bytes
        head, body = deflated
    damaged = bytearray(body or head)
    reach = chance.choice([500, 2_000, _LONGEST])
    for _ in range(chance.randint(1, 6)):
        chance.choice(_DAMAGES)(damaged, chance, min(reach, len(damaged)))
    if deflated:
        squeezer = zlib.compressobj(1, wbits=-15)
        return head + squeezer.compress(damaged) + squeezer.flush()
    return bytes(damaged)


def neighbours(number: int) -> Iterator[bytes]:
    """A sound file and mutants of it, mixed with the file itself: what a template might take for one another."""
    chance = random.Random(number)
    data = chance.choice(originals())
    for _ in range(12):
        yield data
        damaged = bytearray(data)
        chance.choice(_DAMAGES)(damaged, chance, len(damaged))
        yield bytes(damaged)


def _archive() -> Iterator[bytes]:
    """A few files of the sample archive."""
    with tempfile.TemporaryDirectory() as folder:
        sample.write(Path(folder), patients=2, seed=4)
        paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        yield from (path.read_bytes() for path in paths[:: max(1, len(paths) // 12)])


def _deflated(data: bytes) -> tuple[bytes, bytes] | None:
    """File meta and inflated data set of a deflated file."""
    place = data.find(DEFLATED.encode(), 132)
    if place < 0:
        return None
    start = place + len(DEFLATED)
    start += start % 2
    length = int.from_bytes(data[140:144], "little")
    start = 144 + length if data[132:136] == b"\2\0\0\0" else start
    try:
        return data[:start], zlib.decompressobj(-15).decompress(data[start:], _LONGEST)
    except zlib.error:
        return None


def _place(damaged: bytearray, chance: random.Random, reach: int) -> int:
    """Anywhere, or where an element begins."""
    if not reach:
        return 0
    at = chance.randrange(reach)
    if chance.random() < 0.5 and (found := _DATA_SET.search(damaged, at)):
        return found.start()
    return at


def _bit(damaged: bytearray, chance: random.Random, reach: int) -> None:
    if reach:
        damaged[chance.randrange(reach)] ^= 1 << chance.randrange(8)


def _byte(damaged: bytearray, chance: random.Random, reach: int) -> None:
    if reach:
        damaged[chance.randrange(reach)] = chance.randrange(256)


def _length(damaged: bytearray, chance: random.Random, reach: int) -> None:
    at = _place(damaged, chance, reach) + chance.choice([4, 6, 8])
    number = chance.choice(_LENGTHS) if chance.random() < 0.5 else chance.randrange(1 << chance.randint(1, 32))
    form = chance.choice(["<I", "<H", ">I"])
    damaged[at : at + struct.calcsize(form)] = struct.pack(form, number % (1 << 8 * struct.calcsize(form)))


def _vr(damaged: bytearray, chance: random.Random, reach: int) -> None:
    at = _place(damaged, chance, reach) + 4
    damaged[at : at + 2] = chance.choice([*sorted(VRS), "ZZ", "  ", "\0\0"]).encode()


def _cut(damaged: bytearray, chance: random.Random, reach: int) -> None:
    del damaged[_place(damaged, chance, reach) :]


def _delete(damaged: bytearray, chance: random.Random, reach: int) -> None:
    at = _place(damaged, chance, reach)
    del damaged[at : at + chance.randrange(40)]


def _insert(damaged: bytearray, chance: random.Random, reach: int) -> None:
    at = _place(damaged, chance, reach)
    damaged[at:at] = chance.choice(_INSERTS) * chance.choice([1, 1, 1, 60, 2_000])


def _noise(damaged: bytearray, chance: random.Random, reach: int) -> None:
    at = _place(damaged, chance, reach)
    damaged[at:at] = chance.randbytes(chance.randrange(30))


def _swap(damaged: bytearray, chance: random.Random, reach: int) -> None:
    first, second, third = sorted(_place(damaged, chance, reach) for _ in range(3))
    damaged[first:third] = damaged[second:third] + damaged[first:second]


def _repeat(damaged: bytearray, chance: random.Random, reach: int) -> None:
    first, second = sorted(_place(damaged, chance, reach) for _ in range(2))
    damaged[second:second] = damaged[first:second]


_DAMAGES: list[Callable[[bytearray, random.Random, int], None]] = [
    *(_bit, _byte, _length, _vr, _cut, _delete, _insert, _noise, _swap, _repeat)
]


def outcome(read: Callable[[], Header]) -> Header | HeaderError:
    """What reading gives. Any other exception passes."""
    try:
        return read()
    except HeaderError as error:
        return error


def told(found: Header | HeaderError) -> tuple[object, ...]:
    """All that a header or a refusal says."""
    if isinstance(found, HeaderError):
        return type(found), str(found), found.offset, found.reason
    written = orjson.dumps(found.attributes), orjson.dumps(found.vrs)
    return *written, found.issues, found.transfer_syntax, found.length, found.sha256, found.size


def check(data: bytes, reader: Reader) -> None:
    """Read one file anew and with a reader of many, and make its document."""

    def read(offset: int, length: int) -> bytes:
        return data[offset : offset + length]

    fresh = outcome(lambda: read_header(read, len(data)))
    again = outcome(lambda: reader.read(read, len(data)))
    assert told(again) == told(fresh), "the reader of many files gives something else than a fresh read"
    if isinstance(fresh, HeaderError):
        assert "\n" not in fresh.message
        assert fresh.reason
        assert fresh.offset >= 0
        return
    assert fresh.length > 0
    with suppress(HeaderError):  # it may have no identity
        body = build(fresh, "one", Origin("test")).body
        assert orjson.loads(orjson.dumps(dict(body))).keys() == body.keys()


def main(first: int, count: int) -> None:
    """Check so many mutants, and neighbours of one file now and then."""
    originals()
    reader = Reader()
    for data in originals():
        check(data, reader)
    with open("/proc/self/statm") as pages:
        taken = int(pages.read().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (taken + MEMORY, taken + MEMORY))
    with suppress(MemoryError):
        bytearray(MEMORY + (8 << 20))  # a little may be free from before
        print("the limit of memory does not hold")
    for number in range(first, first + count):
        try:
            if number % 25:
                check(mutant(number), reader)
            else:
                for data in neighbours(number):
                    check(data, reader)
        except Exception:  # noqa: BLE001 - whatever it is, the test shows it
            print(f"mutant {number}: {traceback.format_exc(limit=-4)}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
