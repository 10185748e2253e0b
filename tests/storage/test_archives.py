"""Members of zip and tar files, read in any order, and what damaged and hostile archives come to."""

import bz2
import gzip
import io
import lzma
import random
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from dicomlake.errors import ArchiveError
from dicomlake.storage import (
    archives,
    content,
    inflating,
    kind_of,
    location_of,
    member_location,
    open_archive,
    opened,
    tars,
    zips,
)
from dicomlake.storage.content import OnDisk

Files = dict[str, bytes]

CONTENT: Files = {
    "STUDY1/IM0001": bytes(range(256)) * 400,
    "STUDY1/Señor Ü.dcm": b"second",
    "empty": b"",
    "odd!/na%21me#2": random.Random(1).randbytes(100_000),
}


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("STUDY1/", b"")
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: Files, form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        folder = tarfile.TarInfo("STUDY1")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


FORMS: dict[str, Callable[[Files], bytes]] = {
    "stored": lambda files: zipped(files, zipfile.ZIP_STORED),
    "deflated": zipped,
    "zip-bzip2": lambda files: zipped(files, zipfile.ZIP_BZIP2),
    "zip-lzma": lambda files: zipped(files, zipfile.ZIP_LZMA),
    "tar": tarred,
    "tar-gnu": lambda files: tarred(files, tarfile.GNU_FORMAT),
    "tar-gzip": lambda files: gzip.compress(tarred(files)),
    "tar-bzip2": lambda files: bz2.compress(tarred(files)),
    "tar-xz": lambda files: lzma.compress(tarred(files)),
    "tar-zstd": lambda files: zstandard.compress(tarred(files)),
}


def written(folder: Path, data: bytes, name: str = "archive.bin") -> str:
    path = folder / name
    path.write_bytes(data)
    return location_of(path)


def contents(archive: str) -> Files:
    """Every member, read by its place, in order."""
    found = {}
    listed = open_archive(archive)
    for member in listed.members():
        with opened(member_location(archive, member.name, member.number), member.place) as data:
            assert data.size == member.size
            found[member.name] = data.read(0, data.size)
    listed.close()
    return found


@pytest.mark.parametrize("form", FORMS)
def test_members_are_read_whatever_the_file_is_called(form: str, tmp_path: Path) -> None:
    archive = written(tmp_path, FORMS[form](CONTENT))
    assert contents(archive) == CONTENT


@pytest.mark.parametrize("form", FORMS)
def test_members_are_read_in_any_order_at_any_offset_by_location_alone(form: str, tmp_path: Path) -> None:
    archive = written(tmp_path, FORMS[form](CONTENT))
    for name, whole in [*reversed(CONTENT.items()), *CONTENT.items()]:
        with opened(member_location(archive, name)) as data:
            for offset in (90_000, 10, 0):
                assert data.read(offset, 20) == whole[offset : offset + 20]


@pytest.mark.parametrize("outer", FORMS)
@pytest.mark.parametrize("inner", ["deflated", "stored", "tar", "tar-gzip"])
def test_archives_within_archives_are_read(outer: str, inner: str, tmp_path: Path) -> None:
    archive = written(tmp_path, FORMS[outer]({"a": b"1", "deep/er.x": FORMS[inner](CONTENT), "b": b"2"}))
    assert contents(member_location(archive, "deep/er.x")) == CONTENT
    with opened(member_location(archive, "b")) as data:
        assert data.read(0, 9) == b"2"


def test_members_of_one_name_are_told_apart(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for data in (b"one", b"two", b"three"):
            info = tarfile.TarInfo("IM1")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    location = written(tmp_path, out.getvalue())
    for number, expected in enumerate((b"one", b"two", b"three"), 1):
        with opened(member_location(location, "IM1", number)) as data:
            assert data.read(0, 9) == expected
    with pytest.raises(FileNotFoundError), opened(member_location(location, "IM1", 4)):
        pass


def test_a_rewritten_archive_is_opened_anew(tmp_path: Path) -> None:
    archive = written(tmp_path, zipped({"a": b"old"}))
    with opened(member_location(archive, "a")) as data:
        assert data.read(0, 9) == b"old"
    written(tmp_path, tarred({"b": b"x" * 999, "a": b"newer"}))
    with opened(member_location(archive, "a")) as data:
        assert data.read(0, 9) == b"newer"


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"\x1f\x8b", gzip.compress(b"no tar " * 999, mtime=0), b"\0" * 1024, b"BZh91AY", b"text" * 300]
)
def test_what_is_no_archive_is_none(data: bytes, tmp_path: Path) -> None:
    assert kind_of(OnDisk(written(tmp_path, data))) is None


