"""What is read of a file, and that the result does not depend on how it was read."""

import hashlib
import random
import tracemalloc

import pytest

from dicomlake.errors import HeaderError
from dicomlake.headers import Header, read_header, sequences, walk, window
from tests.headers import reference
from tests.headers.mutants import outcome
from tests.headers.raw import DEFLATED, EL, IL, IMPLICIT, UNDEFINED, file, identity, meta

MEGABYTE = 1 << 20


class Recorder:
    """A source that remembers what it was asked for, with one long run of zeros that is never held."""

    def __init__(self, data: bytes, zeros: int = 0, behind: bytes = b"") -> None:
        self.data, self.zeros, self.behind = data, zeros, behind
        self.size = len(data) + zeros + len(behind)
        self.asked: list[tuple[int, int]] = []

    def read(self, offset: int, length: int) -> bytes:
        self.asked.append((offset, length))
        stop = min(offset + length, self.size)
        first, second = len(self.data), len(self.data) + self.zeros
        head = self.data[offset:stop]
        middle = bytes(max(0, min(stop, second) - max(offset, first)))
        return head + middle + self.behind[max(0, offset - second) : max(0, stop - second)]


def test_a_small_header_takes_one_read_and_no_pixels():
    head = file(EL.element(0x00280010, "US", b"\1\0"), EL.element(0x7FE00010, "OW", length=100 * MEGABYTE))
    source = Recorder(head, 100 * MEGABYTE)
    header = read_header(source.read, source.size)
    assert source.asked == [(0, 32_768)]
    assert header.length == len(head) - 12
    assert header.issues == []


def test_a_long_header_is_read_without_the_pixels_behind_it():
    items = [EL.item(EL.element(0x00100020, "LO", f"P{number:05}")) for number in range(20_000)]
    head = file(EL.sequence(0x00101002, *items, undefined=True), EL.element(0x7FE00010, "OW", length=100 * MEGABYTE))
    source = Recorder(head, 100 * MEGABYTE)
    header = read_header(source.read, source.size)
    assert len(header.attributes["OtherPatientIDsSequence"]) == 20_000
    assert header.sha256 == hashlib.sha256(head[:-12]).hexdigest()
    assert max(offset + length for offset, length in source.asked) <= 2 * len(head) + 32_768


@pytest.mark.parametrize("big_value", [100_000, 64 * MEGABYTE])
def test_a_long_binary_value_is_hashed_without_being_held(big_value):
    head = file(EL.element(0x00420011, "OB", length=big_value))
    behind = EL.element(0x00420012, "LO", "text/plain")
    source = Recorder(head, big_value, behind)
    tracemalloc.start()
    header = read_header(source.read, source.size)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    digest, whole = hashlib.sha256(bytes(big_value)), hashlib.sha256(head)
    whole.update(bytes(big_value))
    whole.update(behind)
    assert header.attributes["EncapsulatedDocument"] == {"length": big_value, "sha256": digest.hexdigest()}
    assert header.attributes["MIMETypeOfEncapsulatedDocument"] == "text/plain"
    assert (header.length, header.sha256) == (source.size, whole.hexdigest())
    assert peak < 8 * MEGABYTE


def test_a_file_that_shrinks_while_it_is_read_is_a_cut_file():
    data = file(EL.element(0x00104000, "UT", "x" * 50_000))
    header = read_header(lambda offset, length: data[:40_000][offset : offset + length], len(data))
    assert [issue.code for issue in header.issues] == ["truncated"]
    binary = file(EL.element(0x00420011, "OB", bytes(50_000)))
    header = read_header(lambda offset, length: binary[:40_000][offset : offset + length], len(binary))
    assert [(issue.code, issue.path) for issue in header.issues] == [("truncated", "EncapsulatedDocument")]


def result(data: bytes):
    try:
        header = read_header(lambda offset, length: data[offset : offset + length], len(data))
    except HeaderError as error:
        return type(error), error.reason, error.offset
    return header.attributes, list(header.attributes), header.vrs, set(header.issues), header.length, header.sha256


@pytest.mark.parametrize("first_read", [600, 1_000, 5_000])
def test_the_result_does_not_depend_on_how_much_is_read_at_once(first_read, monkeypatch):
    chance = random.Random(first_read)
    for path in reference.shipped_files():
        if path.suffix != ".dcm":
            continue
        data = bytearray(path.read_bytes()[:20_000])
        for flips in (0, 10):
            for _ in range(flips):
                data[chance.randrange(140, len(data))] ^= 1 << chance.randrange(8)
            monkeypatch.setattr(window, "FIRST_READ", 32_768)
            at_once = result(bytes(data))
            monkeypatch.setattr(window, "FIRST_READ", first_read)
            assert result(bytes(data)) == at_once, path.name


