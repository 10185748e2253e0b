"""Offsets from UTC: the moment stays the wall clock's, its offset is a field beside it."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from dicomlake.documents.instance import Origin, build
from dicomlake.documents.leaves import leaves
from dicomlake.headers import read_file
from mappings.normal import moment_token, text_token
from tests.builders import data_set, write

PRIVATE = '(0019,"ACME",0C)'


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    return indexed(tmp_path_factory.mktemp("offsets"))


def indexed(folder: Path) -> dict[str, set[str]]:
    """The tokens of a file with moments at the top, in a sequence and in a private element."""
    ds = data_set(AcquisitionDateTime="20190122175800+0100", FrameReferenceDateTime="20190122", StudyDate="20190122")
    ds.InstanceCoercionDateTime = "20190122175800+9900"
    ds.TimezoneOffsetFromUTC = "-0330"
    ds.RadiopharmaceuticalInformationSequence = [Dataset(), Dataset()]
    for item, offset in zip(ds.RadiopharmaceuticalInformationSequence, ("-0330", "+0000"), strict=True):
        item.RadiopharmaceuticalStartDateTime = f"20190122101500{offset}"
    ds.private_block(0x0019, "ACME", create=True).add_new(0x0C, "DT", ["2019+0545", "2018", "2017-1200"])
    document = build(read_file(write(ds, folder / "one.dcm")), "one.dcm", Origin("test"))
    return leaves(document.body, document.vrs).tokens


def texts(*offsets: str) -> set[str]:
    return {text_token(offset) for offset in offsets}


def test_a_moment_is_the_wall_clock_and_its_offset_stands_beside_it(tokens: dict[str, set[str]]) -> None:
    day, clock = 17_918 * 86_400_000_000, (17 * 60 + 58) * 60_000_000
    assert tokens["AcquisitionDateTime"] == {moment_token("m", day + clock)}
    assert tokens["AcquisitionDateTime.offset"] == texts("+0100")
    assert tokens["TimezoneOffsetFromUTC"] == texts("-0330")


def test_offsets_within_sequences_and_private_elements_are_fields_too(tokens: dict[str, set[str]]) -> None:
    nested = "RadiopharmaceuticalInformationSequence.RadiopharmaceuticalStartDateTime.offset"
    assert tokens[nested] == texts("-0330", "+0000")
    assert tokens[f"{PRIVATE}.offset"] == texts("+0545", "-1200")


def test_what_says_no_offset_has_none(tokens: dict[str, set[str]]) -> None:
    for path in ("FrameReferenceDateTime", "StudyDate", "InstanceCoercionDateTime"):
        assert tokens[path]
        assert f"{path}.offset" not in tokens
