"""Damaged files end in a typed error, or in what could be read and an issue that says so; never anything else."""

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomlake.errors import HeaderError
from dicomlake.headers import Header, read_header
from dicomlake.headers.sequences import MAX_DEPTH
from dicomlake.headers.walk import ISSUES_LIMIT
from tests.headers.raw import (
    BIG_ENDIAN,
    DEFLATED,
    EL,
    EXPLICIT,
    IL,
    IMPLICIT,
    JPEG,
    UNDEFINED,
    WRITERS,
    codes,
    file,
    identity,
    meta,
    read,
)


def outcome(data: bytes) -> Header | HeaderError:
    """What reading gives; any other exception is a failed test, and so is a value that no document may hold."""
    found: Header | HeaderError
    try:
        found = read(data)
    except HeaderError as error:
        found = error
    if isinstance(found, Header):
        check(found.attributes)
        assert found.length > 0
    else:
        assert "\n" not in found.message
        assert found.reason
        assert found.offset >= 0
    return found


def check(value, depth: int = 0) -> None:
    assert depth <= 2 * MAX_DEPTH + 3
    if isinstance(value, dict):
        for key, inner in value.items():
            assert isinstance(key, str)
            check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check(inner, depth + 1)
    elif isinstance(value, float):
        assert value - value == 0
    else:
        assert value is None or isinstance(value, str | int)
        if isinstance(value, str):
            value.encode("utf-8")


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED, JPEG])
def test_a_file_cut_anywhere_gives_what_came_before_or_an_error(syntax):
    writer = WRITERS[syntax]
    name = writer.element(0x00100010, "PN", "A^B ")
    sequence = writer.sequence(
        0x00101002, writer.item(name, writer.element(0x00100020, "LO", "P1"), undefined=True), undefined=True
    )
    whole = file(name, sequence, writer.element(0x00280010, "US", b"\1\0"), syntax=syntax)
    full = read(whole).attributes
    for cut in range(len(whole)):
        found = outcome(whole[:cut])
        if isinstance(found, HeaderError):
            continue
        if found.length == cut or not whole[found.length : cut].strip(b"\0"):
            continue  # a cut between two elements, or behind the first zero of one, is none that anybody can see
        assert "SOPInstanceUID" in found.attributes
        for key, value in found.attributes.items():
            if key != "OtherPatientIDsSequence":
                assert value == full[key]
            elif value and value[0]:
                assert value[0].items() <= full[key][0].items()
        assert "truncated" in {issue.code for issue in found.issues}


def test_a_cut_file_without_identity_says_where_and_what_to_do():
    data = file(EL.element(0x00080016, "UI", "1.2\0"), EL.element(0x00080018, "UI", "1.2.3\0"), before=b"")
    with pytest.raises(HeaderError) as caught:
        read(data[:-3])
    assert caught.value.reason == "truncated"
    assert caught.value.offset == len(data) - 14
    assert caught.value.message == (
        f"the value ends beyond the end of the file (byte {len(data) - 14}); get the file from its source again"
    )


def test_a_cut_file_with_identity_keeps_what_is_whole():
    data = file(EL.element(0x00100020, "LO", "P1"), EL.element(0x00104000, "LT", "a long comment"))
    header = read(data[:-4])
    assert header.attributes["PatientID"] == "P1"
    assert "PatientComments" not in header.attributes
    assert [(issue.code, issue.path) for issue in header.issues] == [("truncated", "PatientComments")]
    assert header.length == len(data) - 22


def test_a_cut_sequence_keeps_the_whole_elements_of_its_items():
    items = [
        EL.item(EL.element(0x00100020, "LO", f"P{number}"), EL.element(0x00100022, "CS", "TEXT")) for number in (1, 2)
    ]
    for undefined in (True, False):
        data = file(EL.sequence(0x00101002, *items, undefined=undefined))
        header = read(data[: -2 - 8 * undefined])
        assert header.attributes["OtherPatientIDsSequence"] == [
            {"PatientID": "P1", "TypeOfPatientID": "TEXT"},
            {"PatientID": "P2"},
        ]
        assert [(issue.code, issue.path) for issue in header.issues] == [
            ("truncated", "OtherPatientIDsSequence.TypeOfPatientID")
        ]


