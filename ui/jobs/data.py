"""Jobs as the data that the jobs component paints. Pure functions: no Streamlit, no HTTP."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ui import format as shown_as
from ui.client import Problem
from ui.words import say

ACTIVE: Final = ("queued", "running")

_COUNTED: Final = ("indexed", "updated", "unchanged", "removed", "ignored", "quarantined")


def jobs(listed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The component's data."""
    return {"jobs": [_job(one) for one in listed]}


def is_active(job: Mapping[str, Any]) -> bool:
    """Whether there is more to come."""
    return job["status"] in ACTIVE


def _job(job: Mapping[str, Any]) -> dict[str, Any]:
    progress, problem = job["progress"] or {}, Problem(job["error"]) if job["error"] else None
    done, total = progress.get("done", 0), progress.get("total")
    return {
        "id": job["id"],
        "status": "cancelling" if job["cancelling"] else job["status"],
        "active": is_active(job),
        "title": say(f"indexing.kind_{job['kind'].replace('-', '_')}"),
        "about": about(job),
        "when": when(job["finished"] or job["started"] or job["created"]),
        "percent": 100 * done / total if total else None,
        "progress": _progress(progress) if is_active(job) and progress else "",
        "error": problem and problem.detail,
        "lang": problem and problem.spoken,
        "result": result(job),
        "quarantined": int((job["result"] or {}).get("quarantined") or 0),
        "file": job["status"] == "done" and "file" in (job["result"] or {}),
    }


def about(job: Mapping[str, Any]) -> str:
    """What a job is about, in a few words: its folders, its file."""
    arguments = job["arguments"]
    if job["kind"] == "index":
        return ", ".join(arguments["sources"])
    return os.path.basename(arguments.get("parquet") or "")


def _progress(progress: Mapping[str, Any]) -> str:
    done, total, unit = progress["done"], progress["total"], progress["unit"]
    count = shown_as.size if unit == "bytes" else shown_as.count
    amount = f"{count(done)} / {count(total)}" if total else count(done)
    parts = [amount if unit == "bytes" else f"{amount} {unit}"]
    if progress.get("rate") and unit != "bytes":
        parts.append(say("indexing.rate", rate=shown_as.count(round(progress["rate"]))))
    if progress.get("eta") is not None:
        parts.append(say("indexing.eta", eta=duration(progress["eta"])))
    return " · ".join(parts)


def result(job: Mapping[str, Any]) -> str:
    """What came of a job, in one line."""
    found = job["result"]
    if not found:
        return ""
    if "file" in found:
        rows = found.get("rows")
        return " · ".join(part for part in (found["file"], "" if rows is None else say("indexing.rows", rows)) if part)
    parts = [say(f"indexing.{name}", found[name]) for name in _COUNTED if found.get(name)]
    if found.get("series") is not None:
        parts.append(say("units.series", found["series"]))
    if found.get("seconds") is not None:
        parts.append(duration(found["seconds"]))
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """``75`` -> ``1 min 15 s``."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def when(moment: str | None) -> str:
    """An instant of the API (ISO 8601, UTC) as people read it."""
    return f"{moment[:10]} {moment[11:16]} UTC" if moment else ""
