"""Complete headers of a series, kept once: what its instances have in common, and how each differs.

The kept form is zstandard-compressed JSON: ``{"common": {...}, "instances": {uid: [copy, ...]}}``. A copy is one file:
its own fields (``location``, ``fileSize``, ...), its ``identity`` (series, study, patient) and what ``differs`` from
``common``. The first copy of an instance, smallest by (header hash, location), is the document; the rest are variants.
The order in which files arrive leaves no trace.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import orjson
import zstandard

from dicomlake.documents.instance import PER_FILE, InstanceDocument
from dicomlake.documents.sharing import common_part, groups, without
from dicomlake.errors import LakeError
from mappings import dictionary

_LEVEL = 3
"""6 takes twice the time, and makes the kept form a few percent smaller."""


@dataclass(slots=True)
class KeptSeries:
    """The instances of one series; every list of copies is in order and not empty."""

    instances: dict[str, list[InstanceDocument]] = field(default_factory=dict)

    def documents(self) -> list[InstanceDocument]:
        """The instances' documents, by uid, variants named."""
        return [self.document(uid) for uid in sorted(self.instances)]

    def document(self, uid: str) -> InstanceDocument:
        """The document of an instance: its first copy, variants named."""
        first, *others = self.instances[uid]
        if not others:
            return first
        own = {
            **first.own,
            "variants": [{"location": o.location, "headerHash": o.header_hash, "fileSize": o.size} for o in others],
        }
        if any((o.header_hash, o.size) != (first.header_hash, first.size) for o in others):
            issue = {"code": "other-content", "path": "SOPInstanceUID", "detail": f"{len(others)} more"}
            own["quality"] = [*first.quality, issue]
        return replace(first, own=own, encoded=())

    def body(self, uid: str) -> dict[str, Any]:
        """The whole document of an instance, attributes at their places."""
        return in_order(self.document(uid).body)

    def encode(self, common: Mapping[str, Any] | None = None) -> bytes:
        """The kept form. ``common``: what the documents have in common, by whoever knows it already."""
        copies = [copy for uid in sorted(self.instances) for copy in self.instances[uid]]
        if common is None or len(copies) > len(self.instances):  # variants may have less in common
            common = common_part(copies)
        common = {key: value for key, value in common.items() if key not in PER_FILE}
        kept: dict[str, list[dict[str, Any]]] = {uid: [] for uid in sorted(self.instances)}
        for shared, group in groups(copies):
            rest = without(shared, common)
            for copy in group:
                kept[copy.uid].append(
                    {
                        "identity": [copy.series, copy.study, copy.patient],
                        "file": [copy.location, copy.size, copy.header_hash],
                        "differs": in_order({**rest, **without(copy.own, common)}),
                    }
                )
        for several in kept.values():
            if len(several) > 1:
                several.sort(key=lambda copy: (copy["file"][2], copy["file"][0]))
        content = {"common": in_order(common), "instances": kept}
        return zstandard.ZstdCompressor(level=_LEVEL).compress(orjson.dumps(content))

    @classmethod
    def decode(cls, kept: bytes) -> "KeptSeries":
        """The series a kept form holds. Raises LakeError when the bytes are not one."""
        try:
            content = orjson.loads(zstandard.ZstdDecompressor().decompress(kept))
            common = content["common"]
            return cls({uid: [_copy(uid, common, c) for c in copies] for uid, copies in content["instances"].items()})
        except (zstandard.ZstdError, orjson.JSONDecodeError, KeyError, ValueError) as error:
            raise LakeError(f"the kept headers of a series are damaged ({error}); index its files again") from error


def _copy(uid: str, common: dict[str, Any], copy: dict[str, Any]) -> InstanceDocument:
    series, study, patient = copy["identity"]
    location, size, header_hash = copy["file"]
    return InstanceDocument(uid, series, study, patient, location, size, header_hash, copy["differs"], common)


def in_order(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with its attributes at their places."""
    return {key: body[key] for key in _ordered(tuple(body))}


@lru_cache(maxsize=256)
def _ordered(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(keys, key=place))


@lru_cache(maxsize=8_192)
def place(key: str) -> tuple[str, str]:
    """Where an attribute stands in a document: by tag, companions behind their field, own fields last."""
    if key[0] == "(":
        group, _, rest = key[1:].partition(",")
        return group, rest if rest[0] != '"' else "1" + rest  # private elements follow the creators, (gggg,0010-00FF)
    base, _, companion = key.partition(".")
    tag = dictionary.tag_of(base)
    if tag is None:
        return "~", key
    return f"{tag >> 16:04X}", f"{tag & 0xFFFF:04X}{companion}"
