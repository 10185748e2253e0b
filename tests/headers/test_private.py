"""Private elements by creator, whatever block it has reserved."""

import struct

import pytest

from dicomlake.headers import Reader, private
from tests.headers.raw import EL, IL, IMPLICIT, codes, file, read


def test_elements_are_named_by_creator_and_last_byte():
    header = read(
        file(
            EL.element(0x00190011, "LO", "SIEMENS MR HEADER "),
            EL.element(0x00190012, "LO", "ACME 1.1"),
            EL.element(0x0019110C, "IS", "1000"),
            EL.element(0x0019120C, "LO", "x"),
        )
    )
    assert {key: value for key, value in header.attributes.items() if key.startswith("(")} == {
        "(0019,0011)": "SIEMENS MR HEADER",
        "(0019,0012)": "ACME 1.1",
        '(0019,"SIEMENS MR HEADER",0C)': 1000,
        '(0019,"ACME 1.1",0C)': "x",
    }
    assert header.vrs == {
        "(0019,0011)": "LO",
        "(0019,0012)": "LO",
        '(0019,"SIEMENS MR HEADER",0C)': "IS",
        '(0019,"ACME 1.1",0C)': "LO",
    }
    assert header.issues == []


@pytest.mark.parametrize(("writer", "vr"), [(EL, "UN"), (IL, "")])
def test_a_vr_that_the_file_does_not_say_comes_from_the_private_dictionary(writer, vr):
    header = read(
        file(
            writer.element(0x00190010, vr, "SIEMENS MR HEADER "),
            writer.element(0x0019100C, vr, "1000"),
            writer.element(0x0019100E, vr, struct.pack("<3d", 0, 0.5, 1)),
            writer.element(0x001910FF, vr, b"\1\2"),
            syntax=IMPLICIT if writer is IL else "1.2.840.10008.1.2.1",
        )
    )
    assert header.attributes["(0019,0010)"] == "SIEMENS MR HEADER"
    assert header.attributes['(0019,"SIEMENS MR HEADER",0C)'] == 1000
    assert header.attributes['(0019,"SIEMENS MR HEADER",0E)'] == [0.0, 0.5, 1.0]
    assert header.attributes['(0019,"SIEMENS MR HEADER",FF)'] == {"InlineBinary": "AQI="}
    assert list(header.vrs.values()) == ["LO", "IS", "FD", "UN"]


def test_a_value_that_breaks_a_vr_which_the_file_did_not_say_is_no_issue():
    header = read(
        file(
            EL.element(0x00190010, "LO", "SIEMENS MR HEADER "),
            EL.element(0x0019100C, "UN", "many"),
            EL.element(0x0019100E, "UN", b"\1\2\3"),
        )
    )
    assert header.attributes['(0019,"SIEMENS MR HEADER",0C)'] == "many"
    assert header.attributes['(0019,"SIEMENS MR HEADER",0E)'] == {"InlineBinary": "AQID"}
    assert header.vrs['(0019,"SIEMENS MR HEADER",0E)'] == "UN"
    assert header.issues == []


def test_elements_without_creator_keep_their_full_number():
    data = file(
        EL.element(0x00090002, "LO", "low"),
        EL.element(0x00090010, "LO", "  "),
        EL.element(0x00091001, "LO", "blank creator"),
        EL.element(0x00091101, "LO", "no creator"),
    )
    attributes = read(data).attributes
    assert attributes['(0009,"",0002)'] == "low"
    assert attributes["(0009,0010)"] is None
    assert attributes['(0009,"",1001)'] == "blank creator"
    assert attributes['(0009,"",1101)'] == "no creator"
    assert codes(data) == [
        ("missing-private-creator", '(0009,"",0002)'),
        ("missing-private-creator", '(0009,"",1001)'),
        ("missing-private-creator", '(0009,"",1101)'),
    ]


def test_creators_hold_within_their_item_only():
    inner = EL.item(EL.element(0x00090010, "LO", "INNER "), EL.element(0x00091001, "LO", "in"))
    bare = EL.item(EL.element(0x00091001, "LO", "bare"))
    header = read(
        file(
            EL.element(0x00090010, "LO", "OUTER "),
            EL.element(0x00091001, "LO", "out "),
            EL.sequence(0x00091002, inner, bare),
        )
    )
    assert header.attributes['(0009,"OUTER",01)'] == "out"
    assert header.attributes['(0009,"OUTER",02)'] == [
        {"(0009,0010)": "INNER", '(0009,"INNER",01)': "in"},
        {'(0009,"",1001)': "bare"},
    ]
    assert header.vrs['(0009,"OUTER",02).(0009,"INNER",01)'] == "LO"


def test_a_creator_with_two_blocks_loses_nothing():
    data = file(
        EL.element(0x00090010, "LO", "ACME"),
        EL.element(0x00090011, "LO", "ACME"),
        EL.element(0x00091001, "LO", "first "),
        EL.element(0x00091101, "LO", "second"),
    )
    for _ in range(2):  # what one file taught must not change the next
        attributes = read(data).attributes
        assert attributes['(0009,"ACME",01)'] == "first"
        assert attributes['(0009,"",1101)'] == "second"
    assert codes(data) == [("repeated-private-creator", "(0009,0011)")]


