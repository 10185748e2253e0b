"""What a value of each VR becomes."""

import base64
import hashlib
import json
import math
import struct

import pytest

from dicomlake.headers.encodings import VRS
from dicomlake.headers.texts import TEXT_DECODERS
from mappings.moments import datetime_micros
from tests.headers.raw import BIG_ENDIAN, EB, EL, IL, IMPLICIT, file, one, read, value

TEXTS = [
    ("AE", "  STORE SCP  ", "STORE SCP"),
    ("AE", "ONE \\ TWO ", ["ONE", "TWO"]),
    ("AS", "042Y", "042Y"),
    ("CS", "ORIGINAL\\PRIMARY ", ["ORIGINAL", "PRIMARY"]),
    ("CS", "A\\\\B ", ["A", None, "B"]),
    ("CS", "ORIGINAL \\PRIMARY\0\\AXIAL", ["ORIGINAL", "PRIMARY", "AXIAL"]),
    ("UI", "1.2\0\\3.4\0", ["1.2", "3.4"]),
    ("DA", "20190214", "20190214"),
    ("DA", "20190214\\20200229", ["20190214", "20200229"]),
    ("DT", "20190214101530.123456+0100", "20190214101530.123456+0100"),
    ("DT", "2019", "2019"),
    ("LO", " two words  ", " two words"),
    ("LO", "one \\two ", ["one", "two"]),
    ("LT", "a\\b\r\nc ", "a\\b\r\nc"),
    ("PN", "García^Ana=".encode("latin-1"), "García^Ana"),
    ("PN", "Yamada^Tarou=山田^太郎==".encode(), "Yamada^Tarou=山田^太郎"),
    ("PN", "A^B\\C^D=E ", ["A^B", "C^D=E"]),
    ("PN", "A^B \\C^D= ", ["A^B", "C^D"]),
    ("SH", "short ", "short"),
    ("ST", "one\\value ", "one\\value"),
    ("TM", "101530.5 ", "101530.5"),
    ("TM", "10", "10"),
    ("UC", "any\\number ", ["any", "number"]),
    ("UI", "1.2.840.10008.1.2\0", "1.2.840.10008.1.2"),
    ("UR", "https://example.org/a?b=c ", "https://example.org/a?b=c"),
    ("UT", "long text\\too ", "long text\\too"),
]

NUMBERS = [
    ("SS", "<h", [-2]),
    ("US", "<HH", [65535, 1]),
    ("SL", "<i", [-(2**31)]),
    ("UL", "<I", [2**32 - 1]),
    ("SV", "<qq", [-(2**63), 7]),
    ("UV", "<Q", [2**64 - 1]),
    ("FL", "<f", [0.5]),
    ("FD", "<dd", [0.1, -1e300]),
]


@pytest.mark.parametrize(("vr", "raw", "expected"), TEXTS)
def test_text_is_in_dicom_form_without_padding(vr, raw, expected):
    charset = "ISO_IR 192" if isinstance(raw, bytes) and b"\xc3" not in raw and b"\xed" not in raw else "ISO_IR 100"
    assert value(vr, raw, charset=charset) == expected


@pytest.mark.parametrize(("vr", "form", "numbers"), NUMBERS)
def test_binary_numbers_of_either_byte_order(vr, form, numbers):
    expected = numbers[0] if len(numbers) == 1 else numbers
    assert value(vr, struct.pack(form, *numbers)) == expected
    swapped = EB.element(0x00090010, "LO", "ACME") + EB.element(0x00091001, vr, struct.pack(">" + form[1:], *numbers))
    assert read(file(swapped, syntax=BIG_ENDIAN)).attributes['(0009,"ACME",01)'] == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("5 ", 5.0),
        (" -1.5e-3", -0.0015),
        ("+.5", 0.5),
        ("1.\\2\\ 3.25 ", [1.0, 2.0, 3.25]),
        ("1\\\\2 ", [1.0, None, 2.0]),
        ("7\0", 7.0),
    ],
)
def test_decimal_strings_are_floats(raw, expected):
    found = value("DS", raw)
    assert found == expected
    assert {type(number) for number in (found if isinstance(found, list) else [found])} <= {float, type(None)}


@pytest.mark.parametrize(
    ("raw", "expected"), [("12", 12), (" +007 ", 7), ("-3\\4 ", [-3, 4]), ("1\\\\2 ", [1, None, 2])]
)
def test_integer_strings_are_ints(raw, expected):
    found = value("IS", raw)
    assert found == expected
    assert {type(number) for number in (found if isinstance(found, list) else [found])} <= {int, type(None)}


