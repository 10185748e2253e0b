"""10,000 hostile texts, the same in every run: each is a query, answered by an engine, or a QueryError, and at once."""

import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomlake.engines.base import Plan
from dicomlake.engines.budget import Limits, limited
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.strategies import COLUMNS, SPECIAL_TEXTS, series_record
from dicomlake.errors import QueryError
from dicomlake.query.explain import explain
from dicomlake.query.text import parse
from mappings.normal import text_token

from .strategies import LITERALS, PIECES, WELL_FORMED

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "searching.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(?:query|refused)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
VALID = [line for block in BLOCKS for line in block.splitlines() if line.strip()]
TEXTS = 10_000
BATCHES = 20


def text(chance: random.Random) -> str:
    """A query of the guide with things cut out, doubled, swapped or put in; or characters of any kind."""
    if chance.random() < 0.15:
        return "".join(chr(_code_point(chance)) for _ in range(chance.randrange(60)))
    found = chance.choice(VALID)
    if chance.random() < 0.3:
        found = f"{found}{chance.choice((' ', ' AND ', ' OR ', ' -', ''))}{chance.choice(VALID)}"
    for _ in range(chance.randrange(1, 6)):
        at, end = sorted(chance.randrange(len(found) + 1) for _ in range(2))
        match chance.randrange(7):
            case 0:
                found = found[:at] + found[end:]
            case 1:
                found = found[:end] + found[at:]
            case 2:
                found = found[:at] + chr(_code_point(chance)) + found[at:]
            case 3:
                found = found[:at] + chance.choice(PIECES) + found[at:]
            case 4:
                found = found[:at] + chance.choice(LITERALS) + found[end:]
            case 5:
                found = found[:at] + found[at:end][::-1] + found[end:]
            case 6:
                found = f"{chance.choice(WELL_FORMED)}:{found[at:end]}"
    return found * chance.randrange(1, 40) if chance.random() < 0.03 else found


def _code_point(chance: random.Random) -> int:
    """ASCII mostly, then the plane of living languages with its surrogates, then any."""
    return chance.randrange(chance.choice((0x80, 0x80, 0x80, 0x3000, 0x10000, 0x110000)))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path_factory.mktemp("fuzz") / "index", COLUMNS, write=True)
    for number, value in enumerate(SPECIAL_TEXTS):
        tokens = {name: (text_token(value),) for name in ("Modality", "SeriesDescription", '(0019,"X",01)')}
        engine.put([series_record(f"1.2.{number}", f"1.{number % 5}", **tokens)])
    engine.commit()
    yield engine
    engine.close()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_any_text_is_answered_or_refused_at_once(engine: EmbeddedEngine, batch: int) -> None:
    chance = random.Random(batch)
    outcomes: Counter[bool] = Counter()
    for _ in range(TEXTS // BATCHES):
        typed = text(chance)
        started = time.monotonic()
        outcomes[_answered(engine, typed)] += 1
        assert time.monotonic() - started < 5, typed
    assert min(outcomes[True], outcomes[False]) > 50  # texts that are all refused prove little


def _answered(engine: EmbeddedEngine, typed: str) -> bool:
    try:
        meant = explain(typed)
        with limited(Limits(seconds=4)):
            engine.search(Plan(query=meant.resolved, limit=1))
    except QueryError as error:
        assert error.message.isprintable(), typed  # noqa: PT017
        assert len(error.message) < 700, typed  # noqa: PT017
        assert error.position is None or 0 <= error.position <= len(typed), typed  # noqa: PT017
        return False
    assert parse(meant.normal) == meant.query, typed
    return True
