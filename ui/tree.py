"""An instance document as the nodes of a header tree: attributes in tag order, sequences and private blocks fold.

A node is an object with ``key``, ``address`` (tag), ``name``, ``vr``, ``value`` (text, None when empty), and where they
apply ``canonical`` and ``rule``, ``issue``, ``private``, ``note`` (the value is described, not shown) or ``children``.
What can be searched for has ``path``, its name in queries, and ``values``, the first of its values as filters.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mappings import dictionary
from ui.language import grouped
from ui.refusals import formed_in_words
from ui.words import say

Node = dict[str, Any]

_PRIVATE = re.compile(r'\(([0-9A-F]{4}),"(.*)",([0-9A-F]{2}|[0-9A-F]{4})\)', re.DOTALL)
_CREATOR = re.compile(r"\(([0-9A-F]{3}[13579BDF]),00([1-9A-F][0-9A-F])\)")
_TAG = re.compile(r"\([0-9A-F]{4},[0-9A-F]{4}\)")
_ITEMS: Final = 200
"""Items of one sequence that are shown; an enhanced image may have thousands that differ in a number."""
_BYTES: Final = 24
_FILTERS: Final = 4
"""Values of one attribute that are offered as filters."""
_FILTER: Final = 400
"""Characters of a value that is offered as a filter: longer ones belong to no address."""
_LONGEST: Final = 4_000
"""Characters of one value that are shown."""


def nodes(document: Mapping[str, Any]) -> list[Node]:
    """The tree of a document. Own fields of Dicomlake (lower case) are no attributes and stay out."""
    quality = document.get("quality")
    issues = {issue["path"]: _said(issue) for issue in quality} if isinstance(quality, list) else {}
    vrs = document.get("vr")
    return _Builder(issues, vrs if isinstance(vrs, dict) else {}).level(document, "")


def _said(issue: Mapping[str, str]) -> str:
    detail = issue["detail"]
    return (formed_in_words(detail) or detail) if detail else issue["code"]


def count(tree: Iterable[Node]) -> int:
    """Attributes of a tree, those inside sequences included, items and private creators' headings not."""
    return sum(
        (0 if node.get("heading") else 1) + (count(node["children"]) if "children" in node else 0) for node in tree
    )


