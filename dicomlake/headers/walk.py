"""The walk over the elements of a data set or of an item of a sequence (PS3.5 7.1)."""

import struct
from typing import Final, NoReturn

from dicomlake.headers import oddities, private, sequences
from dicomlake.headers.charsets import LONGEST_TERM, charset
from dicomlake.headers.encodings import (
    BINARY_VRS,
    CHARSET_TAG,
    ITEM,
    ITEM_END,
    LUT_DESCRIPTORS,
    PIXEL_DATA,
    UNDEFINED,
    VRS,
    Plan,
)
from dicomlake.headers.faults import Breach, Damage, NeedMore
from dicomlake.headers.header import Issue
from dicomlake.headers.level import Level
from dicomlake.headers.memo import LONGEST, NO_MEMO, SLOTS, TEXTS, VALUES_LIMIT, Memo, know
from dicomlake.headers.values import HOLDS_ITEMS, INLINE_LIMIT, LARGE, binary

ISSUES_LIMIT: Final = 250
"""Issues of one header that are listed."""
_DELIMITERS: Final = 0xFFFE0000
"""The least tag of their group."""
_ZEROS: Final = 64
"""Zeros where an element is expected that cannot be elements any more."""


class Walker:
    """Reads levels out of a window: the bytes ``data`` of a longer stream that has ``total`` bytes from their start on
    (infinite while unknown). Issues are reported once per code and path."""

    def __init__(self, memo: Memo = NO_MEMO) -> None:
        self.data = b""
        self.memo = memo
        self.ends: dict[int, int] = {}
        """Indices of the elements of undefined length in the root, and those behind them."""
        self.total: float = 0
        self.vrs: dict[str, str] = {}
        self.issues: list[Issue] = []
        self._reported: set[tuple[str, str]] = set()

    def issue(self, code: str, path: str, detail: str) -> None:
        """Report something that breaks the standard."""
        if (code, path) not in self._reported and len(self.issues) <= ISSUES_LIMIT:
            self._reported.add((code, path))
            if len(self.issues) == ISSUES_LIMIT:
                code, path, detail = "more-issues", "", f"only the first {ISSUES_LIMIT} are listed"
            self.issues.append(Issue(code, path, detail))

    def walk(self, level: Level, position: int, end: int) -> int:
        """Read the elements from ``position`` up to ``end``, a delimiter or the pixel data; the index behind them.

        Raises NeedMore with ``level.position`` of the root at the element that the window does not hold as a whole; the
        walk can go on there. Raises Damage.
        """
        data, memo, encoding = self.data, self.memo, level.encoding
        heads, plans, own, head = encoding.heads, encoding.plans, level.private, encoding.head
        attributes, path, text, last = level.attributes, level.path, level.charset, level.last
        own_heads = level.heads
        limit = end - 8
        plan: Plan | None
        try:
            while position <= limit:
                first = data[position : position + 8]
                plan = None
                if (simple := heads.get(first)) is not None:
                    tag, key, decode, size, slot = simple
                    start = position + 8
                    stop = position + size
                elif (noted := own_heads.get(first)) is not None:
                    simple, vr = noted
                    tag, key, decode, size, slot = simple
                    start = position + 8
                    stop = position + size
                    if last < tag and stop <= end:
                        self.vrs[path + key] = vr
                if simple is None or tag <= last or stop > end:
                    plan = plans.get(first[:head])
                    if plan is None:
                        plan = own.get(first[:head])
                        if plan is None:
                            plan = self._plan(level, position, end)
                        elif plan[5] == 8:
                            private.know(level, first, plan)
                        tag, key, decoder, unpack, at, skip, vr, note = plan
                    else:
                        tag, key, decoder, unpack, at, skip, vr, note = plan
                        if skip == 8 and decoder is not None and not note:
                            know(encoding, first, plan)
                    if tag <= last and self._disordered(level, tag, key, position, end):
                        return position
                    start = position + skip
                    stop = start + unpack(data, position + at)[0]
                    if decoder is None:
                        if vr == "SQ" and tag not in PIXEL_DATA:
                            if stop - start == UNDEFINED:
                                stop = self._undefined(level, plan, position, end)
                            else:
                                stop = sequences.defined(self, level, plan, position, stop, end)
                            last, position = tag, stop
                            continue
                        if tag == ITEM_END and level.delimited:
                            position += 8
                            return position
                        if tag & 0xFFFF == 0 and stop <= end and tag < _DELIMITERS:
                            last, position = tag, stop  # a group length
                            continue
                        stop = self._special(level, plan, position, stop, end)
                        if stop < 0:
                            position = ~stop
                            return position
                        text, own, own_heads = level.charset, level.private, level.heads
                        if tag < ITEM:
                            last = tag
                        position = stop
                        continue
                    if stop > end:
                        if stop - start == UNDEFINED:
                            stop = self._undefined(level, plan, position, end)
                            last, position = tag, stop
                            continue
                        self._beyond(level, plan, position, stop, end)
                    if note:
                        self.vrs[path + key] = vr
                    if stop - start > INLINE_LIMIT and decoder is binary:
                        attributes[key] = binary(memoryview(data)[start:stop], text)
                        last, position = tag, stop
                        continue
                    decode, slot = decoder, SLOTS.get(decoder, 0)
                if start < stop:
                    raw = data[start:stop]
                    try:
                        if (known := memo[slot]) is None:
                            attributes[key] = decode(raw, text)
                        elif raw in known:
                            attributes[key] = known[raw]
                        else:
                            attributes[key] = value = decode(raw, text)
                            if len(raw) <= LONGEST and (slot > TEXTS or (raw.isascii() and b"\x1b" not in raw)):
                                if len(known) >= VALUES_LIMIT:
                                    known.clear()
                                known[raw] = value
                    except Breach as breach:
                        plan = plan or plans.get(first[:head]) or self._plan(level, position, end)
                        self._breached(level, plan, position, raw, breach)
                else:
                    attributes[key] = None
                last, position = tag, stop
        except struct.error:
            self.missing(position, position + 12, end, path)
        finally:
            if not level.depth:
                level.last, level.position = last, position
        if position < end:
            self._rest(level, position, end)
            return position
        if end == len(data) < self.total or (level.delimited and end == self.total):
            self.missing(position, position + 8, end, path)
        if level.delimited:
            self.issue("missing-delimiter", path[:-1], "an item of undefined length is not delimited")
        return end

    def missing(self, position: int, wanted: int, end: int, path: str) -> NoReturn:
        """What begins at ``position`` and goes on up to ``wanted`` is not there: it is beyond the window, the file or
        the enclosing item."""
        if end < len(self.data):
            raise Damage("bad-length", position, path.rstrip("."), "an element reaches beyond the item it is in")
        if len(self.data) < self.total:
            raise NeedMore(int(min(wanted, self.total)))
        raise Damage("truncated", position, path.rstrip("."), "the file ends within an element")

    def _beyond(self, level: Level, plan: Plan, position: int, stop: int, end: int) -> NoReturn:
        """A value that does not end within the container or the window."""
        path = level.path + plan[1]
        if end == len(self.data) and stop > self.total:
            raise Damage("truncated", position, path, "the value ends beyond the end of the file")
        start, large = position + plan[5], stop - position > LARGE
        bulk = plan[6] in BINARY_VRS and not sequences.may_be_items(self, plan, start, stop)
        if level.depth == 0 and (bulk or large):
            raise NeedMore(stop, bulk=(plan, start))
        if large and end == len(self.data):
            raise Damage("value-too-large", position, path, "a value of more than 16 MB within a sequence")
        self.missing(position, stop, end, path)

    def _plan(self, level: Level, position: int, end: int) -> Plan:
        """The plan of an element that is private, unknown, or met for the first time."""
        encoding = level.encoding
        head = self.data[position : position + encoding.head]
        if (creates := encoding.creators.get(head)) is not None:
            return creates
        group, element = encoding.tag(head, 0)
        written = ""
        if encoding.explicit:
            written = head[4:].decode("latin-1")
            if written not in VRS and group != 0xFFFE:
                return oddities.unknown_vr(self, level, position, end)
        if group == 0xFFFE:
            return encoding.delimiter(group << 16 | element)
        if group & 1 == 0 or element == 0:
            plan = encoding.public(head, group << 16 | element, written)
            return oddities.repeated(level, plan) if plan[1] in level.attributes else plan
        return private.plan(self, level, encoding, head, written)

    def _special(self, level: Level, plan: Plan, position: int, stop: int, end: int) -> int:
        """Read an element that is more than a value; the index behind it, or the inverse of the index at which the
        level ends."""
        tag, _, _, _, _, skip, vr, _ = plan
        start = position + skip
        if tag >> 16 == 0xFFFE:
            return sequences.delimiter(self, level, tag, position)
        if tag in PIXEL_DATA and level.depth == 0:
            if stop > self.total and stop - start != UNDEFINED:
                self.issue("truncated-pixel-data", "", "the file ends within the pixel data")
            return ~position
        if stop - start == UNDEFINED:
            return self._undefined(level, plan, position, end)
        if vr == "SQ":
            return sequences.defined(self, level, plan, position, stop, end)
        if stop > end:
            self._beyond(level, plan, position, stop, end)
        if tag & 0xFFFF and tag not in PIXEL_DATA:
            self.store(level, plan, position, self.data[start:stop])
        return stop

    def _undefined(self, level: Level, plan: Plan, position: int, end: int) -> int:
        behind = sequences.undefined(self, level, plan, position, end)
        if level.depth == 0:
            self.ends[position] = behind
        return behind

    def store(self, level: Level, plan: Plan, position: int, raw: bytes) -> None:
        """Keep the value of an element that has no decoder of its own, and heed what it means for those behind it."""
        tag, key, _, _, _, _, vr, note = plan
        decode = level.encoding.decoders.get(vr) or oddities.ambiguous(level, plan, raw)
        if note:
            self.vrs[level.path + key] = vr
        level.attributes[key] = None
        if raw:
            try:
                level.attributes[key] = decode(raw, level.charset)
            except Breach as breach:
                self._breached(level, plan, position, raw, breach)
        value = level.attributes[key]
        if tag in LUT_DESCRIPTORS:
            level.attributes[key] = value = oddities.unsigned_count(value)
        if tag == CHARSET_TAG:
            if isinstance(value, str):
                level.charset = charset((value[:LONGEST_TERM],))
            else:
                terms = value if isinstance(value, list) else [value]
                level.charset = charset(tuple("" if term is None else str(term)[:LONGEST_TERM] for term in terms))
            if level.charset.misspelled:
                self.issue("unknown-charset", level.path + key, "not a defined term, or not at its place")
        elif tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF:
            private.reserve(self, level, tag, value)

    def _breached(self, level: Level, plan: Plan, position: int, raw: bytes, breach: Breach) -> None:
        """Keep what there is of a value that breaks its VR."""
        if breach.code == HOLDS_ITEMS:
            sequences.inferred(self, level, plan, raw)
        else:
            level.attributes[plan[1]] = breach.value
            oddities.report(self, level, plan, position, breach)

    def _disordered(self, level: Level, tag: int, key: str, position: int, end: int) -> bool:
        """A tag that is not behind the one before it; whether it is the zeros that some writers put behind the end."""
        if tag == 0 and (level.depth == 0 or end - position >= _ZEROS) and self._only_zeros(position, end):
            if level.depth:
                raise Damage("bad-structure", position, level.path[:-1], "zeros where an element must be")
            self.issue("trailing-bytes", "", "zeros behind the data set")
            return True
        if tag & 0xFFFF == 0:
            return False
        if key in level.attributes:
            self.issue("duplicate-element", level.path + key, "there more than once; the last one counts")
        else:
            level.disordered = True
            self.issue("out-of-order", level.path + key, "tags do not ascend")
        return False

    def _only_zeros(self, position: int, end: int) -> bool:
        if end == len(self.data) < min(position + _ZEROS, self.total):
            raise NeedMore(int(min(position + _ZEROS, self.total)))
        return not self.data[position : min(position + _ZEROS, end)].strip(b"\0")

    def _rest(self, level: Level, position: int, end: int) -> None:
        """Fewer bytes than an element has are left."""
        if level.depth == 0 and end == self.total and not self.data[position:end].strip(b"\0"):
            self.issue("trailing-bytes", "", "zeros behind the data set")
            return
        self.missing(position, position + 8, end, level.path)