def test_cut_pixel_data_leaves_the_header_whole():
    data = file(EL.element(0x00280010, "US", b"\1\0"), EL.element(0x7FE00010, "OW", bytes(100)))
    header = read(data[:-1])
    assert header.attributes["Rows"] == 1
    assert [(issue.code, issue.path) for issue in header.issues] == [("truncated-pixel-data", "")]


@pytest.mark.parametrize("length", [7, 100, 0xFFF0])
def test_a_value_that_reaches_beyond_its_item_ends_that_item_only(length):
    bad = EL.item(EL.element(0x00100020, "LO", "P1"), EL.element(0x00100021, "LO", "I", length=length))
    good = EL.item(EL.element(0x00100020, "LO", "P2"))
    data = file(EL.sequence(0x00101002, bad, good), EL.element(0x00280010, "US", b"\1\0"), bytes(0xFFFF)[:0])
    header = read(data)
    assert header.attributes["OtherPatientIDsSequence"] == [{"PatientID": "P1"}, {"PatientID": "P2"}]
    assert header.attributes["Rows"] == 1
    assert codes(data) == [("bad-length", "OtherPatientIDsSequence.IssuerOfPatientID")]


def test_a_sequence_of_something_else_than_items_ends_that_sequence_only():
    data = file(
        EL.sequence(0x00101002, EL.item(EL.element(0x00100020, "LO", "P1")), b"what is this"),
        EL.element(0x00280010, "US", b"\1\0"),
    )
    assert read(data).attributes["OtherPatientIDsSequence"] == [{"PatientID": "P1"}]
    assert read(data).attributes["Rows"] == 1
    assert codes(data) == [("bad-structure", "OtherPatientIDsSequence")]


def test_a_sequence_longer_than_the_file_is_read_as_far_as_it_goes():
    items = EL.item(EL.element(0x00100020, "LO", "P1")), EL.item(EL.element(0x00100020, "LO", "P2"))
    data = file(EL.sequence(0x00101002, *items, length=100_000))
    assert len(read(data).attributes["OtherPatientIDsSequence"]) == 2
    assert codes(data) == [("truncated", "OtherPatientIDsSequence")]


@pytest.mark.parametrize("writer", [EL, IL])
@pytest.mark.parametrize("undefined", [True, False])
def test_nesting_bombs_are_bounded(writer, undefined):
    syntax = EXPLICIT if writer is EL else IMPLICIT
    bomb = writer.element(0x00100020, "LO", "P1")
    depth = 3_000 if undefined else 400
    if undefined:
        opening = writer.element(0x00101002, "SQ", length=UNDEFINED) + writer.delimiter(0xFFFEE000, UNDEFINED)
        closing = writer.delimiter(0xFFFEE00D) + writer.delimiter(0xFFFEE0DD)
        bomb = opening * depth + bomb + closing * depth
    else:
        for _ in range(depth):
            bomb = writer.sequence(0x00101002, writer.item(bomb))
    data = file(bomb, writer.element(0x00280010, "US", b"\1\0"), syntax=syntax)
    header = outcome(data)
    assert "nesting-too-deep" in {issue.code for issue in header.issues}
    assert ("Rows" in header.attributes) == (not undefined)
    deep = header.attributes
    for _ in range(MAX_DEPTH):
        deep = deep["OtherPatientIDsSequence"][0]
    assert deep["OtherPatientIDsSequence"] == []


def test_a_nesting_bomb_before_the_identity_is_an_error():
    opening = EL.element(0x00080006, "SQ", length=UNDEFINED) + EL.delimiter(0xFFFEE000, UNDEFINED)
    with pytest.raises(HeaderError) as caught:
        read(file(opening * 1000, before=b""))
    assert caught.value.reason == "nesting-too-deep"


