"""Small DICOM files by name, written with pydicom, for tests of what happens to them afterwards."""

from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian


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
