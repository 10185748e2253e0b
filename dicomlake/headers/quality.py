"""The quality codes, from ``quality.yml``: what each means and which rule of the standard it is about."""

from functools import cache
from pathlib import Path
from typing import NamedTuple


class Code(NamedTuple):
    """One quality code. ``room`` is the part of the library that reports it: ``headers`` or ``documents``."""

    code: str
    title: str
    description: str
    standard: str
    room: str


@cache
def codes() -> dict[str, Code]:
    """All quality codes by name, in the order in which the documentation lists them."""
    import yaml  # noqa: PLC0415  (only where codes are explained)

    content = yaml.safe_load((Path(__file__).parent / "quality.yml").read_text(encoding="utf-8"))
    return {entry["code"]: Code(**entry) for entry in content["codes"]}
