"""Private elements and the blocks their creators reserve (PS3.5 7.8.1)."""

from typing import TYPE_CHECKING, Final, TypeAlias

from dicomlake.headers.encodings import Encoding, Head, Plan
from dicomlake.headers.header import Value
from dicomlake.headers.memo import COMMON, SLOTS

if TYPE_CHECKING:
    from dicomlake.headers.level import Level
    from dicomlake.headers.walk import Walker

Heads: TypeAlias = dict[bytes, tuple[Head, str]]
"""Private elements by their first eight bytes, as far as these are all that comes before the value, and their VR."""
_PLANS: Final[dict[tuple[str, int, str], tuple[dict[bytes, Plan], Heads]]] = {}
"""Plans and heads of the elements met so far, by byte order and VR mode, block and creator, of 256 elements each."""
_BLOCKS_LIMIT: Final = 1024
_BLOCK_PLANS_LIMIT: Final = 512
"""Plans of one block: its elements, and some again in other VRs. As many heads: some come in several lengths."""
_NAME_LIMIT: Final = 64
"""Characters of a creator (LO, PS3.5 table 6.2-1) that name its elements; a longer one would be in each of them."""


class Blocks:
    """The private blocks of one data set or item: the creator of each by ``group << 8 | block``; the first block of
    each creator in a group; the further ones; whether the level has plans of its own, not those of its one block."""

    __slots__ = ("creators", "first", "merged", "repeated")

    def __init__(self) -> None:
        self.creators: dict[int, str] = {}
        self.first: dict[tuple[int, str], int] = {}
        self.repeated: set[int] = set()
        self.merged = False


def plan(walker: "Walker", level: "Level", encoding: Encoding, head: bytes, written: str) -> Plan:
    """The plan of a private element or private creator. ``written``: its explicit VR, "" when implicit."""
    group, element = encoding.tag(head, 0)
    tag, block = group << 16 | element, element >> 8
    if block == 0 and element >= 0x10:
        vr = "LO" if written in ("", "UN") else written
        creates: Plan = (tag, f"({group:04X},{element:04X})", None, *encoding.layout(written), vr, True)
        if len(encoding.creators) < _BLOCKS_LIMIT:
            encoding.creators[head] = creates
        return creates
    blocks = level.blocks
    creator = blocks.creators.get(group << 8 | block, "") if blocks is not None and block >= 0x10 else ""
    found = encoding.private(tag, written, creator)
    if blocks is None or not creator:
        walker.issue("missing-private-creator", level.path + found[1], "no private creator reserved the block")
    elif group << 8 | block in blocks.repeated:
        return (tag, f'({group:04X},"",{element:04X})', *found[2:])
    elif encoding is level.encoding:
        known, _ = _PLANS.setdefault((encoding.mark, group << 8 | block, creator), ({}, {}))
        if len(known) < _BLOCK_PLANS_LIMIT:
            known[head] = found
        if level.private is not known:
            level.private[head] = found
    return found


def name(value: Value) -> str:
    """What a private creator calls its elements by; "" when the value names nobody."""
    creator = "\\".join(map(str, value)) if isinstance(value, list) else value
    return creator.strip(" ")[:_NAME_LIMIT] if isinstance(creator, str) else ""


def reserve(walker: "Walker", level: "Level", tag: int, value: Value) -> None:
    """Take note of a private creator: ``(gggg,00bb)`` reserves the elements ``(gggg,bb00)`` to ``(gggg,bbFF)``."""
    creator = name(value)
    if not creator:
        return
    group, place = tag >> 16, (tag >> 16) << 8 | (tag & 0xFF)
    blocks = level.blocks
    if blocks is None:
        blocks = level.blocks = Blocks()
    before = blocks.creators.get(place, creator)
    blocks.creators[place] = creator
    if blocks.first.setdefault((group, creator), place) != place:
        blocks.repeated.add(place)
        path = f"{level.path}({group:04X},{tag & 0xFFFF:04X})"
        walker.issue("repeated-private-creator", path, "the creator has another block in the same group")
        return
    mark = level.encoding.mark
    known = _PLANS.get((mark, place, creator))
    if known is None:
        if len(_PLANS) >= _BLOCKS_LIMIT:
            _PLANS.clear()
        known = _PLANS[mark, place, creator] = ({}, {})
    if len(blocks.creators) == 1:
        level.private, level.heads = known
        return
    if not blocks.merged:
        level.private, level.heads = level.private.copy(), level.heads.copy()
        blocks.merged = True
    if before != creator:  # the block changes hands
        plans, heads = _PLANS.get((mark, place, before), ({}, {}))
        for head in plans:
            level.private.pop(head, None)
        for head in heads:
            level.heads.pop(head, None)
    level.private.update(known[0])
    level.heads.update(known[1])


def know(level: "Level", first: bytes, plan: Plan) -> None:
    """Keep what the first eight bytes of a private element say, as ``memo.know`` does of a public one."""
    tag, key, decode, unpack, at, skip, vr, _ = plan
    blocks = level.blocks
    if decode is None or blocks is None or skip != 8:
        return
    length, place = unpack(first, at)[0], tag >> 16 << 8 | tag >> 8 & 0xFF
    plans, heads = _PLANS.get((level.encoding.mark, place, blocks.creators.get(place, "")), ({}, {}))
    if length <= COMMON and plans.get(first[: level.encoding.head]) is plan and len(heads) < _BLOCK_PLANS_LIMIT:
        heads[first] = level.heads[first] = (tag, key, decode, 8 + length, SLOTS.get(decode, 0)), vr