@pytest.mark.parametrize("syntax", [DEFLATED, IMPLICIT])
def test_long_values_in_any_stream(syntax):
    writer = EL if syntax == DEFLATED else IL
    noise = random.Random(1).randbytes(200_000)
    data = file(writer.element(0x00420011, "OB", noise), writer.element(0x00420012, "LO", "x "), syntax=syntax)
    header = read_header(lambda offset, length: data[offset : offset + length], len(data))
    assert header.attributes["EncapsulatedDocument"] == {"length": 200_000, "sha256": hashlib.sha256(noise).hexdigest()}
    assert header.attributes["MIMETypeOfEncapsulatedDocument"] == "x"
    assert header.issues == []


BULK = 200 * MEGABYTE
LIE = 150 * MEGABYTE
ROWS = EL.element(0x00280010, "US", b"\1\0") + EL.element(0x7FE00010, "OW", length=BULK)
NAME = EL.element(0x00100020, "LO", "P1")
LARGE_FILES = {
    "pixel data with another tag": file(EL.element(0x7FE00011, "OW", length=BULK)),
    "fragments with another tag": file(
        EL.element(0x7FE10010, "OB", EL.item() + EL.item(length=BULK - 8), length=UNDEFINED)
    ),
    "no fragments": file(EL.element(0x7FE00011, "OB", length=UNDEFINED)),
    "text": file(EL.element(0x00104000, "UT", length=LIE), ROWS),
    "text in implicit VR": file(IL.element(0x00104000, "LT", length=LIE), syntax=IMPLICIT),
    "numbers": file(IL.element(0x00280010, "US", length=LIE), syntax=IMPLICIT),
    "sequence": file(EL.sequence(0x00101002, EL.item(NAME), length=LIE), ROWS),
    "item": file(EL.sequence(0x00101002, EL.item(NAME, length=LIE), undefined=True), ROWS),
    "item of a sequence": file(EL.sequence(0x00101002, EL.item(NAME, length=LIE), length=LIE + 8), ROWS),
    "text in an item": file(
        EL.sequence(0x00101002, EL.item(EL.element(0x00104000, "UT", length=LIE), undefined=True), undefined=True), ROWS
    ),
    "binary in an item": file(
        EL.sequence(0x00101002, EL.item(EL.element(0x00420011, "OB", length=LIE), undefined=True), undefined=True), ROWS
    ),
    "file meta": bytes(128) + b"DICM" + EL.element(0x00020102, "OB", length=LIE) + meta() + identity() + ROWS,
    "sequence without end": file(EL.element(0x00101002, "SQ", length=UNDEFINED), ROWS),
    "item without end": file(EL.element(0x00101002, "SQ", length=UNDEFINED), EL.delimiter(0xFFFEE000, UNDEFINED), ROWS),
}


@pytest.mark.parametrize("flaw", LARGE_FILES)
def test_a_length_that_lies_in_a_large_file_does_not_fill_memory(flaw):
    source = Recorder(LARGE_FILES[flaw], BULK)
    tracemalloc.start()
    found = outcome(lambda: read_header(source.read, source.size))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * MEGABYTE
    if flaw == "file meta":
        assert isinstance(found, HeaderError)
        assert found.reason == "value-too-large"
    else:
        assert isinstance(found, Header)
        assert found.attributes["SOPInstanceUID"]
        assert found.issues or flaw.startswith("pixel")


@pytest.mark.parametrize("undefined", [True, False])
def test_a_large_sequence_is_read_as_a_whole(undefined, monkeypatch):
    for module in (walk, sequences):
        monkeypatch.setattr(module, "LARGE", 50_000)
    item = EL.item(NAME, EL.sequence(0x00101002, *[EL.item(NAME)] * 3_000, undefined=undefined), undefined=undefined)
    data = file(EL.sequence(0x00101002, *[item] * 4, undefined=undefined), EL.element(0x00280010, "US", b"\1\0"))
    header = read_header(lambda offset, length: data[offset : offset + length], len(data))
    assert [len(item["OtherPatientIDsSequence"]) for item in header.attributes["OtherPatientIDsSequence"]] == [
        3_000
    ] * 4
    assert header.attributes["Rows"] == 1
    assert header.issues == []
