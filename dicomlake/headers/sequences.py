"""Sequences, their items, and other values of undefined length (PS3.5 7.5 and A.4)."""

from typing import TYPE_CHECKING, Final

from dicomlake.headers import oddities
from dicomlake.headers.encodings import (
    BINARY_VRS,
    IMPLICIT_BIG,
    IMPLICIT_LITTLE,
    ITEM,
    ITEM_END,
    PIXEL_DATA,
    SEQUENCE_END,
    UNDEFINED,
    VRS,
    Encoding,
    Plan,
    sibling,
)
from dicomlake.headers.faults import Damage, NeedMore
from dicomlake.headers.header import Value
from dicomlake.headers.level import Level
from dicomlake.headers.values import ITEM_STARTS, LARGE, binary

if TYPE_CHECKING:
    from dicomlake.headers.walk import Walker

MAX_DEPTH: Final = 48
"""Sequences within sequences that are read; the standard's own objects need some ten."""

MAX_PATH: Final = 2048
"""Characters of the path to an attribute. Documents name paths in full, so a few more levels of long names would be
many times the file."""

_INFERRED_LIMIT: Final = 1 << 22
"""Bytes of a value of unknown VR that is read as a sequence when it is one."""
_STRUCTURAL: Final = frozenset(
    {
        "bad-length",
        "bad-structure",
        "implicit-in-explicit",
        "missing-delimiter",
        "nesting-too-deep",
        "out-of-order",
        "stray-delimiter",
        "truncated",
        "unknown-vr",
    }
)
"""Issues by which bytes that begin with an item show that they are no sequence."""
_VR_BYTES: Final = frozenset(vr.encode() for vr in VRS)


def defined(walker: "Walker", level: "Level", plan: Plan, position: int, stop: int, end: int) -> int:
    """Read a sequence of defined length; the index behind it. Damage within it does not reach beyond it."""
    path, start = level.path + plan[1], position + plan[5]
    encoding = level.encoding
    if encoding.explicit and walker.data[position + 4 : position + 6] == b"UN":
        encoding = _of_unknown(walker.data, start)
    if stop > walker.total and end == len(walker.data):  # cut short, or a length that lies: read what is there
        behind = _items(walker, level, plan, start, end, encoding, delimited=True)
        walker.issue("bad-length", path, "the sequence is delimited before its length")
        return behind
    reached = _reach(walker, position, stop, end, path)
    try:
        behind = _items(walker, level, plan, start, reached, encoding, delimited=False)
    except Damage as damage:
        if reached < stop:
            raise
        walker.issue(damage.code, damage.path, damage.detail)
    else:
        if reached < stop:
            walker.missing(behind, behind + 8, reached, path)
    return stop


def undefined(walker: "Walker", level: "Level", plan: Plan, position: int, end: int) -> int:
    """Read an element of undefined length; the index behind it."""
    tag, key, _, _, _, skip, vr, _ = plan
    data, encoding, start = walker.data, level.encoding, position + skip
    if len(data) < start + 8:
        walker.missing(position, start + 8, end, level.path + key)
    written = data[position + 4 : position + 6] if encoding.explicit else b""
    if written == b"UN" or (vr != "SQ" and tag not in PIXEL_DATA and _holds_items(data, start, encoding, plan)):
        if written == b"UN":
            encoding = _of_unknown(data, start)
        if plan[7] or vr != "SQ":
            walker.vrs[level.path + key] = "SQ"
        vr = "SQ"
    elif plan[7]:
        walker.vrs[level.path + key] = vr
    if vr == "SQ":
        return _items(walker, level, plan, start, end, encoding, delimited=True)
    stop, behind = _fragments(walker, level, plan, start, end)
    if tag not in PIXEL_DATA:
        walker.store(level, plan, position, data[start:stop])
    return behind


def may_be_items(walker: "Walker", plan: Plan, start: int, stop: int) -> bool:
    """Whether a value that the window does not hold as a whole is to be looked at as :func:`inferred` does."""
    if plan[6] != "UN" or stop - start > _INFERRED_LIMIT:
        return False
    if len(walker.data) < start + 4 <= stop:
        raise NeedMore(start + 4)
    return walker.data.startswith(ITEM_STARTS, start)


def inferred(walker: "Walker", level: "Level", plan: Plan, raw: bytes) -> None:
    """Keep a value of unknown VR that begins with an item: the sequence that it is when its items fill it without any
    damage, else its bytes. Whoever did not know the element wrote a sequence of defined length as UN (PS3.5 6.2.2
    note 2), and in implicit VR nothing tells one from the other."""
    trial = type(walker)(walker.memo)
    trial.data, trial.total = raw, len(raw)
    try:
        _items(trial, level, plan, 0, len(raw), _of_unknown(raw, 0), delimited=False)
        sound = not any(issue.code in _STRUCTURAL for issue in trial.issues)
    except Damage:
        sound = False
    if not sound:
        level.attributes[plan[1]] = binary(raw, level.charset)
        return
    walker.vrs.update(trial.vrs)
    for issue in trial.issues:
        walker.issue(*issue)


def delimiter(walker: "Walker", level: "Level", tag: int, position: int) -> int:
    """An item or delimiter where an element is expected: the end of the item, or astray."""
    if level.delimited and tag == ITEM_END:
        return ~(position + 8)
    if level.delimited and tag == SEQUENCE_END:
        walker.issue("missing-delimiter", level.path[:-1], "an item of undefined length is not delimited")
        return ~position
    if tag == ITEM:
        raise Damage("bad-structure", position, level.path[:-1], "an item outside a sequence")
    walker.issue("stray-delimiter", level.path[:-1], "a delimiter that ends nothing")
    return position + 8