@pytest.mark.parametrize("vr", ["DS", "IS"])
@pytest.mark.parametrize(
    "raw",
    ["1_0", "nan", "inf", "-Infinity", "0x10", "1,5", "1 2", "1e", "--1", "+", ".", "1.0 mm", "١٢"],
)
def test_what_python_may_take_for_a_number_stays_text(vr, raw):
    encoded = raw.encode("utf-8")
    header = one(vr, encoded)
    assert header.attributes['(0009,"ACME",01)'] == encoded.decode("latin-1")
    assert [(issue.code, issue.path) for issue in header.issues] == [("bad-number", '(0009,"ACME",01)')]


@pytest.mark.parametrize(
    ("vr", "raw"), [("DS", "1e999"), ("DS", "9" * 400), ("IS", "9" * 30), ("IS", "1.0"), ("IS", "1e2")]
)
def test_numbers_that_the_vr_cannot_hold_stay_text(vr, raw):
    header = one(vr, raw)
    assert header.attributes['(0009,"ACME",01)'] == raw
    assert header.issues[0].code == "bad-number"


def test_one_bad_value_makes_the_whole_element_text():
    assert value("DS", "1.5\\abc\\ \\2.50") == ["1.5", "abc", None, "2.50"]
    assert value("FD", struct.pack("<dd", 1.5, math.nan)) == ["1.5", "nan"]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("vr", "form"), [("FL", "<f"), ("FD", "<d")])
def test_binary_numbers_that_are_not_finite_become_text(vr, form, number):
    assert value(vr, struct.pack(form, number)) == repr(number)


def test_tags_are_written_as_tags():
    assert value("AT", struct.pack("<HH", 0x0018, 0x00FF)) == "(0018,00FF)"
    assert value("AT", struct.pack("<4H", 0x0018, 0x9, 0xABCD, 0xEF01)) == ["(0018,0009)", "(ABCD,EF01)"]


@pytest.mark.parametrize("vr", ["OB", "OD", "OF", "OL", "OV", "OW", "UN"])
def test_binary_is_kept_up_to_1024_bytes_and_hashed_beyond(vr):
    short, long = bytes(range(256)) * 4, bytes(1026)
    assert value(vr, short) == {"InlineBinary": base64.b64encode(short).decode()}
    assert value(vr, long) == {"length": 1026, "sha256": hashlib.sha256(long).hexdigest()}


@pytest.mark.parametrize("vr", sorted(VRS - {"SQ"}))
def test_empty_is_null_and_an_empty_sequence_an_empty_list(vr):
    header = one(vr, b"")
    assert header.attributes['(0009,"ACME",01)'] is None
    assert header.issues == []
    assert value("SQ", b"") == []


@pytest.mark.parametrize("vr", sorted(TEXT_DECODERS.keys() - {"UI"} | {"DS", "IS"}))
def test_only_padding_is_null_too(vr):
    assert value(vr, "    ") is None


def test_more_than_256_values_become_a_summary():
    raw = struct.pack("<300H", *range(1000, 700, -1))
    assert value("US", raw) == {
        "count": 300,
        "min": 701,
        "max": 1000,
        "sha256": hashlib.sha256(raw).hexdigest(),
        "first": list(range(1000, 984, -1)),
    }
    assert value("US", raw[:512]) == list(range(1000, 744, -1))


@pytest.mark.parametrize(
    ("vr", "raw", "expected"),
    [
        ("DS", "\\".join(["-1", "", "2.5"] * 100), {"min": -1.0, "max": 2.5, "first": [-1.0, None, 2.5] * 5 + [-1.0]}),
        ("IS", "\\".join(["4"] * 300), {"min": 4, "max": 4, "first": [4] * 16}),
        ("FL", struct.pack("<300f", *[0.5] * 300), {"min": 0.5, "max": 0.5, "first": [0.5] * 16}),
        ("LO", "\\".join(["a", "b"] * 150), {"first": ["a", "b"] * 8}),
        ("CS", "\\".join(["A"] * 300), {"first": ["A"] * 16}),
        ("PN", "\\".join(["A^B"] * 300), {"first": ["A^B"] * 16}),
        ("AT", bytes(1200), {"first": ["(0000,0000)"] * 16}),
        ("DS", "\\".join(["x"] * 300), {"first": ["x"] * 16}),
        ("FD", struct.pack("<300d", *[math.inf] * 300), {"first": ["inf"] * 16}),
    ],
)
def test_summaries_have_extremes_of_numbers_only(vr, raw, expected):
    encoded = raw.encode() if isinstance(raw, str) else raw
    # more than 65,535 bytes or not, the header of an element in implicit VR is the same
    element = IL.element(0x00180050, "DS", encoded) if vr == "DS" else None
    found = (
        read(file(element, syntax=IMPLICIT)).attributes["SliceThickness"] if element is not None else value(vr, encoded)
    )
    assert found == {"count": 300, "sha256": hashlib.sha256(encoded).hexdigest(), **expected}