@pytest.mark.parametrize("form", FORMS)
def test_mutated_archives_end_in_the_typed_error(form: str, tmp_path: Path) -> None:
    whole = FORMS[form](CONTENT)
    chance = random.Random(7)
    for round in range(60):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if round % 3 == 0:
            del data[chance.randrange(len(data)) :]
        archive = written(tmp_path, bytes(data), f"{round}")
        try:
            contents(archive)
        except (ArchiveError, FileNotFoundError):
            continue


@pytest.mark.parametrize("form", [form for form in FORMS if form.startswith("tar")])
def test_a_tar_file_that_is_cut_off_or_damaged_says_so_behind_what_is_sound(form: str, tmp_path: Path) -> None:
    data = bytearray(tarred(CONTENT))
    data[data.index(b"empty")] = 0xFF  # the checksum of that header no longer fits
    packed = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstandard.compress}
    pack = packed.get(form.removeprefix("tar-"), bytes)
    archive = open_archive(written(tmp_path, pack(bytes(data))))
    members = archive.members()
    assert [next(members).name, next(members).name] == list(CONTENT)[:2]
    with pytest.raises(ArchiveError):
        list(members)


def test_an_encrypted_member_says_so(tmp_path: Path) -> None:
    data = bytearray(zipped({"a": b"secret" * 99}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rindex(signature) + at] |= 1
    archive = written(tmp_path, bytes(data))
    with pytest.raises(ArchiveError) as caught, opened(member_location(archive, "a")):
        pass
    assert caught.value.reason == "encrypted"


def test_an_unknown_compression_says_so(tmp_path: Path) -> None:
    data = bytearray(zipped({"a": b"secret" * 99}))
    for signature, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.rindex(signature) + at] = 9  # Deflate64
    archive = written(tmp_path, bytes(data))
    with pytest.raises(ArchiveError) as caught, opened(member_location(archive, "a")):
        pass
    assert caught.value.reason == "unsupported-compression"


@pytest.mark.parametrize("form", ["deflated", "tar-gzip", "tar-xz", "tar-bzip2", "tar-zstd"])
def test_a_bomb_is_given_up_without_inflating_it(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (content, zips, tars, inflating):
        monkeypatch.setattr(module, "FREE", 1 << 20)
        monkeypatch.setattr(module, "RATIO_LIMIT", 2)
    archive = written(tmp_path, FORMS[form]({"bomb": bytes(40 << 20), "behind": b"x"}))
    tracemalloc.start()
    with pytest.raises(ArchiveError) as caught:
        contents(archive)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.reason == "archive-bomb"
    assert peak < 32 << 20


def test_a_tar_header_that_claims_a_long_name_does_not_fill_the_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type = tarfile.GNUTYPE_LONGNAME
    info.size = 1 << 33
    archive = written(tmp_path, gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)))
    with pytest.raises(ArchiveError):
        contents(archive)


def test_archives_are_opened_only_so_deep(tmp_path: Path) -> None:
    data = zipped({"a": b"x"})
    location = "a"
    for _ in range(6):
        data = zipped({"in.zip": data}, zipfile.ZIP_STORED)
    location = written(tmp_path, data)
    for _ in range(5):
        open_archive(location).close()
        location = member_location(location, "in.zip")
    with pytest.raises(ArchiveError) as caught:
        open_archive(location)
    assert caught.value.reason == "nested-too-deep"


def test_more_members_than_the_limit_are_given_up_with_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    for form in ("deflated", "tar-gzip"):
        members = open_archive(written(tmp_path, FORMS[form](CONTENT))).members()
        assert [next(members).name for _ in range(3)] == list(CONTENT)[:3]
        with pytest.raises(ArchiveError):
            next(members)
