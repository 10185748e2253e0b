"""Makes the lake that stands for a format: ``python -m tests.lakes.make FOLDER``, with the code that writes the format.

A part of the sample archive, indexed as ``/archive`` (a link that must not exist yet and is gone afterwards), in two
runs with a file rewritten between them. FOLDER gets ``lake.tar.xz`` and ``documents.json.xz``: what the lake knows.
"""

import io
import json
import lzma
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import sample
from dicomlake.documents.kept import KeptSeries
from dicomlake.lake import Lake
from indexer.flow import run
from indexer.sources.folder import folders

ARCHIVE = Path("/archive")
CHOSEN = ("CD_0005/DICOM/PAT00000/STU00004", "HU23000203", "WG12000101", "HU12000801")
"""Parts of paths: a study with enhanced objects, and one each of MR, CT and mammography."""

PER_FOLDER = 3
"""Files of a folder that are indexed: enough for what instances have in common and how they differ."""


def thin_out(archive: Path) -> None:
    """Leave the first files of the chosen folders, and all odd ones."""
    for folder in [path for path in archive.rglob("*") if path.is_dir() and "incidencias" not in path.parts]:
        chosen = any(part in folder.as_posix() for part in CHOSEN)
        for file in sorted(path for path in folder.iterdir() if path.is_file())[PER_FOLDER if chosen else 0 :]:
            file.unlink()


def write(archive: Path, lake: Path) -> None:
    """Index the archive; one file leaves its series for another between the two runs."""
    ARCHIVE.symlink_to(archive)
    try:
        run(lake, folders([str(ARCHIVE)]))
        first, second = sorted((archive / "pacs").rglob("*.dcm"))[:2]
        first.write_bytes(second.read_bytes())
        run(lake, folders([str(ARCHIVE)]))
    finally:
        ARCHIVE.unlink()


def content(lake: Path) -> dict[str, Any]:
    """Documents by SOP Instance UID, and the rows of the catalogue without times."""
    with Lake.open(lake) as opened:
        engine = opened.engine
        kept = engine.kept(member.uid for member in engine.scan("series"))
        series = [KeptSeries.decode(one) for one in kept.values()]
        documents = {uid: one.body(uid) for one in series for uid in one.instances}
        files = [[one.location, one.status, one.uid, one.reason] for one in opened.catalog.files()]
    return {"documents": dict(sorted(documents.items())), "files": files}


def pack(lake: Path, target: Path) -> None:
    """The folder's files as a tar file without owners and times."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path in sorted(lake.rglob("*")):
            entry = tarfile.TarInfo(path.relative_to(lake).as_posix())
            entry.mode = path.stat().st_mode & 0o777
            if path.is_dir():
                entry.type = tarfile.DIRTYPE
                tar.addfile(entry)
            else:
                entry.size = path.stat().st_size
                tar.addfile(entry, io.BytesIO(path.read_bytes()))
    target.write_bytes(lzma.compress(packed.getvalue(), preset=9 | lzma.PRESET_EXTREME))


def main() -> None:
    """Write both files."""
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="dicomlake-") as name:
        folder = Path(name)
        sample.write(folder / "hospital", patients=12)
        thin_out(folder / "hospital")
        write(folder / "hospital", folder / "lake")
        for path in (folder / "lake").rglob("*"):
            if path.is_file() and name.encode() in path.read_bytes():
                raise SystemExit(f"{path} names the folder it was made in")
        pack(folder / "lake", target / "lake.tar.xz")
        known = json.dumps(content(folder / "lake"), ensure_ascii=False, sort_keys=True).encode()
        (target / "documents.json.xz").write_bytes(lzma.compress(known, preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main()
