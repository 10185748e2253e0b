"""The least privacy class of an attribute, from PS3.15 Table E.1-1 (``standard/confidentiality-profile.json``)."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from mappings import dictionary
from mappings.field import Privacy
from mappings.generate.paths import ROOT

STRICTNESS: Final[tuple[Privacy, ...]] = ("none", "quasi", "phi")
"""Privacy classes, the laxest first."""

_QUASI_OPTIONS: Final = frozenset({"retain_patient_characteristics", "retain_device_identity", "clean_descriptors"})


def least(path: str) -> Privacy:
    """The laxest class that the table allows for a path of the data dictionary: that of its strictest step.

    A sequence that Clean Descriptors keeps is cleaned by its content, so the last step decides.
    """
    *above, last = path.split(".")
    outer = (_of(step) for step in above)
    return max([_of(last), *("none" if c == "quasi" else c for c in outer)], key=STRICTNESS.index)


def _of(keyword: str) -> Privacy:
    row = _attributes().get(f"{dictionary.tag_of(keyword):08X}")
    if row is None:
        return "none"
    return "quasi" if _QUASI_OPTIONS & row[2].keys() else "phi"


@cache
def _attributes() -> Mapping[str, list[Any]]:
    content = json.loads((ROOT / "standard" / "confidentiality-profile.json").read_text(encoding="utf-8"))
    attributes: dict[str, list[Any]] = content["attributes"]
    return attributes
