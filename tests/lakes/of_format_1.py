"""The lake of format 1, unpacked, and what it has to know after a migration."""

import json
import lzma
import tarfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "format-1"


def unpack(folder: Path) -> Path:
    """The data folder as it was written then."""
    with tarfile.open(HERE / "lake.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    return folder


def known() -> dict[str, Any]:
    """``documents`` by SOP Instance UID, and the ``files`` of the catalogue."""
    found: dict[str, Any] = json.loads(lzma.decompress((HERE / "documents.json.xz").read_bytes()))
    return found
