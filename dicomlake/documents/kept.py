"""Complete headers of a series, kept once: what its instances have in common, and how each differs.

The kept form is zstandard-compressed JSON: ``{"common": {...}, "instances": {uid: [copy, ...]}}``. A copy is one file:
its own fields (``location``, ``fileSize``, ...), its ``identity`` (series, study, patient) and what ``differs`` from
``common``. The first copy of an instance, smallest by (header hash, location), is the document; the rest are variants.
The order in which files arrive leaves no trace.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
import zstandard

from dicomlake.documents.instance import PER_FILE, InstanceDocument
from dicomlake.errors import LakeError
from mappings import dictionary

_LEVEL = 6
_MISSING = object()


@dataclass(slots=True)
class KeptSeries:
    """The instances of one series; every list of copies is in order and not empty."""

    instances: dict[str, list[InstanceDocument]] = field(default_factory=dict)

    def documents(self) -> Iterator[InstanceDocument]:
        """The instances' documents, by uid."""
        for uid in sorted(self.instances):
            yield self.instances[uid][0]

    def body(self, uid: str) -> dict[str, Any]:
        """The whole document of an instance, variants named."""
        first, *others = self.instances[uid]
        body = in_order(first.body)
        if others:
            body["variants"] = [
                {"location": o.location, "headerHash": o.header_hash, "fileSize": o.size} for o in others
            ]
        if any((o.header_hash, o.size) != (first.header_hash, first.size) for o in others):
            issue = {"code": "other-content", "path": "SOPInstanceUID", "detail": f"{len(others)} more"}
            body["quality"] = [*body.get("quality", ()), issue]
        return body

    def split(self) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """What all documents have in common, and what each has besides, by uid."""
        bodies = {uid: self.body(uid) for uid in sorted(self.instances)}
        common = common_part(list(bodies.values()))
        return common, {uid: without(body, common) for uid, body in bodies.items()}

    def encode(self) -> bytes:
        """The kept form."""
        common = common_part([copy.body for copies in self.instances.values() for copy in copies])
        for key in PER_FILE:
            common.pop(key, None)
        kept = {
            uid: [
                {
                    "identity": [copy.series, copy.study, copy.patient],
                    "file": [copy.location, copy.size, copy.header_hash],
                    "differs": in_order(without(copy.body, common)),
                }
                for copy in self.instances[uid]
            ]
            for uid in sorted(self.instances)
        }
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
    return InstanceDocument(uid, series, study, patient, location, size, header_hash, common | copy["differs"])


def common_part(bodies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The attributes that all bodies have with the same value."""
    if not bodies:
        return {}
    first, *others = bodies
    common = dict(first)
    for body in others:
        for key in [key for key, value in common.items() if not same(value, body.get(key, _MISSING))]:
            del common[key]
    return common


def without(body: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    """What a body has besides the common part."""
    return {key: value for key, value in body.items() if key not in common}


def same(value: Any, other: Any) -> bool:
    """Whether two JSON values would be written alike: 1 and 1.0 differ, as 0.0 and -0.0 do."""
    if value is other:
        return True
    if isinstance(value, str) or isinstance(other, str) or value != other:
        return bool(value == other)
    return orjson.dumps(value) == orjson.dumps(other)


def in_order(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with its attributes at their places."""
    return {key: body[key] for key in sorted(body, key=place)}


@lru_cache(maxsize=65_536)
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
