"""What may be asked of an element of each VR, and what the answer is, by values as pydicom reads them.

The meaning of every operator is written here a second time, in plain Python over dates, numbers and texts.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise, permutations
from typing import Any, Final

from .archive import VALUES

WHOLE: Final = ("AE", "AS", "AT", "CS", "LO", "SH", "UC", "UR")
RUNNING: Final = ("LT", "PN", "ST", "UT")
NUMBERS: Final = ("DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV")
BYTES: Final = ("OB", "OD", "OF", "OL", "OV", "OW", "UN")

Answer = Callable[[Sequence[Any]], bool]


@dataclass(frozen=True)
class Question:
    """Query text with ``@`` for the field, and whether values of an element answer it."""

    text: str
    answer: Answer
    operator: str

    def of(self, field: str) -> str:
        return self.text.replace("@", field)


def some(test: Callable[[Any], bool]) -> Answer:
    """Whether one of the values passes."""
    return lambda values: any(test(value) for value in values)


def fold(text: str) -> str:
    """Without case and accents."""
    decomposed = unicodedata.normalize("NFD", text.replace("ß", "ss"))
    return "".join(one for one in decomposed if unicodedata.category(one) != "Mn").lower()


def words(text: str) -> list[str]:
    """Folded runs of letters and digits."""
    return re.findall(r"[^\W_]+", fold(text))


def in_a_row(wanted: str, text: str) -> bool:
    """Whether the words of one stand in the other, next to each other; texts without words are compared whole."""
    run, every = words(wanted), words(text)
    if not run:
        return fold(wanted) == fold(text)
    return any(every[at : at + len(run)] == run for at in range(len(every)))


def fits(pattern: str, text: str) -> bool:
    """Whether a pattern of ``*``, ``?`` and literals with a backslash before those signs fits the whole text."""
    pieces = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(piece) or re.escape(fold(piece[-1])) for piece in pieces)
    return any(re.fullmatch(expression, form, re.DOTALL) for form in (fold(text), text))


def escaped(text: str) -> str:
    """A text as an unquoted value or part of a pattern."""
    return re.sub(r"([^\w.:^-]|^-)", r"\\\1", text)


def quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def questions(vr: str, by_words: bool, private: bool = False) -> Iterator[Question]:
    """All questions about an element of this VR; ``by_words``: its field is running text;
    ``private``: the VR is not known before the file is read."""
    yield Question("_exists_:@", bool, "exists")
    yield Question("@:*", bool, "exists")
    yield Question("@:[* TO *]", bool, "exists")
    yield Question("-_exists_:@", lambda values: not values, "not exists")
    if vr in NUMBERS:
        yield from _of_numbers(vr)
    elif vr in ("DA", "TM", "DT"):
        yield from _of_moments(vr)
    elif vr not in BYTES:
        yield from _of_texts(vr, by_words, private)
        if vr == "AS" and not private:
            yield from _of_ages()


def _of_texts(vr: str, by_words: bool, private: bool) -> Iterator[Question]:
    pool = [str(value) for value in VALUES[vr]]
    if vr == "AT":
        pool = ["(0018,1063)", "(0020,000D)", "(0008,0060)"]

    def equal(wanted: str) -> Callable[[Any], bool]:
        if vr == "UI":
            return lambda text: bool(text == wanted)
        if by_words:
            return lambda text: in_a_row(wanted, text)
        return lambda text: fold(text) == fold(wanted)

    def like(pattern: str) -> Answer:
        in_words = by_words and all(words(piece) == [fold(piece)] for piece in re.split(r"[*?]+", pattern) if piece)
        return some(lambda text: fits(pattern, text) or (in_words and any(fits(pattern, word) for word in words(text))))

    for wanted in pool:
        yield Question(f"@:{escaped(wanted)}", some(equal(wanted)), "term")
        yield Question(f"@:{quoted(wanted)}", some(equal(wanted)), "phrase")
        if vr != "UI":
            yield Question(f"@:{quoted(fold(wanted).upper())}", some(equal(fold(wanted))), "phrase")
        pattern = re.sub(r"[*?\\]", r"\\\g<0>", wanted)
        for form in (wanted[:2], wanted[:1]):
            yield Question(f"@:{escaped(form)}*", like(re.sub(r"[*?\\]", r"\\\g<0>", form) + "*"), "prefix")
        yield Question(f"@:*{escaped(wanted[1:])}", like("*" + re.sub(r"[*?\\]", r"\\\g<0>", wanted[1:])), "wildcard")
        yield Question(
            f"@:*{escaped(wanted[1:3])}*", like("*" + re.sub(r"[*?\\]", r"\\\g<0>", wanted[1:3]) + "*"), "wildcard"
        )
        if "\\" not in pattern:
            yield Question(f"@:?{escaped(wanted[1:])}", like("?" + wanted[1:]), "wildcard")
            yield Question(f"@:{escaped(wanted[:-1])}?", like(wanted[:-1] + "?"), "wildcard")
    if vr == "AT" and not private:  # what a private element holds differs from file to file
        for form in ("00181063", "0018,1063", "(0018,1063)", "FrameTime", '"00181063"'):
            yield Question(f"@:{form}", some(equal("(0018,1063)")), "term")
    for one, other in pairwise(pool):
        tests = equal(one), equal(other)
        either = some(lambda text, tests=tests: any(test(text) for test in tests))
        yield Question(f"@:({quoted(one)} OR {quoted(other)})", either, "terms")
        yield Question(f"@:({escaped(one)} OR {escaped(other)})", either, "terms")
    if by_words and vr != "PN":
        yield Question('@:"low dose"', some(lambda text: in_a_row("low dose", text)), "phrase")
        yield Question('@:"dose low"', some(lambda text: in_a_row("dose low", text)), "phrase")
        yield Question("@:(dose low)", lambda v: all(any(in_a_row(w, t) for t in v) for w in ("dose", "low")), "and")


def _of_ages() -> Iterator[Question]:
    lengths = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25}

    def days(age: str) -> float:
        return int(age[:-1]) * lengths[age[-1]]

    bounds = ("0D", "001D", "6W", "42D", "1Y", "11M", "12M", "13M", "60Y", "61Y")
    for low in bounds:
        yield Question(f"@:[{low} TO *]", some(lambda v, low=low: days(v) >= days(low) - 1e-6), "range")
        after = f"{int(low[:-1]) + 1}{low[-1]}"
        yield Question(f"@:[* TO {low}]", some(lambda v, after=after: days(v) < days(after) - 1e-6), "range")
    yield Question("@:[60 TO 60]", some(lambda v: days("60Y") <= days(v) < days("61Y") - 1e-6), "range")
    yield Question("@:{12M TO 60}", some(lambda v: days("13M") <= days(v) < days("60Y") - 1e-6), "range")


def _of_numbers(vr: str) -> Iterator[Question]:
    pool = sorted({*VALUES[vr], 1.25, 3})
    for number in pool:
        yield Question(f"@:{number}", some(lambda value, n=number: value == n), "term")
        yield Question(f"@:{quoted(f'{number:.3f}')}", some(lambda value, n=number: value == n), "phrase")
        yield Question(f"@:{number:e}", some(lambda value, n=number: value == n), "term")
        for sign, test in _comparisons():
            yield Question(f"@:{sign}{number}", some(lambda value, n=number, t=test: t(value, n)), "open range")
    for low, high in pairwise(pool):
        yield Question(f"@:({low} OR {high})", some(lambda value, p=(low, high): value in p), "terms")
        for opening, closing in ("[]", "{}", "[}", "{]"):
            yield Question(
                f"@:{opening}{low} TO {high}{closing}",
                some(lambda value, b=(low, high), e=opening + closing: _within(value, b, e)),
                "range",
            )
    yield Question(f"@:[{pool[0]} TO *]", some(lambda value: value >= pool[0]), "open range")
    yield Question(f"@:{{* TO {pool[-1]}}}", some(lambda value: value < pool[-1]), "open range")
    yield Question("@:[-0.25 TO 2]", some(lambda value: -0.25 <= value <= 2), "range")
    yield Question("@:[-1 TO 2.25}", some(lambda value: -1 <= value < 2.25), "range")


def _comparisons() -> list[tuple[str, Callable[[Any, Any], bool]]]:
    return [
        (">", lambda value, bound: value > bound),
        (">=", lambda value, bound: value >= bound),
        ("<", lambda value, bound: value < bound),
        ("<=", lambda value, bound: value <= bound),
    ]


def _within(value: Any, bounds: tuple[Any, Any], ends: str) -> bool:
    low, high = bounds
    return bool(
        (value >= low if ends[0] == "[" else value > low) and (value <= high if ends[1] == "]" else value < high)
    )


_PERIODS: Final[dict[str, dict[str, tuple[Any, Any]]]] = {
    "DA": {
        "1900": (date(1900, 1, 1), date(1900, 12, 31)),
        "2019": (date(2019, 1, 1), date(2019, 12, 31)),
        "2018-12": (date(2018, 12, 1), date(2018, 12, 31)),
        "201902": (date(2019, 2, 1), date(2019, 2, 28)),
        "2019-02-14": (date(2019, 2, 14), date(2019, 2, 14)),
        "20191231": (date(2019, 12, 31), date(2019, 12, 31)),
        "2020.01.01": (date(2020, 1, 1), date(2020, 1, 1)),
    },
    "TM": {
        "00": (time(0), time(0, 59, 59, 999_999)),
        "10": (time(10), time(10, 59, 59, 999_999)),
        "10:15": (time(10, 15), time(10, 15, 59, 999_999)),
        "1015": (time(10, 15), time(10, 15, 59, 999_999)),
        "10:15:30": (time(10, 15, 30), time(10, 15, 30, 999_999)),
        "101530.5": (time(10, 15, 30, 500_000), time(10, 15, 30, 599_999)),
        "23:59:59": (time(23, 59, 59), time(23, 59, 59, 999_999)),
    },
    "DT": {
        "2018": (datetime(2018, 1, 1), datetime(2018, 12, 31, 23, 59, 59, 999_999)),
        "2019-02": (datetime(2019, 2, 1), datetime(2019, 2, 28, 23, 59, 59, 999_999)),
        "20190214": (datetime(2019, 2, 14), datetime(2019, 2, 14, 23, 59, 59, 999_999)),
        "2019-02-14T10": (datetime(2019, 2, 14, 10), datetime(2019, 2, 14, 10, 59, 59, 999_999)),
        "2019-02-14T10:15": (datetime(2019, 2, 14, 10, 15), datetime(2019, 2, 14, 10, 15, 59, 999_999)),
        "20190214101530.5": (
            datetime(2019, 2, 14, 10, 15, 30, 500_000),
            datetime(2019, 2, 14, 10, 15, 30, 599_999),
        ),
        "20191231235959": (datetime(2019, 12, 31, 23, 59, 59), datetime(2019, 12, 31, 23, 59, 59, 999_999)),
    },
}
"""Literals with the first and the last moment that they stand for."""


_ADJACENT: Final = {("2019", "2020.01.01"), ("20191231", "2020.01.01"), ("2018-12", "2019")}


def _of_moments(vr: str) -> Iterator[Question]:
    def moments(test: Callable[[Any], bool]) -> Answer:
        return some(lambda value: not isinstance(value, str) and test(value))

    for literal, (first, last) in _PERIODS[vr].items():
        inside = moments(lambda value, f=first, e=last: f <= value <= e)
        yield Question(f"@:{literal}", inside, "term")
        yield Question(f"@:{quoted(literal)}", inside, "phrase")
        for sign, test in _comparisons():
            bound = first if sign in (">=", "<") else last
            yield Question(f"@:{sign}{literal}", moments(lambda v, b=bound, t=test: t(v, b)), "open range")
    for one, other in permutations(_PERIODS[vr], 2):
        (first, end), (begin, last) = _PERIODS[vr][one], _PERIODS[vr][other]
        either = moments(lambda v, a=(first, end), b=(begin, last): a[0] <= v <= a[1] or b[0] <= v <= b[1])
        yield Question(f"@:({one} OR {other})", either, "terms")
        if first > last:
            continue
        yield Question(f"@:[{one} TO {other}]", moments(lambda v, f=first, e=last: f <= v <= e), "range")
        if end < begin and (one, other) not in _ADJACENT:  # nothing lies between those, which is refused
            yield Question(f"@:{{{one} TO {other}}}", moments(lambda v, f=end, e=begin: f < v < e), "range")
            yield Question(f"@:{{{one} TO {other}]", moments(lambda v, f=end, e=last: f < v <= e), "range")
            yield Question(f"@:[{one} TO {other}}}", moments(lambda v, f=first, e=begin: f <= v < e), "range")
