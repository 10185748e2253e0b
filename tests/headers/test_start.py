"""What is DICOM and what is not; where a data set begins and how it is encoded."""

import io
import random
import struct
import zipfile
import zlib

import pytest

from dicomlake.errors import HeaderError, NotDicomError
from dicomlake.headers import read_file, read_header
from tests.headers.raw import (
    BIG_ENDIAN,
    DEFLATED,
    EB,
    EL,
    EXPLICIT,
    IL,
    IMPLICIT,
    WRITERS,
    Writer,
    codes,
    file,
    identity,
    meta,
    read,
)


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.dcm", file())
    return out.getvalue()


OTHER_FILES = {
    "empty": b"",
    "one byte": b"\x08",
    "zeros": bytes(4096),
    "preamble only": bytes(128),
    "cut before the prefix": file()[:131],
    "text": b"Patient Name: nobody. This is only a note.\n" * 20,
    "json": b'{"00080005": {"vr": "CS", "Value": ["ISO_IR 100"]}}',
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(300),
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(300),
    "gzip": zlib.compress(file(), wbits=31),
    "zip": zipped(),
    "pdf": b"%PDF-1.7\n" + bytes(range(256)),
    "elf": b"\x7fELF\2\1\1" + bytes(300),
    "DICM in text": b"DICM is the prefix of DICOM files" + b" " * 200,
    "two elements and nonsense": identity() + b"nonsense",
    "unknown tags": b"".join(EL.element(0x00080000 | tag, "LO", "x") for tag in (2, 3, 4, 6, 7, 9)),
    "known tags, wrong VRs": b"".join(EL.element(tag, "FD", bytes(8)) for tag in (0x00080016, 0x00080018, 0x00080060)),
    "descending": EL.element(0x00080060, "CS", "CT") + identity(),
    "starts in a later group": b"".join(EL.element(0x00280000 | tag, "US", b"\1\0") for tag in (2, 0x10, 0x11, 0x100)),
}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_other_files_are_no_dicom(name, tmp_path):
    with pytest.raises(NotDicomError) as caught:
        read(OTHER_FILES[name])
    assert "\n" not in caught.value.message
    (tmp_path / "file").write_bytes(OTHER_FILES[name])
    with pytest.raises(NotDicomError):
        read_file(tmp_path / "file")


def test_random_bytes_are_no_dicom():
    chance = random.Random(20)
    for _ in range(500):
        start = chance.choice([b"", b"\x08\0", b"\x02\0", b"\0\x08", b"\x08\0\x05\0", b"\x08\0\x05\0CS"])
        with pytest.raises(NotDicomError):
            read(start + chance.randbytes(chance.randrange(2000)))


