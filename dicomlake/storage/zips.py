"""Zip files: any member at once, by the directory at their end."""

import io
import struct
import zipfile
from collections.abc import Iterator
from typing import IO, cast

from dicomlake.errors import ArchiveError
from dicomlake.storage.archives import Archive, Member, count
from dicomlake.storage.content import FREE, RATIO_LIMIT, AsFile, Bytes, Held, Slice, Streamed, typed


class ZipArchive(Archive):
    """A zip file: stored, deflated, bzip2 and LZMA members."""

    def __init__(self, data: Bytes) -> None:
        self._data = data if data.random else Held(data)
        self._zip = zipfile.ZipFile(cast(IO[bytes], io.BufferedReader(AsFile(self._data))))
        self._places: dict[tuple[str, int], int] = {}

    def members(self) -> Iterator[Member]:
        numbers: dict[str, int] = {}
        listed = 0
        for place, info in enumerate(self._zip.infolist()):
            if info.is_dir():
                continue
            count(listed)
            listed += 1
            number = numbers[info.filename] = numbers.get(info.filename, 0) + 1
            yield Member(info.filename, number, place, info.file_size)

    def open(self, name: str, number: int, place: int = -1) -> Bytes:
        listed = self._zip.infolist()
        if place < 0:
            if not self._places:
                self._places = {(one.name, one.number): one.place for one in self.members()}
            place = self._places.get((name, number), -1)
        if not 0 <= place < len(listed) or listed[place].filename != name:
            raise FileNotFoundError(2, "the archive has no such member")
        info = listed[place]
        if info.flag_bits & 0x1:
            raise ArchiveError("the member is encrypted; unpack it with its password", reason="encrypted")
        with typed(info.header_offset):
            # Opening compares the member's own header with the directory, and knows which methods there are.
            try:
                stream = self._zip.open(info)
            except NotImplementedError as error:
                raise ArchiveError(
                    f"the member is compressed in an unknown way ({error}); unpack it and index what comes out",
                    reason="unsupported-compression",
                ) from error
            if info.compress_type == zipfile.ZIP_STORED:
                stream.close()
                return Slice(self._data, self._content(info), info.file_size)
        return Streamed(stream, info.file_size, FREE + RATIO_LIMIT * info.compress_size)

    def _content(self, info: zipfile.ZipInfo) -> int:
        """Offset of a stored member's bytes: behind its own header (APPNOTE.TXT 4.3.7)."""
        head = self._data.read(info.header_offset, 30)
        name, extra = struct.unpack_from("<HH", head, 26)
        return int(info.header_offset + 30 + name + extra)

    def close(self) -> None:
        self._zip.close()
        self._data.close()