def _of_unknown(data: bytes, start: int) -> Encoding:
    """The encoding of a sequence written as UN: implicit little endian, whatever the data set is in (PS3.5 6.2.2 note
    2), unless its first tag says otherwise."""
    big = data[start : start + 4] in (IMPLICIT_BIG.item, IMPLICIT_BIG.sequence_end)
    return IMPLICIT_BIG if big else IMPLICIT_LITTLE


def _reach(walker: "Walker", position: int, stop: int, end: int, path: str) -> int:
    """How far to read a container that ends at ``stop``: up to there, or to the end of the window when it is large,
    for its length may lie. Whoever comes to that end then needs more.

    A container that is not large has to end before the window does, unless the file ends there: otherwise nobody could
    tell a value that reaches beyond the one from a value that reaches beyond the other."""
    if stop > end == len(walker.data) and position + LARGE < stop <= walker.total:
        return end
    if stop > end:
        walker.missing(position, stop + 1, end, path)
    if stop == len(walker.data) < walker.total:
        raise NeedMore(stop + 1)
    return stop


def _items(
    walker: "Walker", level: "Level", plan: Plan, position: int, end: int, encoding: Encoding, *, delimited: bool
) -> int:
    """Read items up to ``end``, or up to a sequence delimiter; the index behind."""
    data = walker.data
    items: list[Value] = []
    key = plan[1]
    path = f"{level.path}{key}."
    level.attributes[key] = items
    if plan[7]:
        walker.vrs[path[:-1]] = "SQ"
    if level.depth >= MAX_DEPTH or len(path) > MAX_PATH:
        detail = f"more than {MAX_DEPTH} sequences within each other, or a path of more than {MAX_PATH} characters"
        raise Damage("nesting-too-deep", position, path[:-1], detail)
    unpack, heads = encoding.item_head, encoding.heads
    while position < end:
        if end - position < 8:
            walker.missing(position, position + 8, end, path)
        group, element, length = unpack(data, position)
        tag = group << 16 | element
        position += 8
        if tag != ITEM:
            if tag == SEQUENCE_END:
                if delimited:
                    return position
                walker.issue("stray-delimiter", path[:-1], "a delimiter within a sequence of defined length")
                continue
            if tag == ITEM_END:
                walker.issue("stray-delimiter", path[:-1], "a delimiter that ends nothing")
                continue
            raise Damage("bad-structure", position - 8, path[:-1], "something other than an item in a sequence")
        clipped = False
        if length == UNDEFINED:
            stop = end
        else:
            stop = position + length
            if stop > end == len(data) and stop > walker.total:
                clipped, stop = True, end
            elif stop > end or stop == len(data):
                reached = _reach(walker, position - 8, stop, end, path)
                clipped, stop = reached < stop, reached
        own = encoding
        if data[position : position + 8] not in heads:
            own = _item_encoding(walker, path, position, stop, encoding)
        item = Level(own, level, path)
        items.append(item.attributes)
        if length == UNDEFINED:
            item.delimited = True
        try:
            behind = walker.walk(item, position, stop)
        except Damage as damage:
            if clipped or item.delimited:
                raise
            walker.issue(damage.code, damage.path, damage.detail)
            behind = stop
        finally:
            if item.pending or item.disordered:
                oddities.settle(item)
        if clipped:
            raise Damage("truncated", behind, path[:-1], "the file ends within an item")
        position = behind if length == UNDEFINED else stop
    if delimited:
        if end == len(data):
            walker.missing(position, position + 8, end, path)
        walker.issue("missing-delimiter", path[:-1], "a sequence of undefined length is not delimited")
    return position


def _item_encoding(walker: "Walker", path: str, position: int, stop: int, encoding: Encoding) -> Encoding:
    """Items may be implicit in an explicit data set, and rarely the other way round; only their bytes tell."""
    data = walker.data
    last = stop if stop < len(data) else walker.total
    if last - position < 8:
        return encoding
    if len(data) < position + 8:
        raise NeedMore(position + 8)
    head = data[position : position + 8]
    if head in encoding.heads or head[:4] == encoding.item_end:
        return encoding
    letters = head[4:6].isalpha() and head[4:6].isupper()
    if encoding.explicit and not letters:
        walker.issue("implicit-in-explicit", path[:-1], "items in implicit VR in a data set in explicit VR")
        return sibling(encoding, explicit=False)
    if not encoding.explicit and head[4:6] in _VR_BYTES and encoding.long(head, 4)[0] > last - position - 8:
        return sibling(encoding, explicit=True)
    return encoding


def _holds_items(data: bytes, start: int, encoding: Encoding, plan: Plan) -> bool:
    """Whether a value of undefined length that is not called a sequence is one: items that are no fragments."""
    private = bool(plan[0] >> 16 & 1)
    fragments = plan[6] in BINARY_VRS and plan[6] != "UN" and not (private and not encoding.explicit)
    return not fragments and not encoding.explicit and data[start : start + 4] == encoding.item


def _fragments(walker: "Walker", level: "Level", plan: Plan, position: int, end: int) -> tuple[int, int]:
    """End of an encapsulated value, and the index behind its delimiter."""
    data, encoding = walker.data, level.encoding
    path = level.path + plan[1]
    first = position
    while end - position >= 8:
        group, element = encoding.tag(data, position)
        (length,) = encoding.long(data, position + 4)
        tag = group << 16 | element
        if tag == SEQUENCE_END:
            return position, position + 8
        if tag != ITEM or length == UNDEFINED:
            found = data.find(encoding.sequence_end, first, end)
            if found >= 0:
                return found, found + 8
            position = end
            break
        position += 8 + length
    if position - first > LARGE and end == len(data):
        raise Damage("value-too-large", first, path, "a value of undefined length of more than 16 MB")
    walker.missing(first, position + 8, end, path)