SOME = [
    (0x00080005, "CS", "ISO_IR 100"),
    (0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2\0"),
    (0x00080018, "UI", "1.2.3\0"),
    (0x00080060, "CS", "CT"),
    (0x00100020, "LO", "P1"),
]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
@pytest.mark.parametrize("before", [b"", bytes(128), bytes(132), bytes(128) + b"DICK"])
def test_a_data_set_without_prefix_is_recognised_by_its_elements(syntax, before):
    data = before + b"".join(WRITERS[syntax].element(*element) for element in SOME)
    header = read(data)
    assert header.attributes == {
        "SpecificCharacterSet": "ISO_IR 100",
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "SOPInstanceUID": "1.2.3",
        "Modality": "CT",
        "PatientID": "P1",
    }
    assert header.transfer_syntax == syntax
    assert [code for code, _ in codes(data)] == ["no-prefix", "no-file-meta", "missing-transfer-syntax"]


@pytest.mark.parametrize("before", [b"", b"DICM", bytes(128)])
def test_file_meta_without_preamble_is_recognised(before):
    data = before + meta(IMPLICIT) + identity(IL) + IL.element(0x00100020, "LO", "P1")
    assert read(data).attributes["PatientID"] == "P1"
    assert codes(data) == [("no-prefix", "")]


def test_file_meta_of_few_elements_counts_together_with_the_data_set_behind_it():
    few = EL.element(0x00020002, "UI", "1.2.840.10008.5.1.4.1.1.2\0") + EL.element(0x00020010, "UI", EXPLICIT)
    data = few + b"".join(EL.element(*element) for element in SOME)
    assert read(data).attributes["PatientID"] == "P1"
    with pytest.raises(NotDicomError):
        read(few + b"nothing that is a data set" * 10)


def test_a_small_data_set_is_enough_when_it_is_all_there_is():
    assert read(identity()).attributes["SOPInstanceUID"]
    with pytest.raises(NotDicomError):
        read(EL.element(0x00080016, "UI", "1.2\0"))


def test_an_acr_nema_file_of_a_big_endian_machine_is_read():
    writer = Writer(explicit=False, big=True)
    header = read(b"".join(writer.element(*element) for element in SOME))
    assert (header.attributes["PatientID"], header.transfer_syntax) == ("P1", "")
    assert [issue.code for issue in header.issues] == ["no-prefix", "no-file-meta", "missing-transfer-syntax"]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_without_file_meta_or_transfer_syntax_the_encoding_is_found(syntax):
    body = b"".join(WRITERS[syntax].element(*element) for element in SOME)
    bare = bytes(128) + b"DICM" + body
    assert read(bare).attributes["PatientID"] == "P1"
    assert [code for code, _ in codes(bare)] == ["no-file-meta", "missing-transfer-syntax"]
    unnamed = bytes(128) + b"DICM" + meta(None) + body
    assert read(unnamed).attributes["PatientID"] == "P1"
    assert read(unnamed).transfer_syntax == syntax
    assert codes(unnamed) == [("missing-transfer-syntax", "TransferSyntaxUID")]


@pytest.mark.parametrize("claimed", [EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED])
@pytest.mark.parametrize("real", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_a_wrong_transfer_syntax_is_found_out(claimed, real):
    body = b"".join(WRITERS[real].element(*element) for element in SOME)
    data = bytes(128) + b"DICM" + meta(claimed) + body
    header = read(data)
    assert header.attributes["PatientID"] == "P1"
    assert header.attributes["TransferSyntaxUID"] == claimed
    assert header.transfer_syntax == real
    expected = [] if claimed == real else [("wrong-transfer-syntax", "TransferSyntaxUID")]
    assert codes(data) == expected


def test_unknown_transfer_syntaxes_are_explicit_little_endian_unless_the_data_set_says_otherwise():
    private = "1.2.826.0.1.3680043.99"
    assert read(bytes(128) + b"DICM" + meta(private) + identity()).transfer_syntax == private
    assert read(bytes(128) + b"DICM" + meta(private) + identity(IL)).transfer_syntax == IMPLICIT


def test_file_meta_in_implicit_vr_is_read():
    wrong = IL.element(0x00020010, "UI", EXPLICIT + "\0")
    header = read(bytes(128) + b"DICM" + wrong + identity())
    assert header.attributes["TransferSyntaxUID"] == EXPLICIT
    assert header.attributes["SOPInstanceUID"]


@pytest.mark.parametrize("claim", [0, 8, 10_000, 2**32 - 1])
def test_a_wrong_group_length_misleads_nobody(claim):
    right = file()
    data = right.replace(right[132:144], EL.element(0x00020000, "UL", struct.pack("<I", claim)))
    assert read(data).attributes == read(right).attributes
    assert codes(data) == [("wrong-group-length", "FileMetaInformationGroupLength")]


@pytest.mark.parametrize("wbits", [15, -15])
def test_deflated_with_or_without_zlib_header(wbits):
    squeezer = zlib.compressobj(wbits=wbits)
    body = squeezer.compress(identity()) + squeezer.flush()
    assert read(bytes(128) + b"DICM" + meta(DEFLATED) + body).attributes["SOPInstanceUID"]


@pytest.mark.parametrize("data", [bytes(128) + b"DICM", bytes(128) + b"DICM" + meta()])
def test_a_file_without_data_set_is_damaged(data):
    with pytest.raises(HeaderError) as caught:
        read(data)
    assert not isinstance(caught.value, NotDicomError)
    assert (caught.value.reason, caught.value.offset) == ("empty", len(data))


def test_a_file_that_cannot_be_read_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "missing.dcm")
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path)


def test_a_failing_source_is_not_taken_for_a_bad_file():
    def failing(offset: int, length: int) -> bytes:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        read_header(failing, 1000)


def test_big_endian_without_meta_needs_known_elements_too():
    with pytest.raises(NotDicomError):
        read(EB.element(0x00080060, "CS", "CT") + EB.element(0x00080061, "XX", "CT") + bytes(40))
