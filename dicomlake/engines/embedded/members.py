"""Stored documents as the contract has them, and where the instances of studies are: what writing asks of its index."""

from collections.abc import Iterable
from typing import Any

import tantivy
from tantivy import Query

from dicomlake.engines import budget
from dicomlake.engines.base import Member
from dicomlake.engines.embedded.compile import Compiler
from dicomlake.engines.embedded.many import TERMS_LIMIT, composite


def member(found: tantivy.Document) -> Member:
    """The contract's view of a stored document."""
    text = {name: str(found.get_first(name) or "") for name in ("uid", "series", "study", "patient")}
    shown = bytes(found.get_first("shown") or b"")
    budget.take(len(shown))
    return Member(**text, shown=shown)


def placed(searcher: tantivy.Searcher, compiler: Compiler, studies: Iterable[str]) -> dict[str, dict[str, set[str]]]:
    """Study to series to patients, of instances and series alike."""

    def aggregate(query: Query, wanted: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = searcher.aggregate(query, {"x": wanted})["x"]
        return found

    found: dict[str, dict[str, set[str]]] = {}
    sources = [(name, False) for name in ("study", "series", "patient")]
    within = compiler.terms("study", studies)
    for (study, series, patient), _ in composite(aggregate, within, sources, None, TERMS_LIMIT):
        found.setdefault(str(study), {}).setdefault(str(series), set()).add(str(patient))
    return found
