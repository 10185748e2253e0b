"""The attributes of a header, from its document: with tag and VR again, sequences as items of attributes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dicomlake.headers import private
from mappings import dictionary

_PRIVATE: Final = re.compile(r'\(([0-9A-F]{4}),"(.*)",([0-9A-F]{2}|[0-9A-F]{4})\)', re.DOTALL)
_TAG: Final = re.compile(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)")
_SIGNED: Final = 1
"""PixelRepresentation of two's complement (PS3.3 C.7.6.3)."""

MADE_UP: Final[Mapping[str, str]] = {
    "no-study-uid": "StudyInstanceUID",
    "no-series-uid": "SeriesInstanceUID",
    "sop-uid-from-file-meta": "SOPInstanceUID",
}
"""Quality codes of identities that are in the document and were not in the data set."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute. ``path`` is its name in queries; ``tag`` has 8 hexadecimal digits, None for a private element
    whose block the header does not reserve; ``creator`` is that of a private one. ``value`` is as documents have it,
    None when empty; a sequence has ``items`` instead. ``issues``: codes of what is wrong with it, and ``details``, to
    each of them, in words. ``companions``: what the site's tables say beside the value, by name: ``canonical`` and the
    ``rule`` that fired, ``group``, ``laterality``."""

    path: str
    tag: str | None
    vr: str
    name: str
    creator: str | None
    value: Any
    items: tuple[tuple["Attribute", ...], ...] | None
    issues: tuple[str, ...]
    details: tuple[str, ...] = ()
    companions: Mapping[str, Any] = field(default_factory=dict)


def attributes(body: Mapping[str, Any]) -> tuple[Attribute, ...]:
    """The attributes of a document in its order: no own fields, companions or lifted copies."""
    vrs: Mapping[str, str] = body.get("vr") or {}
    issues: dict[str, list[Mapping[str, str]]] = {}
    for issue in body.get("quality") or ():
        issues.setdefault(issue["path"], []).append(issue)
    beside = {"US or SS": "SS" if body.get("PixelRepresentation") == _SIGNED else "US"}
    lifted = body.get("lifted") or ()
    shown = {key: value for key, value in body.items() if not _own(key) and key not in lifted}
    return _Reader(vrs, issues, beside).level(shown, "")


def _own(key: str) -> bool:
    """Whether a key of a document is Dicomlake's own: in lower camel case, as of attributes only dBdt is."""
    return key[0].islower() and dictionary.tag_of(key) is None


class _Reader:
    """What holds for the whole document: VRs and issues by path, and what ambiguous VRs are in it."""

    def __init__(
        self, vrs: Mapping[str, str], issues: Mapping[str, Sequence[Mapping[str, str]]], ambiguous: Mapping[str, str]
    ) -> None:
        self._vrs = vrs
        self._issues = issues
        self._ambiguous = ambiguous

    def level(self, values: Mapping[str, Any], above: str) -> tuple[Attribute, ...]:
        """The attributes of a data set or an item."""
        blocks = _blocks(values)
        beside = _companions(values)
        return tuple(
            self._attribute(key, value, above, blocks, beside.get(key, {}))
            for key, value in values.items()
            if key[0] == "(" or "." not in key  # a companion (Manufacturer.canonical) is no attribute
        )

    def _attribute(
        self, key: str, value: Any, above: str, blocks: Mapping[tuple[str, str], str], beside: Mapping[str, Any]
    ) -> Attribute:
        path = above + key
        creator: str | None = None
        if private := _PRIVATE.fullmatch(key):
            group, creator, element = private.groups()
            block = blocks.get((group, creator))
            tag = group + element if len(element) == 4 else None if block is None else group + block + element
            entry = dictionary.private(creator, int(group, 16), int(element, 16))
            known, name = (entry.vr, entry.name) if entry else ("UN", "")
        else:
            tag, known, name = _public(key)
        vr = self._vrs.get(path, known)
        found = self._issues.get(path, ())
        issues, details = (tuple(issue.get(part, "") for issue in found) for part in ("code", "detail"))
        is_items = isinstance(value, list) and bool(value) and isinstance(value[0], dict)
        if is_items or (vr == "SQ" and not value):
            items = tuple(self.level(item, f"{path}.") for item in value or ())
            return Attribute(path, tag, "SQ", name, creator, None, items, issues, details)
        settled = self._settled(vr, value)
        return Attribute(path, tag, settled, name, creator, value, None, issues, details, beside)

    def _settled(self, vr: str, value: Any) -> str:
        """One VR where the dictionary leaves a choice (PS3.5 A.1 for the pixel data's own)."""
        if " or " not in vr:
            return vr
        choices = vr.replace("or", "").split()
        if isinstance(value, dict) and "InlineBinary" in value:
            return "OW" if "OW" in choices else choices[-1]
        return self._ambiguous["US or SS"] if "SS" in choices else choices[0]


def _companions(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What stands beside the values of a data set, by keyword."""
    found: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        if key[0] != "(" and "." in key:
            keyword, _, name = key.partition(".")
            found.setdefault(keyword, {})[name] = value
    return found


def _blocks(values: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """The block of elements that each creator has reserved, by group and creator; the first one of a creator."""
    found: dict[tuple[str, str], str] = {}
    for key, value in values.items():
        creator = _TAG.fullmatch(key)
        if creator and int(creator[1], 16) & 1 and creator[2].startswith("00") and (name := private.name(value)):
            found.setdefault((creator[1], name), creator[2][2:])
    return found


def _public(key: str) -> tuple[str | None, str, str]:
    """Tag, VR and name of a keyword, or of a tag that stands for itself."""
    by_tag = _TAG.fullmatch(key)
    tag = int(by_tag[1] + by_tag[2], 16) if by_tag else dictionary.tag_of(key)
    if tag is None:
        return None, "UN", key
    entry = dictionary.lookup(tag)
    if entry is not None:
        return f"{tag:08X}", entry.vr, entry.name
    if tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF:
        return f"{tag:08X}", "LO", "Private Creator"  # PS3.5 7.8.1
    return f"{tag:08X}", "UN", ""
