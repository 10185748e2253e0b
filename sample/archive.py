"""Writes the synthetic hospital and its truth file."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sample import planners
from sample.chance import Chance
from sample.encode import Encoder
from sample.forms import fitted
from sample.paths import place
from sample.people import patient
from sample.plan import Series
from sample.truth import VERSION, Truth
from sample.visits import studies

Progress = Callable[[int, int], None]
"""Called with the patients done and all patients."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written. ``truth`` is the path of the truth file, ``size`` counts bytes, ``written`` is False when the
    same archive was already there."""

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

    The same arguments give the same bytes. An archive of the same arguments that is still whole is left alone.
    Raises ValueError for fewer than one patient, FileExistsError when ``out`` holds anything else, and OSError
    when the folder cannot be written. Nothing half written stays behind: the folder appears when it is complete.
    """
    if patients < 1:
        raise ValueError("a hospital needs at least one patient")
    out = Path(out)
    arguments = {"patients": patients, "seed": seed}
    truth_path = out.with_name(f"{out.name}.truth.json")
    held = _held(out, truth_path, arguments)
    if held:
        return _summary(out, truth_path, held, written=False)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} exists and holds something else: choose another folder or remove it")
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        content = _fill(partial, arguments, progress)
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        if out.exists():
            out.rmdir()
        truth_path.write_text(text, encoding="utf-8")
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return _summary(out, truth_path, content["totals"], written=True)


def _fill(folder: Path, arguments: dict[str, int], progress: Progress | None) -> dict[str, Any]:
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
    return truth.content()


def _write_series(folder: Path, series: Series, truth: Truth) -> None:
    series.attributes = fitted(series.attributes, series.charset)
    truth.add_series(series)
    encoder = Encoder(series)
    for instance in series.instances:
        instance.attributes = fitted(instance.attributes, series.charset)
        path, data = place(series, instance), encoder.file(instance)
        save(folder, path, data)
        truth.add_instance(path, data, series, instance)


def save(folder: Path, path: str, data: bytes) -> None:
    """Write a file, making the folders it lies in."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def _held(out: Path, truth_path: Path, arguments: dict[str, int]) -> dict[str, Any] | None:
    """Totals of the archive that is there, when it is that of the arguments and every file has its size."""
    if not (out.is_dir() and truth_path.is_file()):
        return None
    try:
        content = json.loads(truth_path.read_text(encoding="utf-8"))
        same = content["version"] == VERSION and content["arguments"] == arguments
        whole = same and all((out / one["path"]).stat().st_size == one["size"] for one in content["files"])
    except (ValueError, KeyError, TypeError, FileNotFoundError):
        return None
    return dict(content["totals"]) if whole else None


def _summary(out: Path, truth_path: Path, totals: dict[str, Any], *, written: bool) -> Summary:
    counts = {name: totals[name] for name in ("files", "indexed", "ignored", "quarantined")}
    held = {name: totals[name] for name in ("instances", "series", "studies", "patients")}
    return Summary(out=out, truth=truth_path, **counts, **held, size=totals["bytes"], written=written)
