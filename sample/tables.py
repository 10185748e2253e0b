"""The data files of the synthetic hospital, read once."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_DATA = Path(__file__).with_name("data")


@cache
def table(name: str) -> Any:
    """Content of ``data/<name>.yml``; shared, so nobody may change it."""
    return yaml.safe_load((_DATA / f"{name}.yml").read_text(encoding="utf-8"))


@cache
def exams() -> tuple[dict[str, Any], ...]:
    """Every examination of the ``exams-*.yml`` files, in the order of file names."""
    return tuple(exam for path in sorted(_DATA.glob("exams-*.yml")) for exam in table(path.stem))


@cache
def fingerprint() -> str:
    """Digest of this package's code and data: archives of another version are told apart by it."""
    total = hashlib.sha256()
    for path in sorted([*_DATA.parent.glob("*.py"), *_DATA.glob("*.yml")]):
        total.update(path.read_bytes())
    return total.hexdigest()[:16]
