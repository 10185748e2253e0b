"""Small DICOM files by name, written with pydicom, for tests of what happens to them afterwards."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from dicomlake.documents.instance import Origin, build
from dicomlake.documents.update import apply
from dicomlake.headers import read_file
from dicomlake.lake import Lake
from dicomlake.search import Searcher


def data_set(uid: str = "1.2.3.1", series: str = "1.2.3", study: str = "1.2", **attributes: Any) -> Dataset:
    """A CT instance without pixels; attributes by keyword, ``None`` takes one away."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = uid
    ds.SOPClassUID = CTImageStorage
    ds.SOPInstanceUID = uid
    ds.SeriesInstanceUID = series
    ds.StudyInstanceUID = study
    ds.PatientID = "P1"
    ds.PatientName = "García^María"
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.Modality = "CT"
    ds.Manufacturer = "SIEMENS"
    ds.StudyDate = "20190214"
    ds.StudyTime = "101530"
    for keyword, value in attributes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def write(ds: Dataset, path: Path) -> Path:
    """The data set as a Part 10 file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True, implicit_vr=False, little_endian=True)
    return path


def dicom_file(path: Path, **attributes: Any) -> Path:
    """A file of :func:`data_set`."""
    return write(data_set(**attributes), path)


@contextmanager
def searching(folder: Path, series: Sequence[Mapping[str, Any]]) -> Iterator[Searcher]:
    """Searches over a lake of series 1.9.0, 1.9.1 and so on, each one instance of its own study."""
    files = [
        write(data_set(uid=f"1.9.{i}.1", series=f"1.9.{i}", study=f"1.8.{i}", **attributes), folder / f"{i}.dcm")
        for i, attributes in enumerate(series)
    ]
    with Lake.open_for_writing(folder / "lake") as writing:
        apply(writing.engine, [build(read_file(path), path.name, Origin("test")) for path in files])
        writing.engine.commit()
    with Lake.open(folder / "lake") as opened:
        yield Searcher(opened)
