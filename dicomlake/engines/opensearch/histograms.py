"""Histograms: a count for each bin, and the ends of what there is."""

from itertools import pairwise

from dicomlake.engines.base import Histogram, HistogramPlan
from dicomlake.engines.opensearch.compile import every, term
from dicomlake.engines.opensearch.facets import counts_of, letter_bound
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.lines import Answer, Job, Line, counting, total
from dicomlake.engines.opensearch.schema import path_key
from dicomlake.engines.opensearch.snapshot import Snapshot
from dicomlake.query.resolved import Between


def histogram(snapshot: Snapshot, kind: Kind, plan: HistogramPlan) -> Job[Histogram]:
    """Count the documents by bin."""
    query = snapshot.compile(plan.query)
    bins = [Between(plan.path, plan.letter, low, high, include_high=False) for low, high in pairwise(plan.edges)]
    counted = [Between(plan.path, plan.letter, None, None), *bins]
    answers = yield [
        Line(kind, counting(query)),
        Line(kind, counting(every([query, term("e", path_key(plan.path))]))),
        letter_bound(snapshot, kind, query, plan.path, plan.letter, False),
        letter_bound(snapshot, kind, query, plan.path, plan.letter, True),
        *(Line(kind, counting(every([query, snapshot.compile(one)]))) for one in counted),
    ]
    before = snapshot.place(plan.path).before
    matching, present = total(answers[0]), total(answers[1])
    valued, *counts = map(total, answers[4:])
    low, high = _first(answers[2], before), _first(answers[3], before)
    return Histogram(plan.path, tuple(counts), low, high, matching, valued, matching - present)


def _first(answer: Answer, before: str) -> str | None:
    found = counts_of(answer, before)
    return found[0][0] if found else None
