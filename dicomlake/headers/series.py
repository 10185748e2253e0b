"""A reader of many files, which uses what it has read for the next: the same headers, in a fraction of the time."""

import os
from collections import OrderedDict
from typing import Final, NamedTuple

from dicomlake.headers import memo, reader, start
from dicomlake.headers.encodings import EXPLICIT_LITTLE, PIXEL_DATA, Plan
from dicomlake.headers.header import Header
from dicomlake.headers.level import Level
from dicomlake.headers.reader import Reading
from dicomlake.headers.template import VALUE_CODES, Elements, Template
from dicomlake.headers.window import FIRST_READ, Read

SERIES_LIMIT: Final = 64
"""Series with templates; of more, the one not read for longest goes."""
TEMPLATES_LIMIT: Final = 3
"""Templates of one series: its scouts may have other elements than its slices."""
USUAL_LIMIT: Final = 512
_EAGER: Final = 8
"""Misses of a series that may be learnt from; of later ones, the 16th, 32nd, 64th..."""
ALIKE: Final = 2
"""Files like one before them until a template is made: of fewer it costs more than it saves."""
_SERIES: Final = b"\x20\0\x0e\0"


class _Sight(NamedTuple):
    """A file that was read in full and can become a template."""

    data: bytes
    header: Header
    root: Level
    meta: tuple[int, int]
    ends: dict[int, int]


class _Series:
    """Templates of one series, the one that matched last in front; the last file that no template resembles, until
    there is another of its kind; how often no template matched."""

    __slots__ = ("alike", "misses", "templates", "waiting")

    def __init__(self) -> None:
        self.templates: list[Template] = []
        self.waiting: _Sight | None = None
        self.alike = 0
        """How many were like the one that waits."""
        self.misses = 0


class Reader:
    """Reads headers as :func:`read_file` and :func:`read_header` do, with a memo of values and templates of series,
    both bounded: a few MB. Headers share values, so nobody may change one in place; the top-level objects are their
    own. For one thread."""

    def __init__(self) -> None:
        self._memo = memo.empty()
        self._series: OrderedDict[bytes, _Series] = OrderedDict()
        self._usual: set[int] = set()
        """Tags of the elements that varied in the series so far."""

    def read_file(self, path: str | os.PathLike[str]) -> Header:
        """The header of a file. Raises as the function of the same name."""
        descriptor = os.open(path, reader.OPEN_FLAGS)
        try:
            size = os.lseek(descriptor, 0, os.SEEK_END)
            return self.read(lambda offset, length: reader.pread(descriptor, length, offset), size)
        finally:
            os.close(descriptor)

    def read(self, read: Read, size: int) -> Header:
        """The header of ``size`` bytes. Raises as :func:`read_header`."""
        data = read(0, min(FIRST_READ, size))
        key = _series_of(data)
        if key is None:
            return Reading(read, size, data, self._memo).header()
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = _Series()
            if len(self._series) > SERIES_LIMIT:
                self._series.popitem(last=False)
        else:
            self._series.move_to_end(key)
            for place, template in enumerate(series.templates):
                header = template.header(data, size)
                if header is not None:
                    if place:
                        series.templates.insert(0, series.templates.pop(place))
                    return header
        reading = Reading(read, size, data, self._memo)
        header = reading.header()
        series.misses += 1
        if series.misses <= _EAGER or series.misses & (series.misses - 1) == 0:
            sight = _sight(data, reading, header)
            if sight is not None:
                self._consider(series, sight)
        return header

    def _consider(self, series: _Series, sight: _Sight) -> None:
        """Learn from a file if it is likely that others are like it: learning takes about as long as reading."""
        waiting = series.waiting
        if waiting is not None and waiting.header.attributes.keys() == sight.header.attributes.keys():
            series.alike += 1
            if series.alike >= ALIKE:
                series.waiting, series.alike = None, 0
                self._learn(series, sight, waiting)
        elif series.misses > _EAGER or any(template.resembles(sight.header) for template in series.templates):
            self._learn(series, sight)
        else:
            series.waiting, series.alike = sight, 0

    def _learn(self, series: _Series, sight: _Sight, before: _Sight | None = None) -> None:
        """Make a template, if possible of one that knew the same elements. ``before`` is a file that is likely to be
        alike, so that what differs is what varies."""
        data, header = sight.data, sight.header
        for place, known in enumerate(series.templates):
            template = known.widened(data, header.length)
            if template is not None:
                del series.templates[place]
                self._usual.update(template.tags)
                break
        else:
            found = _elements(sight)
            if found is None:
                return
            varying = found.differing(data, before.data, before.header.length) if before is not None else None
            if varying is None:
                usual = self._usual
                varying = frozenset(i for i, plan in enumerate(found.plans) if plan[0] in usual and found.may_vary(i))
            template = Template(data, header, found, sight.root.charset, varying, _pixels(sight))
            if before is not None:
                self._usual.update(template.tags)
        if len(self._usual) > USUAL_LIMIT:
            self._usual.clear()
        if template.header(data, header.size) == header:
            series.templates.insert(0, template)
            del series.templates[TEMPLATES_LIMIT:]


def _elements(sight: _Sight) -> Elements | None:
    """The elements of a file; None when it cannot become a template."""
    data, header, root, meta, ends = sight
    encoding, end = root.encoding, header.length
    if not start.looks_like(data, meta[1], encoding) or (end < header.size and _pixels(sight) is None):
        return None
    found = Elements()
    if not found.add(data, *meta, EXPLICIT_LITTLE, root, {}):
        return None
    found.meta = len(found.plans)
    if not found.add(data, meta[1], end, encoding, root, ends):
        return None
    found.bounds.append(end)
    return found


def _pixels(sight: _Sight) -> Plan | None:
    """The plan of the pixel data that the header ends at, if there are any."""
    end, encoding = sight.header.length, sight.root.encoding
    plan = encoding.plans.get(sight.data[end : end + encoding.head]) if end < sight.header.size else None
    return plan if plan is not None and plan[0] in PIXEL_DATA else None


def _sight(data: bytes, reading: Reading, header: Header) -> _Sight | None:
    """What a template can be made of, when the file is of the kind that makes one."""
    if not reading.plain or (header.issues and not all(issue.code in VALUE_CODES for issue in header.issues)):
        return None
    own = Header(
        header.attributes.copy(),
        header.vrs.copy(),
        header.issues.copy(),
        header.transfer_syntax,
        header.length,
        header.sha256,
        header.size,
    )
    return _Sight(data, own, reading.root, (reading.start, reading.behind_meta), reading.walker.ends)


def _series_of(data: bytes) -> bytes | None:
    """What the files of one series have in common: the element of their Series Instance UID, or the first bytes that
    look like it, for this only chooses a template; None when there is none or no prefix."""
    if data[start.PREAMBLE : start.PREAMBLE + 4] != start.PREFIX:
        return None
    place = data.find(_SERIES, start.PREAMBLE)
    if place < 0:
        return None
    explicit = data[place + 4 : place + 6] == b"UI"
    length = int.from_bytes(data[place + 6 : place + 8] if explicit else data[place + 4 : place + 8], "little")
    return data[place : place + 8 + length] if length <= 64 else None
