"""The address of the page Quality: which part is shown, of which search, and what is compared there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ui.state import PageState

TABS: Final = ("codes", "completeness", "values", "quarantine")
BY: Final = "Manufacturer.canonical"
"""Columns of the heat map until somebody chooses others."""
_OWN: Final = ("tab", "row", "by", "of")


@dataclass(frozen=True, slots=True)
class QualityState:
    """What the address says. ``rows`` are the fields of the heat map, empty for the usual ones, ``by`` the field whose
    values are its columns, ``of`` the one field that is looked at by year. ``within`` is the search it is about."""

    tab: str = TABS[0]
    rows: Sequence[str] = ()
    by: str = BY
    of: str = ""
    within: PageState = field(default_factory=PageState)

    @classmethod
    def parse(cls, parameters: Mapping[str, Sequence[str]]) -> "QualityState":
        """The state that parameters stand for. Raises QueryError for what cannot be read as a search."""
        within = PageState.parse({name: values for name, values in parameters.items() if name not in _OWN})

        def first(name: str, default: str) -> str:
            return next(iter(parameters.get(name, ())), default)

        tab = first("tab", TABS[0])
        return cls(
            tab if tab in TABS else TABS[0],
            tuple(parameters.get("row", ())),
            first("by", BY),
            first("of", ""),
            within,
        )

    def parameters(self) -> dict[str, list[str]]:
        """The parameters that stand for this state. Raises QueryError for what no address can hold."""
        return self.own() | self.within.parameters()

    def own(self) -> dict[str, list[str]]:
        """The parameters beside those of the search."""
        written = {"tab": [self.tab]} if self.tab != TABS[0] else {}
        if self.rows:
            written["row"] = list(self.rows)
        if self.by != BY:
            written["by"] = [self.by]
        if self.of:
            written["of"] = [self.of]
        return written

    def but(self, **changes: Any) -> "QualityState":
        """The state with some parts changed."""
        return replace(self, **changes)
