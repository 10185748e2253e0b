"""Tar files, plain or compressed: walked from front to back.

The place that was reached is kept, so that members asked for in their order cost one walk.
"""

import io
import tarfile
from collections.abc import Iterator
from typing import IO, cast

from dicomlake.storage.archives import Archive, Kind, Member, count
from dicomlake.storage.content import FREE, RATIO_LIMIT, AsFile, Bytes, Slice, Streamed, typed
from dicomlake.storage.inflating import inflated


class TarArchive(Archive):
    """A tar file, plain or compressed."""

    def __init__(self, data: Bytes, kind: Kind) -> None:
        self._data = data
        self._kind = kind
        self._tar = self._open()
        self._next = 0
        """Place of the member that comes next."""

    def _open(self) -> tarfile.TarFile:
        if self._kind == "zip":
            raise ValueError("a zip file is no tar file")
        stream = (
            cast(IO[bytes], io.BufferedReader(AsFile(self._data), 1 << 16))
            if self._kind == "tar"
            else inflated(self._data, self._kind)
        )
        return tarfile.TarFile(fileobj=stream, mode="r", tarinfo=_Header, errors="surrogateescape")

    def members(self) -> Iterator[Member]:
        with typed():
            tar = self._open()
        numbers: dict[str, int] = {}
        place = listed = 0
        while (info := self._read_next(tar)) is not None:
            if not info.isdir():
                count(listed)
                listed += 1
                number = numbers[info.name] = numbers.get(info.name, 0) + 1
                yield Member(info.name, number, place, info.size, info.isreg())
            place += 1

    def open(self, name: str, number: int, place: int = -1) -> Bytes:
        info = self._find(name, number) if place < 0 else self._at(place)
        if info is None or info.name != name or not info.isreg():
            raise FileNotFoundError(2, "the archive has no such member")
        if self._kind == "tar" and not info.issparse():
            return Slice(self._data, info.offset_data, info.size)
        with typed(info.offset):
            stream = self._tar.extractfile(info)
        assert stream is not None  # a regular file
        return Streamed(stream, info.size, FREE + RATIO_LIMIT * self._data.size)

    def _at(self, place: int) -> tarfile.TarInfo | None:
        if place < self._next:
            self._rewind()
        info = None
        while self._next <= place:
            info = self._read_next(self._tar)
            self._next += 1
            if info is None:
                self._rewind()
                return None
        return info

    def _find(self, name: str, number: int) -> tarfile.TarInfo | None:
        self._rewind()
        while (info := self._at(self._next)) is not None:
            number -= info.name == name
            if not number:
                return info
        return None

    def _rewind(self) -> None:
        with typed():
            self._tar = self._open()
        self._next = 0

    def _read_next(self, tar: tarfile.TarFile) -> tarfile.TarInfo | None:
        with typed(tar.offset):
            info = tar.next()
            tar.members.clear()  # type: ignore[attr-defined]  # it would keep every one
            return info

    def close(self) -> None:
        self._data.close()


class _Header(tarfile.TarInfo):
    """A header; one that is damaged is an error, where the library would take it for the end of the archive."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> "_Header":
        try:
            return super().fromtarfile(tarfile_)
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.SubsequentHeaderError(str(error)) from error  # type: ignore[attr-defined]
