"""A study, a series, an instance: everything that is known of one of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, TypeVar

from dicomlake.documents.declared import is_declared
from dicomlake.documents.instance import InstanceDocument
from dicomlake.documents.kept import KeptSeries, in_order
from dicomlake.documents.sharing import common_part
from dicomlake.engines.base import Engine, Member, Plan, Sort
from dicomlake.errors import LakeError, NotFoundError
from dicomlake.messages import Message
from dicomlake.query.resolved import Match
from dicomlake.search import hits
from dicomlake.search.request import MAX_LIMIT
from mappings.normal import text_token

KEPT_SERIES: Final = 8
"""Series whose decoded headers stay in memory between requests; a series of 500 instances takes some 10 MB."""

ATTEMPTS: Final = 10
"""Times that an answer is begun when commits keep coming in between."""

Answer = TypeVar("Answer")


class Moved(Exception):
    """An instance that was found is no longer among the kept headers of its series."""


class Details:
    """Reads headers that an engine keeps. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept = lru_cache(maxsize=KEPT_SERIES)(self._load_kept)

    def study(self, uid: str) -> dict[str, Any]:
        """A study and its series. Raises NotFoundError."""
        condition = Match("StudyInstanceUID", (text_token(uid),))
        self._engine.refresh()
        fields = hits.default_fields("series")
        studies = self._engine.search(Plan("study", condition, limit=1))
        if not studies.hits:
            raise NotFoundError(Message("no study {uid} in this lake", uid=uid))
        plan = Plan("series", condition, sort=(Sort("SeriesNumber", letter="n"),), limit=MAX_LIMIT, totals=False)
        listed: list[dict[str, Any]] = []
        while True:
            found = self._engine.search(plan)
            listed += [hits.from_members(hit, "series", fields) for hit in found.hits]
            if found.after is None:
                break
            plan = replace(plan, after=found.after)
        return {"study": hits.from_members(studies.hits[0], "study", fields), "series": listed}

    def series(self, uid: str) -> dict[str, Any]:
        """A series: its roll-up, its instances, and the attributes they all have in common. Raises NotFoundError."""
        generation = self._engine.refresh()
        member = self._engine.get("series", [uid]).get(uid)
        if member is None:
            raise no_series(uid)
        documents = self._kept(uid, generation).documents()
        instances = [_listed(document) for document in documents]
        instances.sort(key=lambda one: (_number(one.get("InstanceNumber")), one["SOPInstanceUID"]))
        return {
            "series": hits.everything_shown(member),
            "instances": instances,
            "common": in_order(common_part(documents)),
        }

    def instance(self, uid: str) -> dict[str, Any]:
        """The whole document of an instance. Raises NotFoundError."""
        return steadily(lambda: self._instance(uid))

    def _instance(self, uid: str) -> dict[str, Any]:
        generation = self._engine.refresh()
        member = self._engine.get("instance", [uid]).get(uid)
        if member is None:
            raise NotFoundError(Message("no instance {uid} in this lake", uid=uid))
        return self.body(member, generation)

    def body(self, member: Member, generation: str) -> dict[str, Any]:
        """The whole document of an instance that was found. Raises Moved when a commit came in between."""
        kept = self._kept(member.series, generation)
        if member.uid not in kept.instances:
            raise Moved
        return kept.body(member.uid)

    def documents(self, uids: Sequence[str]) -> dict[str, InstanceDocument]:
        """The documents of instances, by SOPInstanceUID; those that are not in the lake are left out."""
        return steadily(lambda: self._documents(uids))

    def _documents(self, uids: Sequence[str]) -> dict[str, InstanceDocument]:
        generation = self._engine.refresh()
        found = {}
        # By series, since few of them stay decoded.
        for uid, member in sorted(self._engine.get("instance", uids).items(), key=lambda one: one[1].series):
            kept = self._kept(member.series, generation)
            if uid not in kept.instances:
                raise Moved
            found[uid] = kept.document(uid)
        return found

    def documents_of_series(self, uids: Sequence[str]) -> Iterator[tuple[str, list[InstanceDocument], bool]]:
        """The documents of series, one series at a time, and whether it is declared by an index, and so has none.
        Series that are not in the lake are left out."""
        self._engine.refresh()
        kept = self._engine.kept(uids)
        for uid, content in kept.items():
            yield uid, KeptSeries.decode(content).documents(), False
        for uid, member in self._engine.get("series", [uid for uid in uids if uid not in kept]).items():
            yield uid, [], is_declared(member.shown)

    def _load_kept(self, series: str, generation: str) -> KeptSeries:
        kept = self._engine.kept([series]).get(series)
        return KeptSeries.decode(kept) if kept is not None else KeptSeries()


def no_series(uid: str) -> NotFoundError:
    """That a series is not in the lake."""
    return NotFoundError(Message("no series {uid} in this lake", uid=uid))


def steadily(answer: Callable[[], Answer]) -> Answer:
    """An answer, begun again when a commit came between what it found and the headers it then read."""
    for _ in range(ATTEMPTS):
        try:
            return answer()
        except Moved:
            continue
    raise LakeError("the lake changes faster than this can be answered; ask again in a moment")


def _listed(document: InstanceDocument) -> dict[str, Any]:
    """An instance as the list of its series shows it."""
    body = document.body
    shown = {key: body[key] for key in ("InstanceNumber", "location", "fileSize") if body.get(key) is not None}
    return {"SOPInstanceUID": document.uid, **shown}


def _number(value: object) -> tuple[bool, float]:
    return (False, value) if isinstance(value, int | float) else (True, 0.0)
