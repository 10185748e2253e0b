"""The reader as a whole: files, imports, speed."""

import subprocess
import sys
import time
import warnings
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


def test_the_reader_is_several_times_as_fast_as_pydicom():
    def seconds(action, times: int) -> float:
        began = time.process_time()
        for _ in range(times):
            action()
        return (time.process_time() - began) / times

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read_file(CT)
        ours = min(seconds(lambda: read_file(CT), 50) for _ in range(5))
        theirs = min(seconds(lambda: pydicom.dcmread(CT, stop_before_pixels=True).to_json_dict(), 5) for _ in range(5))
    assert theirs > 6 * ours  # measured 13 to 16 times; a loaded machine may blur that
