"""Every maker, body part and sex in the real files that pydicom ships has a canonical value."""

import warnings
from collections import defaultdict
from functools import cache
from pathlib import Path

import pydicom.data
import pytest
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from mappings.canonical import tables

NO_MAKERS = {"pydicom", "debug", "Manufacturer name here", "QIICR"}
"""Values of Manufacturer in these files that name software, a project or nothing."""


@cache
def values() -> dict[str, set[str]]:
    """Keyword to the values it has in the files."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in Path(pydicom.data.__file__).parent.rglob("*"):
        if not path.is_file():
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ds = dcmread(path, stop_before_pixels=True, force=path.suffix == ".dcm")
            except (InvalidDicomError, EOFError, NotImplementedError, ValueError):
                continue  # broken on purpose
            for keyword in ("Manufacturer", "BodyPartExamined", "PatientSex"):
                if value := ds.get(keyword):
                    found[keyword].add(str(value))
    return found


@pytest.mark.parametrize(
    "keyword, table, unmapped",
    [
        ("Manufacturer", "manufacturers", NO_MAKERS),
        ("BodyPartExamined", "body_part", set()),
        ("PatientSex", "sex", set()),
    ],
)
def test_all_but_the_listed_values_are_mapped(keyword, table, unmapped):
    assert len(values()[keyword]) >= 3
    assert {value for value in values()[keyword] if tables()[table].find(value) is None} == unmapped
