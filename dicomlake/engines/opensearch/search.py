"""One search on one snapshot: hits in order, facets, histograms and totals, in as few requests as they take."""

from dicomlake.engines import budget
from dicomlake.engines.base import Found, Plan
from dicomlake.engines.opensearch.cost import refuse_costly
from dicomlake.engines.opensearch.facets import facet
from dicomlake.engines.opensearch.histograms import histogram
from dicomlake.engines.opensearch.hits import page
from dicomlake.engines.opensearch.lines import Job, kind_of
from dicomlake.engines.opensearch.snapshot import Snapshot
from dicomlake.engines.opensearch.totals import totals


def search(snapshot: Snapshot, plan: Plan) -> Found:
    """Answer a plan."""
    budget.check()
    kind = kind_of("instance" if plan.level == "instance" else "series")
    counted = [*(one.query for one in plan.facets), *(one.query for one in plan.histograms)]
    asked = dict.fromkeys([plan.query, *counted])
    refuse_costly(snapshot, kind, asked)
    counts: list[Job[object]] = [facet(snapshot, kind, one) for one in plan.facets]
    counts += [histogram(snapshot, kind, one) for one in plan.histograms]
    # What takes longest is asked for first, so that nothing long is left when all else is done.
    first: list[Job[object]] = [totals(snapshot, kind, plan)] if plan.totals else []
    if plan.limit:
        first.append(page(snapshot, kind, plan))
    done = snapshot.together([*first, *counts])
    sums, approximate = done.pop(0) if plan.totals else (None, ())
    hits, after = done.pop(0) if plan.limit else ((), None)
    number = len(plan.facets)
    return Found(hits, tuple(done[:number]), tuple(done[number:]), sums, after, snapshot.generation, approximate)
