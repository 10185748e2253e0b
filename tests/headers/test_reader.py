"""The reader as a whole: files, imports, speed."""

import subprocess
import sys
from pathlib import Path

import pydicom
import pydicom.data

from dicomlake.headers import Header, Issue, read_file, reader
from tests.headers.raw import EL, file, read

CT = Path(pydicom.data.__file__).parent / "test_files" / "CT_small.dcm"


def test_a_file_reads_as_its_bytes_do(tmp_path, monkeypatch):
    data = file(EL.element(0x00104000, "UT", "x" * 100_000), EL.element(0x00280010, "US", b"\1\0"))
    (tmp_path / "a.dcm").write_bytes(data)
    assert read_file(tmp_path / "a.dcm") == read_file(str(tmp_path / "a.dcm")) == read(data)
    monkeypatch.setattr(reader, "pread", reader._seek_and_read)
    assert read_file(tmp_path / "a.dcm") == read(data)


def test_a_header_says_what_it_is():
    header = read_file(CT)
    assert isinstance(header, Header)
    assert header.size == CT.stat().st_size
    assert header.issues == []
    assert Issue("bad-date", "StudyDate", "x").path == "StudyDate"


def test_the_reader_needs_neither_pydicom_nor_yaml():
    program = (
        f"import sys; from dicomlake.headers import read_file; read_file({str(CT)!r});"
        "print({'pydicom', 'yaml', 'numpy'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "set()"
