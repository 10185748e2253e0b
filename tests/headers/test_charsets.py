"""Text in every character set of PS3.3 C.12.1.1.2, with and without code extensions."""

import pytest

from dicomlake.headers.charsets import charset
from tests.headers.raw import EL, codes, file, identity, one, read

# Examples of PS3.5 annexes H to K, and one word for each single-byte repertoire.
SINGLE = [
    ("ISO_IR 100", "Buc^Jérôme".encode("latin-1"), "Buc^Jérôme"),
    ("ISO_IR 101", "Wałęsa".encode("iso8859-2"), "Wałęsa"),
    ("ISO_IR 109", "Ġorġ".encode("iso8859-3"), "Ġorġ"),
    ("ISO_IR 110", "Bērziņš".encode("iso8859-4"), "Bērziņš"),
    ("ISO_IR 144", b"\xbb\xee\xda\xe1\xd5\xdc\xd1\xe3\xe0\xd3", "Люксембург"),
    ("ISO_IR 127", b"\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1", "قباني^لنزار"),
    ("ISO_IR 126", b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος"),
    ("ISO_IR 138", b"\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4", "שרון^דבורה"),
    ("ISO_IR 148", "Çavuşoğlu".encode("iso8859-9"), "Çavuşoğlu"),
    ("ISO_IR 166", "สมชาย".encode("tis-620"), "สมชาย"),
    ("ISO_IR 203", "Œuvre€".encode("iso8859-15"), "Œuvre€"),
    ("ISO_IR 13", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    ("ISO_IR 192", "Wang^XiaoDong=王^小東".encode(), "Wang^XiaoDong=王^小東"),
    ("GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东"),
    ("GBK", "王^小东".encode("gbk"), "王^小东"),
]

EXTENDED = [
    (  # H.3.1
        "\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    (  # H.3.2
        "ISO 2022 IR 13\\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    (  # I.2
        "\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    (  # K.2
        "\\ISO 2022 IR 58",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
        "Zhang^XiaoDong=张^小东",
    ),
    ("\\ISO 2022 IR 159", b"A=\x1b$(D\x30\x21\x1b(B", "A=丂"),
    (
        "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126",
        b"Buc^J\xe9r\xf4me=\x1b-L\xbb\xee=\x1b-F\xc4\xe9",
        "Buc^Jérôme=Лю=Δι",
    ),
    ("ISO 2022 IR 6\\ISO 2022 IR 203", b"A=\x1b-b\xa4", "A=€"),
    ("ISO 2022 IR 6\\ISO 2022 IR 13", b"A=\x1b)I\xd4\xcf", "A=ﾔﾏ"),
]


@pytest.mark.parametrize(("terms", "raw", "text"), SINGLE + EXTENDED, ids=lambda case: str(case)[:20])
def test_names_are_decoded(terms, raw, text):
    header = one("PN", raw, charset=terms)
    assert header.attributes['(0009,"ACME",01)'] == text
    assert header.issues == []


@pytest.mark.parametrize("vr", ["LO", "SH", "UC", "LT", "ST", "UT"])
def test_every_text_vr_is_decoded(vr):
    header = one(vr, "Größe".encode("latin-1"), charset="ISO_IR 100")
    assert header.attributes['(0009,"ACME",01)'] == "Größe"


def test_the_default_character_set_is_back_behind_a_delimiter():
    korean = b"\x1b$)C\xb1\xe8\xc8\xf1\xc1\xdf\r\n\x1b$)C\xba\xb8"
    assert one("LT", korean, charset="\\ISO 2022 IR 149").attributes['(0009,"ACME",01)'] == "김희중\r\n보"
    latin = b"\x1b-L\xbb\\\xe9"
    header = one("LO", latin, charset="ISO 2022 IR 100\\ISO 2022 IR 144")
    assert header.attributes['(0009,"ACME",01)'] == ["Л", "é"]


def test_the_default_character_set_is_back_behind_the_parts_of_a_name():
    terms = "ISO 2022 IR 100\\ISO 2022 IR 126"
    header = one("PN", b"\x1b-F\xc4=\xe9^\x1b-F\xc4^\xe9", charset=terms)
    assert header.attributes['(0009,"ACME",01)'] == "Δ=é^Δ^é"
    assert one("LO", b"\x1b-F\xc4^\xe9=\xe9", charset=terms).attributes['(0009,"ACME",01)'] == "Δ^ι=ι"


def test_a_backslash_within_a_two_byte_character_splits_nothing():
    assert one("LO", b"\x1b$B\x30\x5c\x1b(B\\B", charset="\\ISO 2022 IR 87").attributes['(0009,"ACME",01)'] == [
        "移",
        "B",
    ]
    assert "誠".encode("gbk")[1:] == b"\\"
    assert one("LO", "誠\\乗".encode("gbk"), charset="GBK").attributes['(0009,"ACME",01)'] == ["誠", "乗"]


def test_spaces_may_stand_between_two_byte_characters():
    header = one("LO", b"\x1b$B;3 ED\x1b(B x", charset="\\ISO 2022 IR 87")
    assert header.attributes['(0009,"ACME",01)'] == "山 田 x"


def test_items_inherit_the_character_set_and_may_have_their_own():
    name = EL.element(0x00100010, "PN", b"\xd4\xe9")
    own = EL.element(0x00080005, "CS", "ISO_IR 144")
    sequence = EL.sequence(
        0x00101002, EL.item(name), EL.item(own, EL.sequence(0x00101002, EL.item(name))), EL.item(name)
    )
    header = read(file(EL.element(0x00080005, "CS", "ISO_IR 126") + identity(), sequence, before=b""))
    inherited, other, after = header.attributes["OtherPatientIDsSequence"]
    assert inherited["PatientName"] == after["PatientName"] == "Τι"
    assert other["OtherPatientIDsSequence"][0]["PatientName"] == "дщ"


def test_an_empty_character_set_in_an_item_is_the_default():
    item = EL.item(EL.element(0x00080005, "CS"), EL.element(0x00100010, "PN", b"\xe9"))
    header = read(
        file(EL.element(0x00080005, "CS", "ISO_IR 192") + identity(), EL.sequence(0x00101002, item), before=b"")
    )
    assert header.attributes["OtherPatientIDsSequence"] == [{"SpecificCharacterSet": None, "PatientName": "é"}]


@pytest.mark.parametrize(
    ("term", "meant"),
    [
        ("ISO-IR 100", "ISO_IR 100"),
        ("ISO IR 100", "ISO_IR 100"),
        ("iso_ir 100", "ISO_IR 100"),
        ("ISO_IR_100", "ISO_IR 100"),
        ("ISO_IR100", "ISO_IR 100"),
        ("ISO-2022-IR-87", "ISO 2022 IR 87"),
        ("ISO_2022_IR_100", "ISO 2022 IR 100"),
        ("UTF-8", "ISO_IR 192"),
        ("ISO 2022 IR 192", "ISO_IR 192"),
        ("ISO_IR 192\\ISO 2022 IR 100", "ISO_IR 192"),
        ("ISO 2022 GBK", "GBK"),
        ("ISO 2022 58", "ISO 2022 IR 58"),
        ("NO SUCH SET", "ISO_IR 6"),
        ("ISO_IR 999", "ISO_IR 6"),
    ],
)
def test_misspelled_terms_are_understood_and_reported(term, meant):
    raw = "é王".encode() if meant == "ISO_IR 192" else b"\xc3\xa9"
    found = charset(tuple(term.split("\\")))
    assert found.misspelled
    assert found.decode(raw) == charset((meant,)).decode(raw)
    assert not charset((meant,)).misspelled
    header = one("LO", "x", charset=term)
    assert ("unknown-charset", "SpecificCharacterSet") in [(issue.code, issue.path) for issue in header.issues]


@pytest.mark.parametrize("number", ["58", "87", "149", "159"])
def test_a_set_of_two_byte_characters_has_no_term_without_code_extensions(number):
    alone, extension = charset((f"ISO_IR {number}",)), charset((f"ISO 2022 IR {number}",))
    assert (alone.misspelled, extension.misspelled) == (True, False)
    raw = b"a\x1b$B;3\x1b$)C\xb1\xe8\x1b$(D\x30\x21\x1b$)A\xd5\xc5"
    assert alone.decode(raw) == extension.decode(raw)


def test_a_standalone_set_as_extension_is_ignored():
    found = charset(("ISO 2022 IR 100", "ISO_IR 192"))
    assert found.misspelled
    assert found.decode(b"\xe9") == ("é", "")


@pytest.mark.parametrize(
    ("terms", "raw", "text", "code"),
    [
        (None, b"J\xe9r\xf4me", "Jérôme", "undeclared-characters"),
        ("ISO_IR 192", b"J\xe9r", "J\N{REPLACEMENT CHARACTER}r", "undecodable-text"),
        ("ISO_IR 127", b"\xa1", "\N{REPLACEMENT CHARACTER}", "undecodable-text"),
        ("ISO_IR 100", b"\x1b$B;3\x1b(B", "山", "undeclared-characters"),
        ("ISO 2022 IR 100\\ISO 2022 IR 87", b"a\x1b%Zb", "a\N{REPLACEMENT CHARACTER}%Zb", "undecodable-text"),
        ("\\ISO 2022 IR 87", b"\x1b$B\x7e\x7e\x1b(B", "\N{REPLACEMENT CHARACTER}", "undecodable-text"),
        (
            "\\ISO 2022 IR 149",
            b"\x1b$)C\xff\xff",
            "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}",
            "undecodable-text",
        ),
    ],
)
def test_text_that_does_not_fit_is_replaced_and_reported(terms, raw, text, code):
    header = one("LO", raw, charset=terms)
    found = header.attributes['(0009,"ACME",01)']
    assert found.replace("\N{REPLACEMENT CHARACTER}" * 2, "\N{REPLACEMENT CHARACTER}") == text.replace(
        "\N{REPLACEMENT CHARACTER}" * 2, "\N{REPLACEMENT CHARACTER}"
    )
    assert [issue.code for issue in header.issues] == [code]


def test_file_meta_and_code_strings_keep_to_the_default_repertoire():
    header = read(file(EL.element(0x00080005, "CS", "ISO_IR 192") + identity(), before=b""))
    assert header.attributes["SOPInstanceUID"]
    assert codes(file(EL.element(0x00080060, "CS", "É".encode("latin-1")))) == [("bad-code-string", "Modality")]
