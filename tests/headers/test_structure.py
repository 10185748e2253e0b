"""Encodings, sequences, undefined lengths, and where the header ends."""

import base64
import hashlib
import struct

import pytest

from dicomlake.headers import read_header
from tests.headers.raw import (
    BIG_ENDIAN,
    DEFLATED,
    EB,
    EL,
    EXPLICIT,
    IL,
    IMPLICIT,
    JPEG,
    UID,
    UNDEFINED,
    WRITERS,
    codes,
    file,
    identity,
    meta,
    read,
)

PIXELS = 0x7FE00010


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED, JPEG])
def test_every_transfer_syntax_gives_the_same_attributes(syntax):
    writer = WRITERS[syntax]
    data = file(
        writer.element(0x00280010, "US", struct.pack(writer.order + "H", 512)),
        writer.sequence(0x00400275, writer.item(writer.element(0x00400007, "LO", "Head"))),
        syntax=syntax,
    )
    header = read(data)
    assert header.transfer_syntax == header.attributes["TransferSyntaxUID"] == syntax
    assert list(header.attributes)[:3] == ["MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID", "TransferSyntaxUID"]
    assert header.attributes["SOPInstanceUID"] == UID
    assert header.attributes["Rows"] == 512
    assert header.attributes["RequestAttributesSequence"] == [{"ScheduledProcedureStepDescription": "Head"}]
    assert header.issues == []
    assert header.vrs == {}
    assert header.size == len(data)


def test_group_lengths_are_left_out_everywhere():
    length = EL.element(0x00080000, "UL", struct.pack("<I", 4))
    inner = EL.sequence(0x00400275, EL.item(EL.element(0x00400000, "UL", bytes(4)), EL.element(0x00400007, "LO", "x")))
    odd = EL.element(0x00090000, "UL", bytes(4))
    header = read(file(length + identity(), odd, inner, before=b""))
    assert not [key for key in header.attributes if "GroupLength" in key or "0000" in key]
    assert header.attributes["RequestAttributesSequence"] == [{"ScheduledProcedureStepDescription": "x"}]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