def test_us_or_ss_goes_by_the_pixel_representation():
    padding = struct.pack("<h", -2000)
    for representation, expected in ((0, 63536), (1, -2000)):
        header = read(
            file(
                IL.element(0x00280103, "US", struct.pack("<H", representation)),
                IL.element(0x00280120, "US", padding),
                syntax=IMPLICIT,
            )
        )
        assert header.attributes["PixelPaddingValue"] == expected
        assert header.vrs == {}
    assert read(file(IL.element(0x00280120, "US", padding), syntax=IMPLICIT)).attributes["PixelPaddingValue"] == 63536


def test_us_or_ss_in_an_item_goes_by_the_nearest_pixel_representation_even_behind_it():
    padding = IL.element(0x00280120, "SS", struct.pack("<h", -1))
    signed, unsigned = (IL.element(0x00280103, "US", struct.pack("<H", number)) for number in (1, 0))
    before = IL.sequence(0x00081140, IL.item(padding))
    assert _padding(file(before, signed, syntax=IMPLICIT)) == -1
    assert _padding(file(before, unsigned, syntax=IMPLICIT)) == 65535
    assert _padding(file(IL.sequence(0x00081140, IL.item(signed, padding)), unsigned, syntax=IMPLICIT)) == -1
    assert _padding(file(IL.sequence(0x00081140, IL.item(unsigned, padding)), signed, syntax=IMPLICIT)) == 65535
    assert _padding(file(IL.sequence(0x00081140, IL.item(padding, undefined=True), undefined=True), signed,
                         syntax=IMPLICIT)) == -1  # fmt: skip


def _padding(data: bytes):
    return read(data).attributes["ReferencedImageSequence"][0]["PixelPaddingValue"]


def test_lut_descriptors_count_without_sign():
    raw = struct.pack("<HhH", 65535, -1024, 16)
    for writer, syntax in ((EL, "1.2.840.10008.1.2.1"), (IL, IMPLICIT)):
        header = read(
            file(
                writer.element(0x00280103, "US", struct.pack("<H", 1)),
                writer.element(0x00281101, "SS", raw),
                syntax=syntax,
            )
        )
        assert header.attributes["RedPaletteColorLookupTableDescriptor"] == [65535, -1024, 16]


def test_lut_data_is_numbers_when_it_has_one_entry_else_binary():
    for entries, expected in ((1, 258), (2, {"InlineBinary": "AgE="})):
        descriptor = IL.element(0x00283002, "US", struct.pack("<3H", entries, 0, 16))
        header = read(
            file(
                IL.sequence(0x00283010, IL.item(descriptor, IL.element(0x00283006, "US", b"\x02\x01"))), syntax=IMPLICIT
            )
        )
        assert header.attributes["VOILUTSequence"][0]["LUTData"] == expected


def test_values_are_json():
    header = one("FD", struct.pack("<dd", math.nan, 1))
    assert json.loads(json.dumps(header.attributes, allow_nan=False)) == header.attributes


@pytest.mark.parametrize("text", ["20190214101530+1400", "20190214101530-1200", "2019-0330", "201902141015+0545"])
def test_offsets_from_utc_may_be_as_far_as_the_standard_says(text):
    assert one("DT", text).issues == []
    datetime_micros(text)


@pytest.mark.parametrize(
    "text", ["20190214101530+1430", "20190214101530-1230", "2019-1201", "20190214101530 +0100", "20190214101530+0060"]
)
def test_a_moment_that_cannot_be_indexed_is_an_issue(text):
    header = one("DT", text)
    assert header.attributes['(0009,"ACME",01)'] == text
    assert [issue.code for issue in header.issues] == ["bad-datetime"]
    with pytest.raises(ValueError, match=r"UTC|date and time"):
        datetime_micros(text)
