"""Writes the synthetic hospital and its truth file."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sample import faults, planners
from sample.chance import Chance
from sample.encode import Encoder
from sample.forms import fitted
from sample.paths import place
from sample.people import patient
from sample.plan import Series
from sample.tables import fingerprint
from sample.truth import Truth
from sample.visits import studies

Progress = Callable[[int, int], None]
"""Called with the patients done and all patients."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the archive holds. ``files`` = indexed + ignored + quarantined; ``instances`` to ``patients`` are what an
    index of it counts; ``size`` is in bytes; ``truth`` is the truth file; ``written`` is False when the same archive
    was there already."""

    out: Path
    truth: Path
    files: int
    indexed: int
    ignored: int
    quarantined: int
    instances: int
    series: int
    studies: int
    patients: int
    size: int
    written: bool


def write(out: Path, patients: int = 40, seed: int = 0, progress: Progress | None = None) -> Summary:
    """Write the archive into the folder ``out`` and its truth beside it, as ``<out>.truth.json``.

    The same arguments give the same bytes. An archive of the same arguments that is still whole is left alone, so that
    an index of it finds nothing changed; one of other arguments, or of another version of this package, is replaced as
    long as it holds nothing but its own files.

    Raises ValueError for fewer than one patient, FileExistsError when ``out`` holds anything else, and OSError when it
    cannot be written. The folder appears when it is complete: nothing half written stays behind.
    """
    if patients < 1:
        raise ValueError(f"a hospital of {patients} patients cannot be written: ask for at least 1")
    out = Path(out).absolute()
    truth_path = out.with_name(f"{out.name}.truth.json")
    arguments: dict[str, Any] = {"patients": patients, "seed": seed, "source": fingerprint()}
    held = _held(out, truth_path)
    if held and held["arguments"] == arguments:
        return _summary(out, truth_path, held["totals"], written=False)
    if not held and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} exists and is no sample archive: choose another folder or remove it")
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        content = _fill(partial, arguments, progress)
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        if out.exists():
            shutil.rmtree(out)
        partial.rename(out)
        truth_path.write_text(text, encoding="utf-8")
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return _summary(out, truth_path, content["totals"], written=True)


def _fill(folder: Path, arguments: dict[str, Any], progress: Progress | None) -> dict[str, Any]:
    truth = Truth(arguments)
    chance = Chance("dicomlake sample", arguments["seed"])
    for number in range(1, arguments["patients"] + 1):
        person = patient(chance.of("patient", number), number)
        truth.add_patient(person)
        for study in studies(person):
            truth.add_study(study)
            for series in planners.series(study):
                _write_series(folder, series, truth)
        if progress:
            progress(number, arguments["patients"])
    for planted in faults.plant(patient(chance.of("patient", 1), 1), arguments["patients"]):
        _save(folder, planted.path, planted.data)
        truth.add_planted(planted)
    return truth.content()


def _write_series(folder: Path, series: Series, truth: Truth) -> None:
    series.attributes = fitted(series.attributes, series.charset)
    truth.add_series(series)
    encoder = Encoder(series)
    for instance in series.instances:
        instance.attributes = fitted(instance.attributes, series.charset)
        path, data = place(series, instance), encoder.file(instance)
        _save(folder, path, data)
        truth.add_instance(path, data, series, instance)


def _save(folder: Path, path: str, data: bytes) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def _held(out: Path, truth_path: Path) -> dict[str, Any] | None:
    """The truth about the archive that is there, when its files are all there is and have their sizes."""
    if not (out.is_dir() and truth_path.is_file()):
        return None
    try:
        content: dict[str, Any] = json.loads(truth_path.read_text(encoding="utf-8"))
        planned = {one["path"]: one["size"] for one in content["files"]}
    except (ValueError, KeyError, TypeError):
        return None
    found = {path.relative_to(out).as_posix(): path.stat().st_size for path in out.rglob("*") if not path.is_dir()}
    return content if found == planned else None


def _summary(out: Path, truth_path: Path, totals: dict[str, Any], *, written: bool) -> Summary:
    names = ("files", "indexed", "ignored", "quarantined", "instances", "series", "studies", "patients")
    counts = {name: totals[name] for name in names}
    return Summary(out=out, truth=truth_path, **counts, size=totals["bytes"], written=written)