class _Builder:
    """The issues and VRs of one document, by path."""

    def __init__(self, issues: Mapping[str, str], vrs: Mapping[str, str]) -> None:
        self.issues = issues
        self.vrs = vrs

    def level(self, attributes: Mapping[str, Any], above: str) -> list[Node]:
        """The nodes of a data set or an item, private ones under their creator."""
        found: list[Node] = []
        blocks: dict[tuple[str, str], Node] = {}
        for key, value in attributes.items():
            private = _PRIVATE.fullmatch(key)
            beside = private is None and "." in key  # a companion (Manufacturer.canonical): no attribute of the header
            own = key[:1].islower() and dictionary.tag_of(key) is None  # dBdt is the one attribute written so
            if own or beside or _CREATOR.fullmatch(key):
                continue
            if private is None:
                found.append(self.public(key, value, above, attributes))
                continue
            group, creator, _ = private.groups()
            if (group, creator) not in blocks:
                blocks[group, creator] = block = _heading(group, creator)
                found.append(block)
            block = blocks[group, creator]
            block["children"].append(self.private(key, value, above, private.groups()))
        for block in blocks.values():
            block["value"] = say("tree.private", len(block["children"]))
        return found

    def public(self, key: str, value: Any, above: str, beside: Mapping[str, Any]) -> Node:
        tag = dictionary.tag_of(key)
        entry = dictionary.lookup(tag) if tag is not None else None
        address = f"({tag >> 16:04X},{tag & 0xFFFF:04X})" if tag is not None else None
        node: Node = {"key": key, "address": address, "name": entry.name if entry else None}
        if _TAG.fullmatch(key):
            node["name"] = say("tree.unknown")
        canonical = beside.get(f"{key}.canonical")
        if canonical is not None and canonical != value:
            node |= {"canonical": _joined(canonical), "rule": _joined(beside.get(f"{key}.rule", ""))}
        return self.filled(node, value, above + key, entry.vr if entry else None)

    def private(self, key: str, value: Any, above: str, parts: tuple[str | Any, ...]) -> Node:
        group, creator, element = parts
        entry = dictionary.private(creator, int(group, 16), int(element, 16))
        name = entry.name if entry else ""
        address = f"({group},xx{element})" if len(element) == 2 else f"({group},{element})"
        node: Node = {"key": name or say("tree.private_one"), "address": address, "private": True}
        node["name"] = f"{creator or say('tree.no_creator')}{f': {name}' if name else ''}"
        return self.filled(node, value, above + key, entry.vr if entry else None)

    def filled(self, node: Node, value: Any, path: str, vr: str | None) -> Node:
        """The node with its value or its items."""
        node["vr"] = self.vrs.get(path, vr)
        if path in self.issues:
            node["issue"] = self.issues[path]
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            node["value"] = say("tree.items", len(value))
            node["children"] = [self.item(number, item, path) for number, item in enumerate(value[:_ITEMS], 1)]
            if len(value) > _ITEMS:
                rest = say("tree.more_items", len(value) - _ITEMS)
                node["children"].append({"key": "…", "value": rest, "note": True, "heading": True})
        else:
            node["value"], node["note"] = text(value)
            if not node["note"]:
                node["path"], node["values"] = path, _filters(value)
        return {name: part for name, part in node.items() if part or name == "value"}

    def item(self, number: int, item: Mapping[str, Any], path: str) -> Node:
        children = self.level(item, f"{path}.")
        return {
            "key": say("tree.item", number=grouped(number)),
            "value": say("tree.attributes", len(item)),
            "children": children,
            "heading": True,
        }


def _heading(group: str, creator: str) -> Node:
    return {
        "key": creator or say("tree.no_private_creator"),
        "address": f"({group},…)",
        "name": say("tree.private_block", creator=creator) if creator else say("tree.private_without"),
        "private": True,
        "heading": True,
        "children": [],
    }


def text(value: Any) -> tuple[str | None, bool]:
    """A value as text, and whether the text describes the value instead of showing it. Empty values give None."""
    if value is None or value in ("", []):
        return None, False
    if isinstance(value, dict):
        return _described(value), True
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return " \\ ".join(text(item)[0] or "" for item in value), True
    joined = _joined(value)
    return (
        (joined, False)
        if len(joined) <= _LONGEST
        else (f"{joined[:_LONGEST]}… ({say('tree.characters', len(joined))})", False)
    )


def _joined(value: Any) -> str:
    """Several values with the backslash of PS3.5 section 6.2 between them."""
    if isinstance(value, list):
        return " \\ ".join("" if item is None else _joined(item) for item in value)
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _described(value: Mapping[str, Any]) -> str:
    if "InlineBinary" in value:
        content = base64.b64decode(value["InlineBinary"])
        shown = content[:_BYTES].hex(" ").upper()
        return f"{say('tree.bytes', len(content))}: {shown}{' …' if len(content) > _BYTES else ''}"
    if "first" in value:
        values = say("tree.values", value["count"])
        if value.get("min") is not None:
            first, last = _joined(value["min"]), _joined(value["max"])
            values = say("tree.values_from", values=values, first=first, last=last)
        return f"{values}: {_joined(value['first'])} \\ …"
    if "length" in value:
        return f"{say('tree.bytes', value['length'])}, SHA-256 {str(value.get('sha256', ''))[:12]}…"
    return say("tree.attributes", len(value))


def _filters(value: Any) -> list[str]:
    """The first values as an address says them."""
    listed = value if isinstance(value, list) else [value]
    texts = dict.fromkeys(_joined(one) for one in listed if one not in (None, ""))
    return [text for text in texts if len(text) <= _FILTER][:_FILTERS]
