"""Every quality code is described, and there is a file that has it."""

import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

import dicomlake.headers
from dicomlake.headers.quality import codes as quality_codes
from tests.headers.raw import (
    DEFLATED,
    EL,
    EXPLICIT,
    IL,
    IMPLICIT,
    UNDEFINED,
    codes,
    file,
    identity,
    meta,
    read,
)

PREFIX = bytes(128) + b"DICM"
NAN = struct.pack("<d", float("nan"))
ITEM = EL.item(EL.element(0x00100020, "LO", "P1"))


def nested(depth: int) -> bytes:
    inner = EL.element(0x00100020, "LO", "P1")
    for _ in range(depth):
        inner = EL.sequence(0x00101002, EL.item(inner))
    return inner


def deflated_without_end() -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return PREFIX + meta(DEFLATED) + squeezer.compress(identity()) + squeezer.flush(zlib.Z_FULL_FLUSH)


EXAMPLES: dict[str, tuple[Callable[[], bytes], str]] = {
    "no-prefix": (lambda: meta() + identity(), ""),
    "no-file-meta": (lambda: PREFIX + identity(), ""),
    "missing-transfer-syntax": (lambda: PREFIX + meta(None) + identity(), "TransferSyntaxUID"),
    "wrong-transfer-syntax": (lambda: PREFIX + meta(IMPLICIT) + identity(), "TransferSyntaxUID"),
    "wrong-group-length": (
        lambda: PREFIX + EL.element(0x00020000, "UL", bytes(4)) + meta()[12:] + identity(),
        "FileMetaInformationGroupLength",
    ),
    "damaged-deflate": (deflated_without_end, ""),
    "truncated": (lambda: file(EL.element(0x00100020, "LO", "P1"))[:-1], "PatientID"),
    "truncated-pixel-data": (lambda: file(EL.element(0x7FE00010, "OW", bytes(4)))[:-1], ""),
    "bad-length": (
        lambda: file(
            EL.sequence(0x00101002, EL.item(EL.element(0x00100020, "LO", "P1", length=4))), EL.element(0x00204000, "LT")
        ),
        "OtherPatientIDsSequence.PatientID",
    ),
    "bad-structure": (lambda: file(EL.sequence(0x00101002, bytes(8))), "OtherPatientIDsSequence"),
    "nesting-too-deep": (lambda: file(nested(60)), ".".join(["OtherPatientIDsSequence"] * 49)),
    "missing-delimiter": (
        lambda: file(
            EL.sequence(0x00101002, EL.item(EL.sequence(0x00101002, ITEM, undefined=True)[:-8])),
            EL.element(0x00204000, "LT"),
        ),
        "OtherPatientIDsSequence.OtherPatientIDsSequence",
    ),
    "stray-delimiter": (lambda: file(EL.delimiter(0xFFFEE0DD), EL.element(0x00100020, "LO", "P1")), ""),
    "implicit-in-explicit": (lambda: file(IL.element(0x00100020, "LO", "P1")), ""),
    "unknown-vr": (lambda: file(EL.element(0x00100020, "QQ", "P1")), "PatientID"),
    "out-of-order": (lambda: file(EL.element(0x00100020, "LO", "P1"), EL.element(0x00080060, "CS", "CT")), "Modality"),
    "duplicate-element": (lambda: file(*[EL.element(0x00100020, "LO", "P1")] * 2), "PatientID"),
    "trailing-bytes": (lambda: file() + bytes(100), ""),
    "missing-private-creator": (lambda: file(EL.element(0x00091001, "LO", "x ")), '(0009,"",1001)'),
    "repeated-private-creator": (
        lambda: file(EL.element(0x00090010, "LO", "ACME"), EL.element(0x00090020, "LO", "ACME")),
        "(0009,0020)",
    ),
    "unknown-charset": (
        lambda: file(EL.element(0x00080005, "CS", "KLINGON "), identity(), before=b""),
        "SpecificCharacterSet",
    ),
    "undecodable-text": (
        lambda: file(
            EL.element(0x00080005, "CS", "ISO_IR 192") + identity(), EL.element(0x00100010, "PN", b"\xe9"), before=b""
        ),
        "PatientName",
    ),
    "undeclared-characters": (lambda: file(EL.element(0x00100010, "PN", b"Ren\xe9")), "PatientName"),
    "value-too-long": (lambda: file(EL.element(0x00100020, "LO", "P" * 65)), "PatientID"),
    "value-too-large": (lambda: file(EL.element(0x00104000, "UT", bytes(1 << 25))), "PatientComments"),
    "bad-number": (lambda: file(EL.element(0x00101030, "DS", "70 kg ")), "PatientWeight"),
    "number-out-of-range": (lambda: file(EL.element(0x00200013, "IS", "3000000000")), "InstanceNumber"),
    "non-finite-number": (lambda: file(EL.element(0x00189087, "FD", NAN)), "DiffusionBValue"),
    "wrong-length": (lambda: file(EL.element(0x00280010, "US", b"\1\2\3")), "Rows"),
    "bad-date": (lambda: file(EL.element(0x00080020, "DA", "2019-02-14")), "StudyDate"),
    "bad-time": (lambda: file(EL.element(0x00080030, "TM", "25:00 ")), "StudyTime"),
    "bad-datetime": (lambda: file(EL.element(0x0008002A, "DT", "yesterday ")), "AcquisitionDateTime"),
    "bad-age": (lambda: file(EL.element(0x00101010, "AS", "42 ")), "PatientAge"),
    "bad-code-string": (lambda: file(EL.element(0x00080060, "CS", "ct")), "Modality"),
    "bad-title": (lambda: file(EL.element(0x00080054, "AE", "A" * 17)), "RetrieveAETitle"),
    "bad-uid": (lambda: file(EL.element(0x0020000D, "UI", "1.02.3\0")), "StudyInstanceUID"),
    "bad-name": (lambda: file(EL.element(0x00100010, "PN", "A=B=C=D ")), "PatientName"),
    "more-issues": (lambda: file(*[EL.element(0x00090000 | block << 8, "LO") for block in range(1, 256)]), ""),
    "bad-uri": (lambda: file(EL.element(0x00081190, "UR", "http://a b\x07")), "RetrieveURL"),
}


