"""Names become paths and literals become tokens, each kind of field in its own way."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomlake.errors import BadValueError, QueryError, UnknownFieldError
from dicomlake.query.resolve import filter_to_resolved, filters_to_resolved, resolve, resolve_name
from dicomlake.query.resolved import (
    All,
    Any_,
    Between,
    Everything,
    Has,
    Like,
    Match,
    MatchFolded,
    Not,
    Resolved,
    Wild,
    WordLike,
    Words,
)
from dicomlake.query.text import parse
from mappings.moments import date_micros, datetime_micros, time_micros
from mappings.normal import TEXT_LIMIT, moment_token, number_token, text_token

PRIVATE = '(0019,"SIEMENS MR HEADER",0C)'
STAR, ANYONE = Wild(True), Wild(False)


def answer(text: str) -> Resolved:
    return resolve(parse(text))


def number(value: float) -> str:
    return number_token(value)


def dates(path: str, first: str | None, end: str | None) -> Between:
    low, high = (None if text is None else moment_token("d", date_micros(text)) for text in (first, end))
    return Between(path, "d", low, high, include_high=high is None)


def times(path: str, first: str | None, end: str | None) -> Between:
    low, high = (None if text is None else moment_token("t", time_micros(text)) for text in (first, end))
    return Between(path, "t", low, high, include_high=high is None)


def datetimes(path: str, first: str | None, end: str | None) -> Between:
    low, high = (None if text is None else moment_token("m", datetime_micros(text)[0]) for text in (first, end))
    return Between(path, "m", low, high, include_high=high is None)


@pytest.mark.parametrize(
    "text,expected",
    [
        ("", Everything()),
        ("a AND -b", All((Words(None, ("A",)), Not(Words(None, ("B",)))))),
        ("a OR b", Any_((Words(None, ("A",)), Words(None, ("B",))))),
        ("_exists_:StudyDate", Has("StudyDate")),
        ("_exists_:PixelData", Has("PixelData")),
        ("_exists_:RequestAttributesSequence", Has("RequestAttributesSequence")),
        (f"_exists_:{PRIVATE}", Has(PRIVATE)),
        ("-_exists_:StudyDate", Not(Has("StudyDate"))),
    ],
)
def test_operators_stay(text: str, expected: Resolved) -> None:
    assert answer(text) == expected


@pytest.mark.parametrize(
    "text,expected",
    [
        ("Modality:ct", MatchFolded("Modality", "CT")),
        ("modality:CT", MatchFolded("Modality", "CT")),
        ("00080060:CT", MatchFolded("Modality", "CT")),
        ("(0008,0060):CT", MatchFolded("Modality", "CT")),
        ("Modality:(CT OR MR)", Any_((MatchFolded("Modality", "CT"), MatchFolded("Modality", "MR")))),
        ('Manufacturer:"GE  médical"', MatchFolded("Manufacturer", "GE  MEDICAL")),
        ("Manufacturer.canonical:Philips", MatchFolded("Manufacturer.canonical", "PHILIPS")),
        ("PatientAge:060Y", MatchFolded("PatientAge", "060Y")),
        ("StudyInstanceUID:1.2.3", Match("StudyInstanceUID", (text_token("1.2.3"),))),
        (
            "StudyInstanceUID:(1.2.3 OR 1.2.4)",
            Match("StudyInstanceUID", (text_token("1.2.3"), text_token("1.2.4"))),
        ),
        ("PatientName:García^Juan", Words("PatientName", ("GARCIA", "JUAN"))),
        ('StudyDescription:"Low-dose CT"', Words("StudyDescription", ("LOW", "DOSE", "CT"))),
        ('StudyDescription:"..."', MatchFolded("StudyDescription", "...")),
        ("embolism", Words(None, ("EMBOLISM",))),
        ('"Pulmonary Émbolism"', Words(None, ("PULMONARY", "EMBOLISM"))),
        ("b=1000", Words(None, ("B", "1000"))),
    ],
)
def test_text_is_compared_folded_and_by_words_where_the_field_is_text(text: str, expected: Resolved) -> None:
    assert answer(text) == expected


@pytest.mark.parametrize(
    "text,expected",
    [
        ("Manufacturer:ge*", Like("Manufacturer", ("GE", STAR))),
        ("Modality:?T", Like("Modality", (ANYONE, "T"))),
        (r"Manufacturer:a\*b*", Like("Manufacturer", ("A*B", STAR))),
        ("Manufacturer:a***b?", Like("Manufacturer", ("A", STAR, "B", ANYONE))),
        ("StudyInstanceUID:1.2.*", Like("StudyInstanceUID", ("1.2.", STAR))),
        (f"{PRIVATE}:x*", Like(PRIVATE, ("X", STAR))),
        (
            "StudyDescription:embol*",
            Any_((Like("StudyDescription", ("EMBOL", STAR)), WordLike("StudyDescription", ("EMBOL", STAR)))),
        ),
        (r"StudyDescription:low\ dose*", Like("StudyDescription", ("LOW DOSE", STAR))),
        ("émbol*", WordLike(None, ("EMBOL", STAR))),
        *((f"{name}:*", Has(name)) for name in ("Modality", "StudyDate", "Rows", "PixelData", PRIVATE, "PatientName")),
        ("Modality:[* TO *]", Has("Modality")),
        ("RequestAttributesSequence:**", Has("RequestAttributesSequence")),
    ],
)
def test_wildcards_fit_the_whole_value_or_one_of_its_words(text: str, expected: Resolved) -> None:
    assert answer(text) == expected


@pytest.mark.parametrize(
    "text,expected",
    [
        ("SliceThickness:1", Match("SliceThickness", (number(1),))),
        ("SliceThickness:1.0", Match("SliceThickness", (number(1),))),
        ("SliceThickness:+1e0", Match("SliceThickness", (number(1),))),
        ("SliceThickness:-.5", Match("SliceThickness", (number(-0.5),))),
        ("SliceThickness:(1 OR 1.0 OR 2)", Match("SliceThickness", (number(1), number(2)))),
        ("Rows:512", Match("Rows", (number(512),))),
        ("SliceThickness:[0 TO 1.5]", Between("SliceThickness", "n", number(0), number(1.5))),
        ("SliceThickness:{0 TO 1.5}", Between("SliceThickness", "n", number(0), number(1.5), False, False)),
        ("SliceThickness:>-5", Between("SliceThickness", "n", number(-5), None, False, True)),
        ("SliceThickness:<=5", Between("SliceThickness", "n", None, number(5))),
        ("SliceThickness:[5 TO 5]", Between("SliceThickness", "n", number(5), number(5))),
        ("fileSize:9007199254740993", Match("fileSize", (number(9007199254740993),))),
    ],
)
def test_numbers_are_compared_as_numbers(text: str, expected: Resolved) -> None:
    assert answer(text) == expected


@pytest.mark.parametrize(
    "literal,first,end",
    [
        ("2019", "20190101", "20200101"),
        ("2019-02", "20190201", "20190301"),
        ("201912", "20191201", "20200101"),
        ("2019-12", "20191201", "20200101"),
        ("2019-02-28", "20190228", "20190301"),
        ("20190101", "20190101", "20190102"),
        ("2019.01.01", "20190101", "20190102"),
    ],
)
def test_a_date_is_the_period_it_names(literal: str, first: str, end: str) -> None:
    assert answer(f"StudyDate:{literal}") == dates("StudyDate", first, end)
    assert answer(f'StudyDate:"{literal}"') == dates("StudyDate", first, end)


@pytest.mark.parametrize(
    "bounds,first,end",
    [
        ("[2019 TO 2020-02]", "20190101", "20200301"),
        ("{2019 TO 2020-02]", "20200101", "20200301"),
        ("[2019 TO 2020-02}", "20190101", "20200201"),
        ("[2019-01-05 TO 2019-01-05]", "20190105", "20190106"),
        (">2019", "20200101", None),
        (">=2019", "20190101", None),
        ("<2019", None, "20190101"),
        ("<=2019", None, "20200101"),
    ],
)
def test_a_range_of_dates_takes_bounds_in_or_leaves_them_out_whole(
    bounds: str, first: str | None, end: str | None
) -> None:
    assert answer(f"StudyDate:{bounds}") == dates("StudyDate", first, end)


def test_the_last_year_of_the_calendar_is_a_period_too() -> None:
    found = answer("StudyDate:9999")
    assert isinstance(found, Between)
    assert found.low == moment_token("d", date_micros("99990101"))
    assert found.high == moment_token("d", date_micros("99991231") + 86_400_000_000)


@pytest.mark.parametrize(
    "literal,first,end",
    [
        ("10", "10", "11"),
        ("10:00", "10", "1001"),
        ("9:30", "0930", "0931"),
        ("1000", "10", "1001"),
        ("10:00:30", "100030", "100031"),
        ("100030", "100030", "100031"),
        ("10:00:30.5", "100030.5", "100030.6"),
        ("100030.123456", "100030.123456", "100030.123457"),
    ],
)
def test_a_time_is_the_period_it_names(literal: str, first: str, end: str) -> None:
    assert answer(f"StudyTime:{literal}") == times("StudyTime", first, end)


def test_a_range_of_times_runs_from_start_to_end() -> None:
    assert answer("StudyTime:[10:00 TO 11:00]") == times("StudyTime", "10", "1101")
    assert answer("StudyTime:[10:00 TO 11:00}") == times("StudyTime", "10", "11")


@pytest.mark.parametrize(
    "literal,first,end",
    [
        ("2019", "2019", "2020"),
        ("2019-12", "201912", "2020"),
        ("20190131", "20190131", "20190201"),
        ("2019-01-31T10", "2019013110", "2019013111"),
        ("2019-01-31T10:30", "201901311030", "201901311031"),
        ("2019-01-31T103015", "20190131103015", "20190131103016"),
        ("20190131103015.5", "20190131103015.5", "20190131103015.6"),
        (r"2019-01-31\ 10:30", "201901311030", "201901311031"),
        ("2019-12-31T23:59:59", "20191231235959", "2020"),
    ],
)
def test_a_datetime_is_the_period_it_names(literal: str, first: str, end: str) -> None:
    assert answer(f"AcquisitionDateTime:{literal}") == datetimes("AcquisitionDateTime", first, end)


@pytest.mark.parametrize(
    "literal,expected",
    [
        ("x", MatchFolded(PRIVATE, "X")),
        ("1.0", Any_((Match(PRIVATE, (number(1),)), MatchFolded(PRIVATE, "1.0")))),
        (
            "20190101",
            Any_(
                (
                    Match(PRIVATE, (number(20190101),)),
                    dates(PRIVATE, "20190101", "20190102"),
                    datetimes(PRIVATE, "20190101", "20190102"),
                    MatchFolded(PRIVATE, "20190101"),
                )
            ),
        ),
        ("10:30", Any_((times(PRIVATE, "1030", "1031"), MatchFolded(PRIVATE, "10:30")))),
        ("[0 TO 1.5]", Between(PRIVATE, "n", number(0), number(1.5))),
        ("{0 TO *]", Between(PRIVATE, "n", number(0), None, False, True)),
        ("<10:30", times(PRIVATE, None, "1030")),
        (
            "[2019-01 TO 2019-02]",
            Any_((dates(PRIVATE, "20190101", "20190301"), datetimes(PRIVATE, "20190101", "20190301"))),
        ),
        (
            ">2019-01-31T10:30",
            datetimes(PRIVATE, "201901311031", None),
        ),
        # 0810 could be a time, -2 could not.
        ("[1e1 TO 2e1]", Between(PRIVATE, "n", number(10), number(20))),
        ("[-2 TO 0810]", Between(PRIVATE, "n", number(-2), number(810))),
    ],
)
def test_a_field_of_any_type_compares_each_value_as_its_own(literal: str, expected: Resolved) -> None:
    assert answer(f"{PRIVATE}:{literal}") == expected


def test_a_private_name_never_seen_is_a_field() -> None:
    assert answer('(0051,"NOBODY, EVER: (x) \\"q\\"",FF):1') == Any_(
        (
            Match('(0051,"NOBODY, EVER: (x) \\"q\\"",FF)', (number(1),)),
            MatchFolded('(0051,"NOBODY, EVER: (x) \\"q\\"",FF)', "1"),
        )
    )


@pytest.mark.parametrize(
    "text,position,field,says",
    [
        ("a SliceThickness:thin", 17, "SliceThickness", '"thin" is not a number'),
        ("SliceThickness:(1 OR thin)", 21, "SliceThickness", '"thin" is not a number'),
        ("SliceThickness:[0 TO thin]", 21, "SliceThickness", '"thin" is not a number'),
        ("SliceThickness:1e999", 15, "SliceThickness", "is not a number"),
        ("SliceThickness:nan", 15, "SliceThickness", "is not a number"),
        ("Rows:" + "1" * 5_000, 5, "Rows", "is not a number"),
        ("SliceThickness:1*", 15, "SliceThickness", "wildcards are for text"),
        ("SliceThickness:[2 TO 1]", 16, "SliceThickness", "swap the bounds"),
        ("SliceThickness:{1 TO 1]", 16, "SliceThickness", "nothing lies between"),
        ("StudyDate:yesterday", 10, "StudyDate", "is not a date such as 2019"),
        ("StudyDate:2019-02-30", 10, "StudyDate", "is not a date"),
        ("StudyDate:2019-13", 10, "StudyDate", "is not a date"),
        ("StudyDate:0000", 10, "StudyDate", "is not a date"),
        ("StudyDate:2019-01-01T10:00", 10, "StudyDate", "is not a date"),
        ("StudyDate:2019*", 10, "StudyDate", "wildcards are for text"),
        ("StudyDate:[2020 TO 2019]", 11, "StudyDate", "swap the bounds"),
        ("StudyDate:[2019 TO x]", 19, "StudyDate", "is not a date"),
        ("StudyTime:25", 10, "StudyTime", "is not a time of day"),
        ("StudyTime:[22:00 TO 06:00]", 11, "StudyTime", "StudyTime:(>="),
        ("AcquisitionDateTime:2019-01T10:00", 20, "AcquisitionDateTime", "is not a date with or without a time"),
        ("AcquisitionDateTime:2019-01-01T10:00Z", 20, "AcquisitionDateTime", "is not a date with or without a time"),
        ("Modality:[A TO B]", 10, "Modality", "use a wildcard such as Modality:AB*"),
        ("StudyDescription:>a", 18, "StudyDescription", "use a wildcard"),
        ("StudyInstanceUID:[1 TO 2]", 18, "StudyInstanceUID", "use a wildcard"),
        ("PixelData:x", 10, "PixelData", "_exists_:PixelData"),
        ("PixelData:[1 TO 2]", 11, "PixelData", "_exists_:PixelData"),
        ("PixelData:x*", 10, "PixelData", "_exists_:PixelData"),
        ("RequestAttributesSequence:x", 26, "RequestAttributesSequence", "name an attribute inside it"),
        ("RequestAttributesSequence:x*", 26, "RequestAttributesSequence", "name an attribute inside it"),
        ("RequestAttributesSequence:<5", 27, "RequestAttributesSequence", "name an attribute inside it"),
        ('Modality:""', 9, "Modality", "-_exists_:Modality"),
        (f"{PRIVATE}:[a TO b]", len(PRIVATE) + 2, PRIVATE, "two numbers, two dates or two times"),
        (f"{PRIVATE}:[1 TO 2019-01]", len(PRIVATE) + 2, PRIVATE, "two numbers, two dates or two times"),
        (f"{PRIVATE}:[-1 TO -2]", len(PRIVATE) + 2, PRIVATE, "swap the bounds"),
        ("Modality:" + "?" * 33, 9, "Modality", "more than 32 wildcards"),
        ("a Modality:" + "x" * 501 + "*", 11, "Modality", "more than 500 bytes"),
        ("é" * 600 + "*", 0, None, "more than 500 bytes"),
        ("a SliceThickness>=5", 2, "SliceThickness", "write SliceThickness:>=5"),
        ("Modality=CT", 0, "Modality", "write Modality:CT"),
        ("a ...", 2, None, "no letters or digits"),
        ('"..."', 0, None, "no letters or digits"),
        ("lung-nod*", 0, None, "one word"),
    ],
)
def test_a_bad_value_says_where_and_what_to_write(text: str, position: int, field: str | None, says: str) -> None:
    with pytest.raises(BadValueError) as error:
        answer(text)
    assert says in error.value.message
    assert error.value.position == position
    assert error.value.details.get("field") == field


@pytest.mark.parametrize(
    "text,position,field",
    [
        ("CT Modalty:CT", 3, "Modalty"),
        ("_exists_:Modalty", 9, "Modalty"),
        ("-Modalty:[1 TO 2]", 1, "Modalty"),
        ("Modalty:C*", 0, "Modalty"),
        ("Modalty:(A OR B)", 0, "Modalty"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(text: str, position: int, field: str) -> None:
    with pytest.raises(UnknownFieldError) as error:
        answer(text)
    assert error.value.details == {"position": position, "field": field, "nearest": error.value.details["nearest"]}
    assert "Modality" in error.value.details["nearest"]
    assert "Modality" in error.value.message


def test_a_hostile_name_gives_a_short_message() -> None:
    with pytest.raises(UnknownFieldError) as error:
        resolve_name("x\n" * 4_000)
    assert len(error.value.message) <= 501
    assert error.value.message.isprintable()
    with pytest.raises(UnknownFieldError, match="surrogate"):
        resolve_name('(0019,"\ud800",01)')


def test_text_beyond_the_limit_is_compared_as_documents_hold_it() -> None:
    value = "a" * (TEXT_LIMIT + 1)
    found = answer(f"Modality:{value}")
    assert isinstance(found, MatchFolded)
    assert len(found.folded.encode()) <= TEXT_LIMIT


@pytest.mark.parametrize(
    "name,values,expected",
    [
        ("Modality", ["CT", "MR"], Match("Modality", (text_token("CT"), text_token("MR")))),
        ("modality", [None], Not(Has("Modality"))),
        ("Modality", ["CT", None], Any_((Match("Modality", (text_token("CT"),)), Not(Has("Modality"))))),
        ("SliceThickness", [1.0, 5], Match("SliceThickness", (number(1), number(5)))),
        ("SliceThickness", ["5"], Match("SliceThickness", (number(5), text_token("5")))),
        ("SliceThickness", ["5,0"], Match("SliceThickness", (text_token("5,0"),))),
        (
            "StudyDate",
            ["20190101"],
            Match("StudyDate", (dates("", "20190101", None).low or "", text_token("20190101"))),
        ),
        ("StudyDate", ["unknown"], Match("StudyDate", (text_token("unknown"),))),
        ("Modality", [], Any_(())),
    ],
)
def test_a_filter_is_an_exact_value_or_missing(
    name: str, values: Sequence[str | float | None], expected: Resolved
) -> None:
    assert filter_to_resolved(name, values) == expected


def test_filters_on_two_names_of_one_field_are_one() -> None:
    found = filters_to_resolved({"Modality": ["CT"], "00080060": ["MR"], "StudyDate": []})
    assert found == {"Modality": Match("Modality", (text_token("CT"), text_token("MR")))}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, 2**80 + 2**20, "\ud800"])
def test_a_filter_no_document_can_hold_is_refused(value: str | float) -> None:
    with pytest.raises(BadValueError, match="no document can hold"):
        filter_to_resolved("SliceThickness", [value])


@given(st.text(max_size=30))
@settings(max_examples=50, deadline=None)
def test_any_filter_is_answered_or_refused_as_a_query_error(text: str) -> None:
    for name in ("Modality", "StudyDate", "StudyTime", "AcquisitionDateTime", "SliceThickness", PRIVATE, text):
        try:
            filter_to_resolved(name, [text, None])
        except QueryError as error:
            assert error.message.isprintable()  # noqa: PT017
