"""Locations: valid text for any path, and the way back."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.storage import location_of, member_location, opened, path_of, split

NAMES = st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name and b"/" not in name)


@given(NAMES)
def test_any_path_has_a_location_that_is_text_and_leads_back(name: bytes) -> None:
    path = os.path.join(b"/archive", name)
    if os.path.abspath(path) != path:  # "." and ".."
        return
    location = location_of(path)
    assert json.loads(json.dumps(location).encode()) == location
    location.encode()
    assert os.fsencode(path_of(location)) == path


@given(st.lists(NAMES, unique=True, min_size=2, max_size=2))
def test_two_paths_never_share_a_location(names: list[bytes]) -> None:
    first, second = (os.path.abspath(os.path.join(b"/a", name)) for name in names)
    assert (location_of(first) == location_of(second)) == (first == second)


@given(st.text(alphabet="%02589AFaf./x\udc80\udcff", max_size=12))
def test_percent_signs_next_to_anything_lead_back(name: str) -> None:
    path = os.path.abspath(b"/a/" + name.encode("utf-8", "surrogateescape"))
    assert os.fsencode(path_of(location_of(path))) == path


def test_ordinary_paths_are_their_own_location() -> None:
    assert location_of("/archive/Señor Ünal/50% off/%7e/IM 1.dcm") == "/archive/Señor Ünal/50% off/%7e/IM 1.dcm"


def test_undecodable_bytes_are_percent_encoded() -> None:
    assert location_of(b"/archive/Jos\xe9") == "/archive/Jos%E9"
    assert location_of("/archive/Jos%E9") == "/archive/Jos%25E9"


@given(st.text(alphabet="%0235#!/aAé\udc80\udcff", max_size=12), st.integers(1, 12))
def test_members_have_locations_that_lead_back(name: str, number: int) -> None:
    archive = location_of("/a/x!/y%21.zip")
    location = member_location(archive, name, number)
    location.encode()
    assert split(location) == (archive, name, number)
    assert split(member_location(location, "inner", 1))[0] == location
    assert path_of(location) == "/a/x!/y%21.zip"


def test_members_stand_behind_an_exclamation_mark() -> None:
    assert member_location("/a/b.zip", "ST 1/IM1") == "/a/b.zip!/ST 1/IM1"
    assert member_location("/a/b.zip", "ST 1/IM1", 2) == "/a/b.zip!/ST 1/IM1#2"
    assert split("/a/b.dcm") == ("", "", 0)


def test_a_file_reads_anywhere(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"Jos\xe9.dcm")
    with open(path, "wb") as file:
        file.write(bytes(range(256)))
    with opened(location_of(path)) as data:
        assert data.size == 256
        assert data.read(10, 3) == bytes([10, 11, 12])
        assert data.read(250, 100) == bytes(range(250, 256))
        assert data.read(300, 1) == b""


def test_a_location_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), opened(str(tmp_path / "none")):
        pass