def described(room: str) -> list[str]:
    return [code.code for code in quality_codes().values() if code.room == room]


@pytest.mark.parametrize("code", described("headers"))
def test_a_file_with_this_flaw_is_read_and_the_flaw_reported(code):
    build, path = EXAMPLES[code]
    header = read(build())
    assert header.attributes["SOPInstanceUID"]
    assert (code, path) in [(issue.code, issue.path) for issue in header.issues]


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_flaw_is_not_taken_for_another(code):
    build, _ = EXAMPLES[code]
    together = {
        "damaged-deflate": {"truncated"},
        "no-file-meta": {"missing-transfer-syntax"},
        "more-issues": {"missing-private-creator"},
    }
    assert {found for found, _ in codes(build())} <= {code} | together.get(code, set())


def test_every_code_of_the_reader_is_described_and_has_an_example():
    assert set(EXAMPLES) == set(described("headers"))
    source = "".join(path.read_text("utf-8") for path in Path(dicomlake.headers.__file__).parent.glob("*.py"))
    written = set(re.findall(r'"((?:bad|no|un\w+|missing|wrong|value|number|non|out|trailing|stray|nesting|truncated)'
                             r'(?:-[a-z]+)+)"', source))  # fmt: skip
    assert written <= set(EXAMPLES)


def test_descriptions_are_complete_and_name_the_rule():
    for code in quality_codes().values():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code.code)
        assert code.title[0].isupper()
        assert not code.title.endswith(".")
        assert code.description.endswith(".")
        assert re.match(r"PS3\.\d+ ", code.standard)
        assert code.room in ("headers", "documents")


def test_details_never_repeat_a_value():
    secret = "Sekret"
    elements = [
        EL.element(0x00080020, "DA", secret),
        EL.element(0x00100010, "PN", f"{secret}=A=B=C"),
        EL.element(0x00100020, "LO", secret * 20),
        EL.element(0x00100030, "DA", secret),
        EL.element(0x00101030, "DS", secret),
        EL.element(0x00280010, "US", secret + "x"),
    ]
    issues = read(file(*elements)).issues
    assert len(issues) == len(elements)
    assert secret not in str(issues)


def test_an_issue_is_reported_once_for_all_items():
    items = [EL.item(EL.element(0x00100022, "CS", "text"))] * 50
    data = file(EL.sequence(0x00101002, *items), EL.element(0x00091002, "UN", b"", length=0))
    assert codes(data).count(("bad-code-string", "OtherPatientIDsSequence.TypeOfPatientID")) == 1


def test_a_clean_file_has_no_issues():
    assert codes(file(EL.sequence(0x00101002, ITEM), EL.element(0x7FE00010, "OB", length=UNDEFINED))) == []
    assert read(file()).transfer_syntax == EXPLICIT