def test_a_deflate_bomb_is_bounded(monkeypatch):
    monkeypatch.setattr("dicomlake.headers.window.INFLATED_LIMIT", 1 << 20)
    squeezer = zlib.compressobj(9, wbits=-15)
    huge = EL.element(0x00420011, "OB", length=1 << 26)
    body = squeezer.compress(identity() + huge) + squeezer.compress(bytes(1 << 24)) + squeezer.flush()
    header = outcome(bytes(128) + b"DICM" + meta(DEFLATED) + body)
    assert {issue.code for issue in header.issues} == {"damaged-deflate", "truncated"}


@pytest.mark.parametrize("rest", [b"", b"\x07 no block of any type", b"\x07" * 5000])
def test_a_damaged_deflated_data_set_keeps_what_was_inflated(rest):
    squeezer = zlib.compressobj(wbits=-15)
    body = identity() + EL.element(0x00100020, "LO", "P1") + EL.element(0x00104000, "LT", "a" * 5000)[:3000]
    squeezed = squeezer.compress(body) + squeezer.flush(zlib.Z_FULL_FLUSH)
    header = outcome(bytes(128) + b"DICM" + meta(DEFLATED) + squeezed + rest)
    assert list(header.attributes)[-1] == "PatientID"
    assert [(issue.code, issue.path) for issue in header.issues] == [
        ("damaged-deflate", ""),
        ("truncated", "PatientComments"),
    ]


def test_zeros_behind_the_data_set_are_no_elements():
    for padding in (3, 8, 100, 5000):
        for writer, syntax in ((EL, EXPLICIT), (IL, IMPLICIT)):
            whole = file(writer.element(0x00100020, "LO", "P1"), syntax=syntax)
            header = read(whole + bytes(padding))
            assert [issue.code for issue in header.issues] == ["trailing-bytes"]
            assert list(header.attributes)[-1] == "PatientID"
            assert header.length == len(whole)


def test_lengths_beyond_the_file_do_not_make_it_read_all_of_it():
    head = file(EL.element(0x00104000, "UT", length=0xFFFFFF00))
    asked = []

    def source(offset: int, length: int) -> bytes:
        asked.append(length)
        return (head + bytes(200_000))[offset : offset + length]

    assert [issue.code for issue in read_header(source, len(head) + 200_000).issues] == ["truncated"]
    assert sum(asked) <= 32_768


def test_many_private_creators_take_no_more_time_each():
    creators = [
        EL.element(group << 16 | block, "LO", b"%06d" % (group * 256 + block))
        for group in range(0x0009, 0x0900, 2)
        for block in range(0x10, 0x100, 2)
    ]
    header = outcome(file(*creators))
    assert len(header.attributes) == len(creators) + 5


def test_of_many_elements_without_creator_the_first_are_told():
    elements = [EL.element(0x00090000 | element, "LO") for element in range(0x1000, 0xFFFF, 2)]
    header = outcome(file(*elements))
    assert len(header.attributes) == len(elements) + 5
    assert len(header.issues) == ISSUES_LIMIT + 1


@pytest.mark.parametrize("vr", ["ZZ", "OB", "SQ", "UI", "\0\0"])
@pytest.mark.parametrize("length", [None, 5, 30, 150, 0x8000, UNDEFINED >> 16])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_damage_within_the_file_meta_does_not_reach_the_data_set(vr, length, place):
    elements = [EL.element(0x00020002, "UI", "1.2\0"), EL.element(0x00020003, "UI", "1.2.3\0")]
    elements.insert(place, EL.element(0x00020016, vr, "lake", length=length))
    inner = b"".join(elements) + EL.element(0x00020010, "UI", EXPLICIT + "\0")
    head = bytes(128) + b"DICM" + EL.element(0x00020000, "UL", struct.pack("<I", len(inner))) + inner
    comment = EL.element(0x00104000, "LT", "x" * 600)
    header = read(head + identity() + EL.element(0x00080060, "CS", "CT") + comment)
    assert header.attributes["PatientComments"] == "x" * 600
    assert header.attributes["SOPInstanceUID"]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED, JPEG]))
def test_any_bytes_behind_an_identity_raise_typed_errors_only(noise, syntax):
    found = outcome(file(noise, syntax=syntax))
    assert isinstance(found, Header)
    assert "SOPInstanceUID" in found.attributes
