"""DICOM bytes to attributes: the header reader. It knows the data dictionary and nothing else of Dicomlake."""

from dicomlake.headers.header import Header, Issue, Value
from dicomlake.headers.reader import read_file, read_header
from dicomlake.headers.series import Reader

__all__ = ["Header", "Issue", "Reader", "Value", "read_file", "read_header"]