def test_blocks_of_one_file_do_not_reach_into_the_next():
    for name in ("ONE ", "TWO ", "ONE "):
        header = read(file(EL.element(0x00090010, "LO", name), EL.element(0x00091001, "LO", name)))
        assert header.attributes[f'(0009,"{name.strip()}",01)'] == name.strip()


def taken_over(*creators: str, value: str = "x") -> bytes:
    """A file whose block 10 is reserved by one after the other, block 11 by a third, with an element in either."""
    return file(
        EL.element(0x00090010, "LO", creators[0]),
        EL.element(0x00090011, "LO", "OTHER "),
        *(EL.element(0x00090010, "LO", creator) for creator in creators[1:]),
        EL.element(0x00091001, "LO", value),
        EL.element(0x00091102, "LO", value),
    )


def test_a_block_that_changes_hands_is_the_last_creators_whatever_was_read_before():
    files = [taken_over("ONE "), taken_over("TWO "), taken_over("ONE ", "TWO "), taken_over("TWO ", "ONE ")] * 2
    owners = ["ONE", "TWO", "TWO", "ONE"] * 2
    reader = Reader()
    for data, owner in zip(files + files[::-1], owners + owners[::-1], strict=True):
        for header in (
            read(data),
            reader.read(lambda offset, length, data=data: data[offset : offset + length], len(data)),
        ):
            assert header.attributes[f'(0009,"{owner}",01)'] == "x"
            assert header.attributes['(0009,"OTHER",02)'] == "x"
            assert [key for key in header.vrs if key.startswith('(0009,"')] == [
                f'(0009,"{owner}",01)',
                '(0009,"OTHER",02)',
            ]


def test_a_private_element_may_have_another_vr_or_length_in_the_next_file():
    for _ in range(2):
        for vr, raw, value in [
            ("LO", "12", "12"),
            ("US", b"\1\0", 1),
            ("IS", "12", 12),
            ("LO", "1234", "1234"),
            ("DS", "1.5 ", 1.5),
            ("OB", b"\1\2", {"InlineBinary": "AQI="}),
            ("LO", "", None),
            ("US", b"\2\0", 2),
        ]:
            header = read(file(EL.element(0x00090010, "LO", "ACME"), EL.element(0x00091001, vr, raw)))
            assert header.attributes['(0009,"ACME",01)'] == value
            assert header.vrs['(0009,"ACME",01)'] == vr


def test_what_is_kept_of_private_blocks_stays_within_its_limits(monkeypatch):
    monkeypatch.setattr(private, "_BLOCKS_LIMIT", 4)
    monkeypatch.setattr(private, "_BLOCK_PLANS_LIMIT", 3)
    private._PLANS.clear()
    for creator in range(8):
        for _ in range(2):
            elements = [EL.element(0x00091000 + number, "LO", "x" * number) for number in range(9)]
            header = read(file(EL.element(0x00090010, "LO", f"ACME{creator}"), *elements))
            for number in range(9):
                assert header.attributes[f'(0009,"ACME{creator}",{number:02X})'] == ("x" * number or None)
            assert len(private._PLANS) <= 4
            assert all(len(plans) <= 3 and len(heads) <= 3 for plans, heads in private._PLANS.values())


def test_private_sequences_of_undefined_length_in_implicit_vr_are_sequences():
    header = read(
        file(
            IL.element(0x00090010, "LO", "ACME"),
            IL.sequence(0x00091001, IL.item(IL.element(0x00100020, "LO", "P1"), undefined=True), undefined=True),
            syntax=IMPLICIT,
        )
    )
    assert header.attributes['(0009,"ACME",01)'] == [{"PatientID": "P1"}]
    assert header.vrs['(0009,"ACME",01)'] == "SQ"


def test_creator_names_are_text_in_the_character_set():
    header = read(
        file(
            EL.element(0x00080005, "CS", "ISO_IR 192"),
            EL.element(0x00090010, "LO", "Größe\\b".encode()),
            EL.element(0x00091001, "LO", "x"),
            before=b"",
        )
    )
    assert header.attributes["(0009,0010)"] == ["Größe", "b"]
    assert header.attributes['(0009,"Größe\\b",01)'] == "x"


def test_the_names_of_creators_that_are_too_long_are_cut_and_nothing_is_lost():
    one, other = "A" * 70, "A" * 64 + "B"
    header = read(
        file(
            EL.element(0x00090010, "LO", one),
            EL.element(0x00090011, "LO", other),
            EL.element(0x00091001, "LO", "first "),
            EL.element(0x00091101, "LO", "second"),
        )
    )
    assert header.attributes["(0009,0010)"] == one
    assert header.attributes["(0009,0011)"] == other
    assert header.attributes[f'(0009,"{"A" * 64}",01)'] == "first"
    assert header.attributes['(0009,"",1101)'] == "second"
    assert [issue.code for issue in header.issues] == [
        "value-too-long",
        "value-too-long",
        "repeated-private-creator",
    ]
