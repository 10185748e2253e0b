"""Archives to index, and a whole lake as a value that can be compared."""

import shutil
from pathlib import Path
from typing import Any

from pydicom.data import get_testdata_file

from dicomlake.catalog import Catalog
from dicomlake.documents.kept import KeptSeries
from dicomlake.engines.base import FacetPlan, Plan
from dicomlake.lake import Lake
from indexer.flow import run
from indexer.sources.folder import folders
from indexer.summary import Summary
from mappings import registry
from tests.builders import dicom_file

PYDICOM_FILES = Path(str(get_testdata_file("CT_small.dcm"))).parent


def hospital(folder: Path, *, series: int = 6, instances: int = 8) -> Path:
    """``series`` folders of ``instances`` files, two series a study, two studies a patient; not DICOM and damaged ones
    between them."""
    for s in range(series):
        for i in range(instances):
            dicom_file(
                folder / f"p{s // 4}" / f"s{s}" / f"i{i:03}.dcm",
                uid=f"1.2.{s}.{i}",
                series=f"1.2.{s}",
                study=f"1.2.99.{s // 2}",
                PatientID=f"P{s // 4}",
                InstanceNumber=i,
                SeriesNumber=s,
                SliceThickness=1.5 + s,
                ImageComments=f"slice {i} of {s}",
            )
        (folder / f"p{s // 4}" / f"s{s}" / "notes.txt").write_text("no DICOM")
    whole = (folder / "p0" / "s0" / "i000.dcm").read_bytes()
    (folder / "cut.dcm").write_bytes(whole[:200])
    return folder


def index(lake: Path, *sources: Path, workers: int = 0) -> Summary:
    """What ``dicomlake index`` does."""
    return run(lake, folders(sources, skipped=[lake]), workers=workers)


def content(lake: Path) -> dict[str, Any]:
    """Everything a lake knows: documents, roll-ups, kept headers, counts of every field, catalogue."""
    with Lake.open(lake) as opened:
        engine = opened.engine
        series = sorted(engine.scan("series"), key=lambda member: member.uid)
        return {
            "instances": sorted(engine.scan("instance"), key=lambda member: member.uid),
            "series": series,
            "kept": {
                uid: {one: loaded.body(one) for one in sorted(loaded.instances)}
                for uid, kept in engine.kept([member.uid for member in series]).items()
                for loaded in [KeptSeries.decode(kept)]
            },
            "totals": engine.search(Plan(limit=0)).totals,
            "counts": {level: _counts(engine, level) for level in ("series", "instance")},
            "catalogue": catalogue(lake),
            "announced": opened.catalog.announced(),
        }


def _counts(engine: Any, level: Any) -> Any:
    paths = [field.keyword for field in registry.load().fields if field.kind not in ("binary", "sequence")]
    return engine.search(Plan(level=level, limit=0, facets=tuple(FacetPlan(path) for path in paths))).facets


def catalogue(lake: Path) -> list[tuple[Any, ...]]:
    """The catalogue, without the number of the run that wrote a row."""
    opened = Catalog(lake / "catalog.sqlite", write=False)
    rows = [
        (one.location, one.size, one.mtime_ns, one.status, one.uid, one.header_hash, one.reason, one.offset, one.source)
        for one in opened.files()
    ]
    opened.close()
    return rows


def copy_over(source: Path, target: Path) -> None:
    """Replace a file by another's content."""
    target.unlink(missing_ok=True)
    shutil.copyfile(source, target)
