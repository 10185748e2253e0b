"""What people ask for before anything else: engines that can make it ready are told."""

from typing import Final

from dicomlake.engines.base import FacetPlan, Level, Plan, Sort
from mappings import registry

FIRST: Final[tuple[tuple[Level, tuple[Sort, ...]], ...]] = (
    ("series", (Sort("StudyDate", True, "d"),)),
    ("study", (Sort("StudyDate", True, "d"),)),
    ("patient", (Sort("PatientID"),)),
    ("series", ()),
    ("study", ()),
    ("patient", ()),
    ("instance", ()),
)
"""Orders of the hits: those that the page shows (``ui/page.yml``), and those without a wish."""


def plans() -> list[Plan]:
    """Searches like these, with every field that the registry counts."""
    counted = tuple(FacetPlan(path) for path in _counted())
    return [Plan(level, facets=counted, sort=sort) for level, sort in FIRST]


def _counted() -> list[str]:
    fields = [f for f in registry.load().fields if not f.identity]
    asked = [f for f in fields if f.facet or f.histogram or f.column or f.tag is None]
    return [path for f in asked for path in (f.keyword, *([f"{f.keyword}.canonical"] if f.canonical else []))]