@pytest.mark.parametrize("undefined_sequence", [True, False])
@pytest.mark.parametrize("undefined_item", [True, False])
def test_sequences_of_every_kind_of_length(syntax, undefined_sequence, undefined_item):
    w = WRITERS[syntax]

    def nested(depth: int) -> bytes:
        inner = [w.element(0x00100020, "LO", f"L{depth}")]
        if depth < 4:
            inner.append(nested(depth + 1))
        items = [w.item(*inner, undefined=undefined_item), w.item(undefined=undefined_item)]
        return w.sequence(0x00101002, *items, undefined=undefined_sequence)

    header = read(file(nested(0), w.element(0x00104000, "LT", "behind"), syntax=syntax))
    level = header.attributes["OtherPatientIDsSequence"]
    for depth in range(5):
        assert [list(item) for item in level] == [["PatientID", "OtherPatientIDsSequence"][: 2 - depth // 4], []]
        assert level[0]["PatientID"] == f"L{depth}"
        level = level[0].get("OtherPatientIDsSequence")
    assert header.attributes["PatientComments"] == "behind"
    assert header.issues == []


def test_un_of_undefined_length_is_implicit_little_endian_in_any_data_set():
    items = IL.item(IL.element(0x00100020, "LO", "P1"), undefined=True) + IL.delimiter(0xFFFEE0DD)
    for writer, syntax in ((EL, EXPLICIT), (EB, BIG_ENDIAN)):
        header = read(
            file(
                writer.element(0x00101002, "UN", items, length=UNDEFINED),
                writer.element(0x00104000, "LT", "behind"),
                syntax=syntax,
            )
        )
        assert header.attributes["OtherPatientIDsSequence"] == [{"PatientID": "P1"}]
        assert header.attributes["PatientComments"] == "behind"
        assert header.issues == []


def test_un_sequences_whose_items_are_explicit_are_read_too():
    item = EL.item(EL.element(0x00100020, "LO", "P1"), undefined=True)
    data = file(EL.element(0x00101002, "UN", item + EL.delimiter(0xFFFEE0DD), length=UNDEFINED))
    assert read(data).attributes["OtherPatientIDsSequence"] == [{"PatientID": "P1"}]


@pytest.mark.parametrize("writer", [EL, IL])
def test_known_public_elements_written_as_un_get_the_vr_of_the_dictionary(writer):
    header = read(
        file(
            EL.element(0x00180050, "UN", "2.5 "),
            EL.element(0x00280010, "UN", struct.pack("<H", 7)),
            EL.sequence(0x00400275, writer.item(writer.element(0x00400007, "LO", "Head")), vr="UN"),
        )
    )
    assert header.attributes["SliceThickness"] == 2.5
    assert header.attributes["Rows"] == 7
    assert header.attributes["RequestAttributesSequence"] == [{"ScheduledProcedureStepDescription": "Head"}]
    assert header.vrs == {}


def test_items_in_implicit_vr_within_an_explicit_data_set_are_read_and_reported():
    item = IL.item(IL.element(0x00400007, "LO", "Head"), IL.sequence(0x00400008, IL.item()))
    data = file(EL.sequence(0x00400275, item, EL.item(EL.element(0x00400007, "LO", "Neck"))))
    assert [
        item["ScheduledProcedureStepDescription"] for item in read(data).attributes["RequestAttributesSequence"]
    ] == [
        "Head",
        "Neck",
    ]
    assert codes(data) == [("implicit-in-explicit", "RequestAttributesSequence")]


def test_elements_in_implicit_vr_within_an_explicit_data_set_are_read_and_reported():
    data = file(IL.element(0x00100020, "LO", "P1"), EL.element(0x00100040, "CS", "M "))
    assert read(data).attributes["PatientID"] == "P1"
    assert read(data).attributes["PatientSex"] == "M"
    assert codes(data) == [("implicit-in-explicit", "")]


@pytest.mark.parametrize(
    "raw",
    [
        struct.pack("<HH2sHI", 0x0010, 0x0020, b"ZZ", 0, 2) + b"P1",
        struct.pack("<HH2sH", 0x0010, 0x0020, b"ZZ", 2) + b"P1",
        struct.pack("<HH2sH", 0x0010, 0x0020, b"??", 2) + b"P1",
    ],
)
def test_vrs_that_the_standard_does_not_have_are_read_like_un(raw):
    data = file(raw, EL.element(0x00100040, "CS", "M "))
    assert read(data).attributes["PatientID"] == "P1"
    assert read(data).attributes["PatientSex"] == "M"
    assert codes(data) == [("unknown-vr", "PatientID")]


def test_a_vr_other_than_the_dictionarys_is_used_and_noted():
    header = read(file(EL.element(0x00100020, "SH", "P1"), EL.element(0x00081234, "US", b"\1\0")))
    assert header.attributes["PatientID"] == "P1"
    assert header.attributes["(0008,1234)"] == 1
    assert header.vrs == {"PatientID": "SH", "(0008,1234)": "US"}


def test_unknown_public_elements_in_implicit_vr_are_binary():
    header = read(file(IL.element(0x00100023, "", b"ab"), syntax=IMPLICIT))
    assert header.attributes["(0010,0023)"] == {"InlineBinary": "YWI="}
    assert header.vrs == {"(0010,0023)": "UN"}


def test_repeating_groups_share_a_keyword_and_the_first_has_it():
    rows = [EL.element(group << 16 | 0x10, "US", struct.pack("<H", group & 0xFF)) for group in (0x6002, 0x6004)]
    header = read(file(*rows))
    assert header.attributes["OverlayRows"] == 2
    assert header.attributes["(6004,0010)"] == 4
    assert header.vrs == {}


@pytest.mark.parametrize("tag", [0x7FE00008, 0x7FE00009, 0x7FE00010])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_the_header_ends_at_the_pixel_data(tag, syntax):
    writer = WRITERS[syntax]
    before = file(writer.element(0x00280010, "US", b"\2\0"), syntax=syntax)
    data = before + writer.element(tag, "OW", bytes(100)) + writer.element(0x7FE10010, "LO", "BEHIND")
    header = read(data)
    assert list(header.attributes)[-1] == "Rows"
    assert header.length == len(before)
    assert header.sha256 == hashlib.sha256(before).hexdigest()
    assert header.size == len(data)
    assert header.issues == []


def test_encapsulated_pixel_data_is_not_read():
    before = file(syntax=JPEG)
    fragments = EL.item() + EL.item(b"\xff\xd8 no JPEG")
    data = before + EL.element(PIXELS, "OB", fragments, length=UNDEFINED)
    assert read(data).length == len(before)
    assert read(data).issues == []


def test_offset_tables_before_the_pixel_data_are_header():
    data = file(EL.element(0x7FE00001, "OV", bytes(8)), EL.element(PIXELS, "OB", bytes(8)))
    assert read(data).attributes["ExtendedOffsetTable"] == {"InlineBinary": "AAAAAAAAAAA="}


@pytest.mark.parametrize("undefined", [True, False])
@pytest.mark.parametrize(("writer", "syntax"), [(EL, EXPLICIT), (IL, IMPLICIT)])
def test_pixel_data_of_icons_is_skipped(writer, syntax, undefined):
    fragments = writer.item() + writer.item(bytes(10)) + writer.delimiter(0xFFFEE0DD)
    pixels = (
        writer.element(PIXELS, "OB", fragments, length=UNDEFINED)
        if undefined
        else writer.element(PIXELS, "OB", bytes(64))
    )
    icon = writer.item(writer.element(0x00280010, "US", b"\1\0"), pixels, undefined=True)
    header = read(
        file(writer.sequence(0x00880200, icon, undefined=True), writer.element(0x20100010, "ST", "x"), syntax=syntax)
    )
    assert header.attributes["IconImageSequence"] == [{"Rows": 1}]
    assert header.attributes["ImageDisplayFormat"] == "x"
    assert header.issues == []


def test_encapsulated_values_other_than_pixel_data_are_binary():
    fragments = EL.item() + EL.item(b"abcd")
    data = file(EL.element(0x54001010, "OB", fragments + EL.delimiter(0xFFFEE0DD), length=UNDEFINED))
    header = read(data)
    assert base64.b64decode(header.attributes["WaveformData"]["InlineBinary"]) == fragments


def test_a_directory_is_a_header_like_any_other():
    record = EL.item(EL.element(0x00041430, "CS", "PATIENT "), EL.element(0x00100020, "LO", "P1"))
    header = read(file(EL.element(0x00041130, "CS", "DISK"), EL.sequence(0x00041220, record), before=b""))
    assert header.attributes["DirectoryRecordSequence"] == [{"DirectoryRecordType": "PATIENT", "PatientID": "P1"}]
    assert "SOPInstanceUID" not in header.attributes


def test_elements_out_of_order_are_put_in_order_and_reported():
    data = file(
        EL.element(0x00100020, "LO", "P1"),
        EL.element(0x00091101, "LO", "x"),
        EL.element(0x00090011, "LO", "ACME"),
        EL.element(0x00091102, "LO", "y"),
        EL.element(0x00080060, "CS", "CT"),
        EL.element(0x60020010, "US", b"\1\0"),
        EL.element(0x00081234, "LO", "z"),
    )
    header = read(data)
    assert list(header.attributes)[3:] == [
        "SOPClassUID",
        "SOPInstanceUID",
        "Modality",
        "(0008,1234)",
        "(0009,0011)",
        '(0009,"",1101)',
        '(0009,"ACME",02)',
        "PatientID",
        "OverlayRows",
    ]
    assert {code for code, _ in codes(data)} == {"out-of-order", "missing-private-creator"}


def test_of_elements_that_are_there_twice_the_last_counts():
    data = file(EL.element(0x00100020, "LO", "P1"), EL.element(0x00100020, "LO", "P2"))
    assert read(data).attributes["PatientID"] == "P2"
    assert codes(data) == [("duplicate-element", "PatientID")]


def test_a_deflated_data_set_is_hashed_as_it_is_inflated():
    rest = EL.element(0x00100020, "LO", "P1")
    header = read(file(rest, EL.element(PIXELS, "OB", bytes(50)), syntax=DEFLATED))
    whole = bytes(128) + b"DICM" + meta(DEFLATED) + identity() + rest
    assert header.length == len(whole)
    assert header.sha256 == hashlib.sha256(whole).hexdigest()


def test_header_hash_is_that_of_the_bytes_up_to_the_end():
    data = file(EL.element(0x00100020, "LO", "P1"))
    header = read_header(lambda offset, length: data[offset : offset + length], len(data))
    assert (header.length, header.sha256) == (len(data), hashlib.sha256(data).hexdigest())


INNER = IL.item(IL.element(0x00100020, "", "P1"), IL.element(0x00110010, "", "ACME"), IL.element(0x00111001, "", b"ab"))


@pytest.mark.parametrize("tag", [0x00091001, 0x00111001, 0x00181999])
@pytest.mark.parametrize("items", [1, 3, 2_000])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_sequences_of_defined_length_that_nobody_knows_are_found_by_their_items(tag, items, syntax):
    writer = WRITERS[syntax]
    data = file(
        writer.element(0x00090010, "LO", "NOBODY"),
        *[writer.element(tag, "UN", INNER * items)] * (tag != 0x00111001),
        writer.element(0x00110010, "LO", "NOBODY"),
        *[writer.element(tag, "UN", INNER * items)] * (tag == 0x00111001),
        writer.element(0x00280010, "US", struct.pack(writer.order + "H", 7)),
        syntax=syntax,
    )
    header = read(data)
    (found,) = [value for value in header.attributes.values() if isinstance(value, list)]
    assert found == [{"PatientID": "P1", "(0011,0010)": "ACME", '(0011,"ACME",01)': {"InlineBinary": "YWI="}}] * items
    assert [vr for path, vr in header.vrs.items() if path.count("(") == 1 and vr == "SQ"] == ["SQ"]
    assert header.attributes["Rows"] == 7
    assert not [code for code, _ in codes(data) if code != "out-of-order"]


@pytest.mark.parametrize("flaw", ["cut", "more", "structure", "length"])
def test_bytes_that_only_begin_like_items_stay_bytes(flaw):
    raw = {
        "cut": INNER[:-1],
        "more": INNER + b"\0\0",
        "structure": IL.item(b"this is no element"),
        "length": IL.item(IL.element(0x00100020, "", "P1"), length=200),
    }[flaw]
    header = read(file(EL.element(0x00090010, "LO", "NOBODY"), EL.element(0x00091001, "UN", raw)))
    assert header.attributes['(0009,"NOBODY",01)'] == {"InlineBinary": base64.b64encode(raw).decode()}
    assert header.vrs['(0009,"NOBODY",01)'] == "UN"
    assert header.issues == []


def test_a_known_sequence_written_as_un_is_implicit_by_the_standard():
    data = file(EL.element(0x00101002, "UN", IL.item(IL.element(0x00100020, "", "P1"))))
    assert read(data).attributes["OtherPatientIDsSequence"] == [{"PatientID": "P1"}]
    assert codes(data) == []


def test_a_delimiter_with_the_number_of_a_group_length_is_none():
    data = file(EL.sequence(0x00101002, EL.item(EL.element(0x00100020, "LO", "P1"), EL.delimiter(0xFFFE0000))))
    header = read_header(lambda offset, length: data[offset : offset + length], len(data))
    assert header.attributes["OtherPatientIDsSequence"] == [{"PatientID": "P1"}]
    assert [issue.code for issue in header.issues] == ["stray-delimiter"]
