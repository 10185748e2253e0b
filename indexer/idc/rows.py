"""Rows of the index to records: what a worker process does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pyarrow
import yaml

from dicomlake.documents.declared import DECLARED, Part, part, record, single
from dicomlake.documents.instance import Origin
from dicomlake.engines.base import Encoder, Record
from dicomlake.site import Site, current, use

ORIGIN = Origin("idc", issuer="IDC")
"""The source, and the one issuer of its patient ids."""

_SHARED = 32_768
"""Parts that are remembered."""


@dataclass(frozen=True)
class Rules:
    """``columns.yml``, read."""

    parts: Sequence[Mapping[str, Any]]
    lists: frozenset[str]
    dates: frozenset[str]
    count: str
    megabytes: str
    bucket: str
    folder: str

    @property
    def columns(self) -> list[str]:
        """Every column that is read."""
        named = [name for one in self.parts for name in (*one.get("attributes", ()), *one.get("own", {}).values())]
        return [*named, self.count, self.megabytes, self.bucket, self.folder]


@cache
def rules() -> Rules:
    """What columns become."""
    content = yaml.safe_load((Path(__file__).parent / "columns.yml").read_text(encoding="utf-8"))
    return Rules(**{**content, "lists": frozenset(content["lists"]), "dates": frozenset(content["dates"])})


@dataclass(frozen=True)
class Built:
    """The records of some rows, and how many rows name no series or no study. ``lost``: how the process ended that
    should have built them."""

    records: Sequence[Record] = ()
    nameless: int = 0
    lost: str = ""


@dataclass(frozen=True, eq=False)
class Build:
    """Builds records of rows. Sent to a worker it takes the site's tables along."""

    encoder: Encoder
    site: Site = field(default_factory=current)

    def __call__(self, batches: Sequence[pyarrow.RecordBatch]) -> Built:
        """The records of these rows, in their order."""
        use(self.site)
        records: list[Record] = []
        nameless = 0
        for batch in batches:
            for row in _rows(batch):
                try:
                    records.append(self._record(*row))
                except ValueError:
                    nameless += 1
        return Built(records, nameless)

    def _record(self, parts: Sequence[tuple[Any, ...]], count: Any, megabytes: Any, bucket: Any, folder: Any) -> Record:
        *shared, alone = parts
        built = [_shared_part(self.encoder, index, values) for index, values in enumerate(shared)]
        own: dict[str, str | int] = {"location": f"s3://{bucket}/{folder}/"} if bucket and folder else {}
        attributes, others = _attributes(len(shared), alone)
        size = round((megabytes or 0) * 1_000_000)
        return record(built, single(attributes, own | others), ORIGIN, int(count or 0), size, self.encoder)


def lost(batch: pyarrow.RecordBatch, how: str) -> Built:
    """What there is of rows that ended their process."""
    return Built(lost=how)


def _rows(batch: pyarrow.RecordBatch) -> Any:
    """Each row: a tuple of values for each part, then count, megabytes, bucket and folder."""
    known = rules()
    values = {name: batch.column(name).to_pylist() for name in known.columns}
    parts = [
        list(zip(*(values[name] for name in (*one.get("attributes", ()), *one.get("own", {}).values())), strict=True))
        for one in known.parts
    ]
    rest = (values[name] for name in (known.count, known.megabytes, known.bucket, known.folder))
    return zip(zip(*parts, strict=True), *rest, strict=True)


@lru_cache(maxsize=_SHARED)
def _shared_part(encoder: Encoder, index: int, values: tuple[Any, ...]) -> Part:
    attributes, own = _attributes(index, values)
    if index == 0:
        own |= {"source": ORIGIN.source, DECLARED: ORIGIN.source}
    return part(attributes, own, encoder)


def _attributes(index: int, values: tuple[Any, ...]) -> tuple[dict[str, str], dict[str, Any]]:
    """The DICOM attributes and the own fields of a part."""
    rule = rules().parts[index]
    names = rule.get("attributes", ())
    attributes = {name: _text(name, value) for name, value in zip(names, values, strict=False) if value is not None}
    others = zip(rule.get("own", {}), values[len(names) :], strict=True)
    return attributes, {name: value for name, value in others if value is not None}


def _text(name: str, value: str) -> str:
    if name in rules().lists:
        return value.replace(",", "\\")
    return value.replace("-", "") if name in rules().dates else value
