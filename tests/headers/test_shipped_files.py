"""Every file that pydicom and pydicom-data ship: the reader's values are pydicom's, element by element."""

import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom.errors import InvalidDicomError

from dicomlake.errors import NotDicomError
from dicomlake.headers import read_file
from tests.headers import reference

FILES = reference.shipped_files()

CUT_VALUE = "BeamSequence.ControlPointSequence.IsocenterPosition"
"""rtplan_truncated.dcm ends within this value. pydicom keeps the stump; here the element is left out."""


def read_by_pydicom(path: Path) -> pydicom.FileDataset | None:
    """The data set, with force only where pydicom does not read the file without; None when it is no DICOM."""
    try:
        return pydicom.dcmread(path, stop_before_pixels=True)
    except InvalidDicomError:
        forced = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    return forced if "SOPInstanceUID" in forced else None


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_there_are_as_many_files_as_promised():
    assert len(FILES) >= 170


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_values_are_those_of_pydicom(path):
    theirs = read_by_pydicom(path)
    if theirs is None:
        with pytest.raises(NotDicomError):
            read_file(path)
        return
    header = read_file(path)
    expected = reference.document(theirs)
    found = reference.differences(header.attributes, expected)
    if path.name == "rtplan_truncated.dcm":
        assert [line.split(":")[0] for line in found] == [CUT_VALUE]
        assert ("truncated", CUT_VALUE) in [(issue.code, issue.path) for issue in header.issues]
        return
    assert found == []
    assert list(header.attributes) == list(expected)


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".dcm"], ids=lambda path: path.name)
def test_header_ends_where_the_pixel_data_begins(path):
    theirs = read_by_pydicom(path)
    if theirs is None or theirs.file_meta.get("TransferSyntaxUID") == pydicom.uid.DeflatedExplicitVRLittleEndian:
        return
    header = read_file(path)
    raw = path.read_bytes()
    assert header.size == len(raw)
    order = "big" if header.transfer_syntax == pydicom.uid.ExplicitVRBigEndian else "little"
    behind = raw[header.length : header.length + 4]
    pixels = {
        tag.to_bytes(2, order) + element.to_bytes(2, order) for tag in (0x7FE0,) for element in (0x08, 0x09, 0x10)
    }
    ended = header.length == len(raw) or behind in pixels
    assert ended or {"truncated", "trailing-bytes"} & {issue.code for issue in header.issues}
