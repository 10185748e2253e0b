"""The synthetic hospital: an archive of DICOM files of people who do not exist, and the truth about it."""

from sample.archive import Summary, write

__all__ = ["Summary", "write"]
