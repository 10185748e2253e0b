"""Tables of measurements: for people in plain columns, for programs as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells below column names; ``None`` is what was not measured. ``notes`` say what the figures are beside
    what they should be."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()

    def text(self) -> str:
        """The table in columns: the first to the left, the others to the right."""
        lines = [list(self.columns), *([_shown(cell) for cell in row] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        parts = [self.title]
        for first, *others in lines:
            cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
            parts.append("  ".join(["  " + first.ljust(widths[0]), *cells]).rstrip())
        return "\n".join([*parts, *(f"  {note}" for note in self.notes)])

    def as_dict(self) -> dict[str, Any]:
        """The table for JSON: each row an object by column name."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": list(self.notes)}


def target(name: str, measured: float, wanted: float, *, most: bool = False) -> str:
    """A note that says whether a target is met; ``most``: the target is an upper bound."""
    met = measured <= wanted if most else measured >= wanted
    bound = "at most" if most else "at least"
    return f"{name}: {_shown(measured)}, target {bound} {_shown(wanted)}: {'met' if met else 'MISSED'}"


def _shown(cell: Cell) -> str:
    """Integers with separators; other numbers with three digits that mean something."""
    match cell:
        case None:
            return "-"
        case str():
            return cell
        case int():
            return f"{cell:,}"
    if cell == 0 or abs(cell) >= 100:
        return f"{cell:,.0f}"
    return f"{cell:.3f}" if abs(cell) < 1 else f"{cell:.2f}" if abs(cell) < 10 else f"{cell:.1f}"
