"""Lakes of older formats, unpacked, and what they have to know after a migration."""

import json
import lzma
import tarfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FORMATS = (1, 2)


def unpack(folder: Path, format: int = 1) -> Path:
    """The data folder as it was written then."""
    with tarfile.open(HERE / f"format-{format}" / "lake.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    return folder


def known(format: int = 1) -> dict[str, Any]:
    """``documents`` by SOP Instance UID, and the ``files`` of the catalogue."""
    packed = HERE / f"format-{format}" / "documents.json.xz"
    found: dict[str, Any] = json.loads(lzma.decompress(packed.read_bytes()))
    return found
