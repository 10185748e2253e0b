"""The contract in its plainest form: brute force over a dictionary. What an engine answers is compared with this."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import pairwise

import orjson

from dicomlake.engines.base import (
    Encoded,
    Encoder,
    Engine,
    Facet,
    FacetCount,
    FacetPlan,
    Found,
    Histogram,
    HistogramPlan,
    Hit,
    Member,
    Moment,
    Plan,
    Record,
    RecordLevel,
    Sort,
    Stats,
    Totals,
)
from dicomlake.query.resolved import (
    All,
    Any_,
    Between,
    Everything,
    Has,
    InStudy,
    Like,
    Match,
    MatchFolded,
    Not,
    Nothing,
    Resolved,
    Wild,
    WordLike,
    Words,
)
from mappings.normal import fold, limit_text

Place = tuple[str | None, ...]


class OracleEncoder(Encoder):
    """Parts as one JSON text."""

    def encode(
        self,
        tokens: Mapping[str, Collection[str]],
        words: Mapping[str, Collection[tuple[str, ...]]],
        present: Collection[str],
    ) -> Encoded:
        part = [
            {path: sorted(values) for path, values in tokens.items() if values},
            {path: sorted(runs) for path, runs in words.items() if runs},
            sorted(present),
        ]
        return (orjson.dumps(part).decode(),)


class OracleEngine(Engine):
    """Keeps records in memory and looks at each of them."""

    encoder = OracleEncoder()

    def __init__(self) -> None:
        self._pending: dict[tuple[RecordLevel, str], Record | None] = {}
        self._records: dict[tuple[RecordLevel, str], Record] = {}
        self._commits = 0

    def put(self, records: Iterable[Record]) -> None:
        for record in records:
            self._pending[record.level, record.uid] = _whole(record)

    def delete(self, level: RecordLevel, uids: Iterable[str]) -> None:
        for uid in uids:
            self._pending[level, uid] = None

    def commit(self) -> str:
        for key, record in self._pending.items():
            if record is None:
                self._records.pop(key, None)
            else:
                self._records[key] = record
        self._pending = {}
        self._commits += 1
        return self.refresh()

    def get(self, level: RecordLevel, uids: Iterable[str]) -> dict[str, Member]:
        return {uid: _member(self._records[level, uid]) for uid in uids if (level, uid) in self._records}

    def kept(self, series: Iterable[str]) -> dict[str, bytes]:
        found = {uid: self._records.get(("series", uid)) for uid in series}
        return {uid: record.kept for uid, record in found.items() if record and record.kept}

    def placed(self, studies: Iterable[str]) -> dict[str, dict[str, set[str]]]:
        found: dict[str, dict[str, set[str]]] = {}
        wanted = set(studies)
        for record in self._records.values():
            if record.study in wanted:
                found.setdefault(record.study, {}).setdefault(record.series, set()).add(record.patient)
        return found

    def moment(self) -> Moment:
        return _OracleMoment(self)

    def present(self, level: RecordLevel) -> dict[str, int]:
        return dict(
            Counter(path for (at, _), record in self._records.items() if at == level for path in record.present)
        )

    def vocabulary(self, level: RecordLevel, path: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        records = (record for (at, _), record in self._records.items() if at == level)
        tokens = (token for record in records for token in set(record.tokens.get(path, ())))
        counted = Counter(token for token in tokens if token.startswith(prefix))
        return sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:limit]

    def describe(self, level: RecordLevel, query: Resolved) -> str:
        return repr(All((Match("level", (level,)), query)))

    def scan(self, level: RecordLevel) -> Iterator[Member]:
        return (_member(record) for (at, _), record in list(self._records.items()) if at == level)

    def refresh(self) -> str:
        return str(self._commits)

    def stats(self) -> Stats:
        levels = Counter(level for level, _ in self._records)
        return Stats(levels["instance"], levels["series"], 0, self.refresh())

    def close(self) -> None:
        self._pending = {}

    def search(self, plan: Plan) -> Found:
        level = "instance" if plan.level == "instance" else "series"
        everything = [record for (at, _), record in self._records.items() if at == level]
        series = [record for (at, _), record in self._records.items() if at == "series"]
        matching = [record for record in everything if matches(record, plan.query, series)]
        hits, after = _page(matching, plan)
        facets = tuple(_facet(everything, facet, series) for facet in plan.facets)
        histograms = tuple(_histogram(everything, histogram, series) for histogram in plan.histograms)
        return Found(hits, facets, histograms, _totals(matching) if plan.totals else None, after, self.refresh())


class _OracleMoment(Moment):
    """The records of one moment."""

    def __init__(self, engine: OracleEngine) -> None:
        self._engine = copy(engine)
        self._engine._records = dict(engine._records)

    @property
    def generation(self) -> str:
        return self._engine.refresh()

    def search(self, plan: Plan) -> Found:
        return self._engine.search(plan)

    def walk(self, level: RecordLevel, query: Resolved) -> Iterator[Member]:
        records = self._engine._records.items()
        series = [record for (at, _), record in records if at == "series"]
        return (_member(one) for (at, _), one in records if at == level and matches(one, query, series))

    def kept(self, series: Iterable[str]) -> dict[str, bytes]:
        return self._engine.kept(series)


def _whole(record: Record) -> Record:
    """The record with its encoded parts read."""
    parts = [orjson.loads(text) for (text,) in record.encoded]
    tokens = {path: tuple(sorted(values)) for path, values in record.tokens.items() if values}
    words = {path: tuple(sorted(runs)) for path, runs in record.words.items() if runs}
    present = set(record.present)
    for more_tokens, more_words, more_present in parts:
        tokens |= {path: tuple(values) for path, values in more_tokens.items()}
        words |= {path: tuple(map(tuple, runs)) for path, runs in more_words.items()}
        present |= set(more_present)
    return replace(record, tokens=tokens, words=words, present=frozenset(present), encoded=())


def matches(record: Record, query: Resolved, series: Sequence[Record] = ()) -> bool:
    """Whether a record fulfils a condition; ``series`` are all there are."""
    match query:
        case Everything():
            return True
        case Nothing():
            return False
        case Has(path):
            return path in record.present
        case Match(path, tokens):
            return not set(tokens).isdisjoint(record.tokens.get(path, ()))
        case MatchFolded(path, folded):
            return any(limit_text(folded) in _forms(text) for text in _texts(record, path))
        case Between():
            return any(_between(query, token) for token in record.tokens.get(query.path, ()))
        case Like(path, pattern):
            expression = _expression(pattern)
            return any(expression.fullmatch(form) for text in _texts(record, path) for form in _forms(text))
        case Words(path, words):
            return bool(words) and any(_in_order(words, value) for value in _values(record, path))
        case WordLike(path, pattern):
            expression = _expression(pattern)
            return any(expression.fullmatch(word) for value in _values(record, path) for word in value)
        case All(parts):
            return all(matches(record, part, series) for part in parts)
        case Any_(parts):
            return any(matches(record, part, series) for part in parts)
        case Not(part):
            return not matches(record, part, series)
        case InStudy(part):
            others = (one for one in series if one.study == record.study and one.series != record.series)
            return any(matches(one, part, series) for one in others)
    raise TypeError(f"not a resolved query: {query!r}")


def _texts(record: Record, path: str) -> list[str]:
    return [token[1:] for token in record.tokens.get(path, ()) if token[0] == "s"]


def _forms(text: str) -> tuple[str, str]:
    """A text and its folded form, as long as engines see it."""
    return text, limit_text(fold(text))


def _values(record: Record, path: str | None) -> list[tuple[str, ...]]:
    if path is not None:
        return list(record.words.get(path, ()))
    return [value for values in record.words.values() for value in values]


def _between(query: Between, token: str) -> bool:
    if token[0] != query.letter:
        return False
    above = query.low is None or (token >= query.low if query.include_low else token > query.low)
    below = query.high is None or (token <= query.high if query.include_high else token < query.high)
    return above and below


def _expression(pattern: Iterable[str | Wild]) -> re.Pattern[str]:
    parts = (re.escape(part) if isinstance(part, str) else ".*" if part.many else "." for part in pattern)
    return re.compile("".join(parts), re.DOTALL)


def _in_order(words: tuple[str, ...], value: tuple[str, ...]) -> bool:
    return any(value[i : i + len(words)] == words for i in range(len(value) - len(words) + 1))


def _facet(records: list[Record], plan: FacetPlan, series: list[Record]) -> Facet:
    counts: Counter[str | None] = Counter()
    for record in records:
        if matches(record, plan.query, series):
            counts.update(set(record.tokens.get(plan.path, ())))
            if plan.path not in record.present:
                counts[None] += 1
    ordered = sorted(counts, key=lambda token: (-counts[token], token is None, token or ""))
    shown = ordered[: plan.limit]
    shown += [token for token in dict.fromkeys(plan.selected) if token not in shown]
    return Facet(plan.path, tuple(FacetCount(token, counts[token]) for token in shown), len(ordered) > plan.limit)


def _histogram(records: list[Record], plan: HistogramPlan, series: list[Record]) -> Histogram:
    matching = [record for record in records if matches(record, plan.query, series)]
    tokens = [[token for token in one.tokens.get(plan.path, ()) if token[0] == plan.letter] for one in matching]
    every = [token for own in tokens for token in own]
    return Histogram(
        plan.path,
        tuple(sum(any(low <= token < high for token in own) for own in tokens) for low, high in pairwise(plan.edges)),
        min(every, default=None),
        max(every, default=None),
        matching=len(matching),
        valued=sum(bool(own) for own in tokens),
        missing=sum(plan.path not in record.present for record in matching),
    )


def _totals(records: list[Record]) -> Totals:
    return Totals(
        patients=len({record.patient for record in records}),
        studies=len({record.study for record in records}),
        series=len({record.series for record in records}),
        instances=sum(record.instances for record in records),
        bytes=sum(record.size for record in records),
    )


def _page(records: list[Record], plan: Plan) -> tuple[tuple[Hit, ...], Place | None]:
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        key = {"study": record.study, "patient": record.patient}.get(plan.level, record.uid)
        groups[key].append(record)
    places = {key: (*min_place(members, plan.sort), key) for key, members in groups.items()}
    ordered = sorted(places.values(), key=lambda place: _order(place, plan.sort))
    if plan.after is not None:
        ordered = [place for place in ordered if _order(place, plan.sort) > _order(plan.after, plan.sort)]
    hits = []
    for place in ordered[: plan.limit]:
        key = str(place[-1])
        members = tuple(_member(record) for record in sorted(groups[key], key=lambda r: r.uid))
        hits.append(Hit(key, members, place))
    return tuple(hits), hits[-1].place if hits and len(ordered) > plan.limit else None


def min_place(records: list[Record], sorts: tuple[Sort, ...]) -> Place:
    """The first place in the order that any of the records has."""
    places: list[Place] = []
    for record in records:
        place: list[str | None] = []
        for sort in sorts:
            tokens = list(filter(sort.keyed, record.tokens.get(sort.path, ())))
            place.append((max if sort.descending else min)(tokens) if tokens else None)
        places.append(tuple(place))
    return min(places, key=lambda place: _order(place, sorts))


def _order(place: Place, sorts: tuple[Sort, ...]) -> tuple[object, ...]:
    keys: list[object] = [_Reversible(value, sort.descending) for value, sort in zip(place, sorts, strict=False)]
    return (*keys, *place[len(sorts) :])


class _Reversible:
    """Orders tokens up or down with missing last both ways."""

    def __init__(self, value: str | None, descending: bool) -> None:
        self._value = value
        self._descending = descending

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversible) and self._value == other._value

    def __lt__(self, other: "_Reversible") -> bool:
        if self._value is None or other._value is None:
            return self._value is not None
        return self._value > other._value if self._descending else self._value < other._value

    def __gt__(self, other: "_Reversible") -> bool:
        return other < self

    __hash__ = None  # type: ignore[assignment]


def _member(record: Record) -> Member:
    return Member(record.uid, record.series, record.study, record.patient, record.shown)
