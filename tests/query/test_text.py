"""Query text becomes the AST a person meant, or an error that says where and what to do."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dicomlake.errors import QueryError
from dicomlake.query import ast
from dicomlake.query.ast import (
    And,
    Exists,
    MatchAll,
    Not,
    Or,
    Phrase,
    Query,
    Range,
    Term,
    Terms,
    Text,
    Wildcard,
    all_of,
    any_of,
    leaves,
)
from dicomlake.query.render import to_text
from dicomlake.query.resolve import resolve
from dicomlake.query.text import MAX_CLAUSES, MAX_DEPTH, MAX_LENGTH, parse

from . import strategies

CT, MR, GE = Term("Modality", "CT"), Term("Modality", "MR"), Wildcard("Manufacturer", "GE*")
SIEMENS = '(0019,"SIEMENS MR HEADER",0C)'


@pytest.mark.parametrize(
    "text,expected",
    [
        ("", MatchAll()),
        (" \n", MatchAll()),
        ("*:*", MatchAll()),
        ("*", MatchAll()),
        ("embolism", Text("embolism")),
        ('"pulmonary embolism"', Phrase(None, "pulmonary embolism")),
        ("embol*", Wildcard(None, "embol*")),
        ("Modality:CT", CT),
        ("Modality: CT", CT),
        ('Modality:"CT"', Phrase("Modality", "CT")),
        ("Manufacturer:GE*", GE),
        ("Modality:*", Wildcard("Modality", "*")),
        ("_exists_:ContrastBolusAgent", Exists("ContrastBolusAgent")),
        (f"_exists_:{SIEMENS}", Exists(SIEMENS)),
        (f"_exists_:({SIEMENS} OR Modality)", Or((Exists(SIEMENS), Exists("Modality")))),
        ("Modality:(CT OR MR)", Terms("Modality", ("CT", "MR"))),
        ("Modality:(CT OR (MR OR PT))", Terms("Modality", ("CT", "MR", "PT"))),
        ("Modality:(CT OR M*)", Or((CT, Wildcard("Modality", "M*")))),
        ("Modality:CT OR Modality:MR", Or((CT, MR))),
        ("StudyDescription:(lung nodule)", And((Term("StudyDescription", "lung"), Term("StudyDescription", "nodule")))),
        (f"{SIEMENS}:5", Term(SIEMENS, "5")),
        ('( 0019 , "SIEMENS MR HEADER" , 0C ):5', Term(SIEMENS, "5")),
        (
            'RequestAttributesSequence.(0019,"X",01):5',
            Term('RequestAttributesSequence.(0019,"X",01)', "5"),
        ),
        ('(0019,"A:B (C)",0C):5', Term('(0019,"A:B (C)",0C)', "5")),
        ("Manufacturer.canonical:Philips", Term("Manufacturer.canonical", "Philips")),
        ("(0018,0050):5", Term("(0018,0050)", "5")),
        ("00180050:5", Term("00180050", "5")),
        ("FrameIncrementPointer:(0018,1063)", Term("FrameIncrementPointer", "(0018,1063)")),
        ("(0018,1063)", Text("0018,1063")),
    ],
)
def test_leaves_are_read_as_typed(text: str, expected: Query) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text,expected",
    [
        ("SliceThickness:[0 TO 1.5]", Range("SliceThickness", "0", "1.5")),
        ("SliceThickness:{0 TO 1.5}", Range("SliceThickness", "0", "1.5", False, False)),
        ("SliceThickness:[0 TO 1.5}", Range("SliceThickness", "0", "1.5", True, False)),
        ("SliceThickness:{* TO 1.5]", Range("SliceThickness", None, "1.5")),
        ("SliceThickness:[* TO *]", Range("SliceThickness", None, None)),
        ("SliceLocation:[-5.5 TO -1]", Range("SliceLocation", "-5.5", "-1")),
        ('StudyDate:["2019-01-01" TO 2020]', Range("StudyDate", "2019-01-01", "2020")),
        ("StudyTime:[10:00 TO 11:00:30.5]", Range("StudyTime", "10:00", "11:00:30.5")),
        ("A:[2019-01-01T10:00 TO *]", Range("A", "2019-01-01T10:00", None)),
        ("A:[TO TO TO]", Range("A", "TO", "TO")),
        ("SliceThickness:>5", Range("SliceThickness", "5", None, False)),
        ("SliceThickness:>=5", Range("SliceThickness", "5", None)),
        ("SliceLocation:< -5", Range("SliceLocation", None, "-5", True, False)),
        ("SliceLocation:<=-5", Range("SliceLocation", None, "-5")),
        (
            "A:(>1 AND <5)",
            And((Range("A", "1", None, False), Range("A", None, "5", True, False))),
        ),
        ("A:([0 TO 1] OR [5 TO 6])", Or((Range("A", "0", "1"), Range("A", "5", "6")))),
    ],
)
def test_ranges_are_read_as_typed(text: str, expected: Query) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text,expected",
    [
        ("a b", And((Text("a"), Text("b")))),
        ("a AND b", And((Text("a"), Text("b")))),
        ("a && b", And((Text("a"), Text("b")))),
        ("a || b", Or((Text("a"), Text("b")))),
        ("a and b", And((Text("a"), Text("and"), Text("b")))),
        ("a AND b OR c AND d", Or((And((Text("a"), Text("b"))), And((Text("c"), Text("d")))))),
        ("a b OR c d", And((Text("a"), Or((Text("b"), Text("c"))), Text("d")))),
        ("a OR b -c", And((Or((Text("a"), Text("b"))), Not(Text("c"))))),
        ("a OR b NOT c", And((Or((Text("a"), Text("b"))), Not(Text("c"))))),
        ("a OR b +c", And((Or((Text("a"), Text("b"))), Text("c")))),
        ("-a", Not(Text("a"))),
        ("!a", Not(Text("a"))),
        ("NOT a", Not(Text("a"))),
        ("NOT(a)", Not(Text("a"))),
        ("NOT a b", And((Not(Text("a")), Text("b")))),
        ("--a", Not(Not(Text("a")))),
        ("+a", Text("a")),
        ("-Manufacturer:GE*", Not(GE)),
        ("-(a OR b)", Not(Or((Text("a"), Text("b"))))),
        ('-"a b"', Not(Phrase(None, "a b"))),
        ("((a))", Text("a")),
        ("(a AND b) AND c", And((Text("a"), Text("b"), Text("c")))),
        ("Modality:(CT -MR)", And((CT, Not(MR)))),
        ("Modality:-CT", Not(CT)),
        ("Modality:NOT CT", Not(CT)),
        ("A:(-5 OR -3)", Terms("A", ("-5", "-3"))),
        ("A:(1 -.5)", And((Term("A", "1"), Term("A", "-.5")))),
        ("-5", Not(Text("5"))),
        ("-A:-5", Not(Term("A", "-5"))),
        ("TO", Text("TO")),
    ],
)
def test_operators_bind_as_documented(text: str, expected: Query) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text,expected",
    [
        ("StudyTime:10:00", Term("StudyTime", "10:00")),
        ("StudyTime:(10:00 OR 11:30)", Terms("StudyTime", ("10:00", "11:30"))),
        ("10:00", Text("10:00")),
        ("PatientName:GARCÍA^JUAN", Term("PatientName", "GARCÍA^JUAN")),
        ("PatientName:GARCÍA^J*", Wildcard("PatientName", "GARCÍA^J*")),
        ("location:file:///data/a.dcm", Term("location", "file:///data/a.dcm")),
        ("C+", Text("C+")),
        ("b=1000", Text("b=1000")),
        ("a/b", Text("a/b")),
        (r"a\:b", Text("a:b")),
        (r"f\*o", Text("f*o")),
        (r"A:f\*o*", Wildcard("A", r"f\*o*")),
        (r"A:f\\o?", Wildcard("A", r"f\\o?")),
        (r"A:a\ b", Term("A", "a b")),
        (r"\AND", Text("AND")),
        (r"A:\-x", Term("A", "-x")),
        (r"\/a", Text("/a")),
        (r"a\^2", Text("a^2")),
        (r"a\~", Text("a~")),
        (r'A:"say \"ah\" \\ AND C*"', Phrase("A", r'say "ah" \ AND C*')),
        ('A:""', Phrase("A", "")),
        (r"Slice\ Thickness:5", Term("Slice Thickness", "5")),
    ],
)
def test_times_names_and_escaped_characters_are_values(text: str, expected: Query) -> None:
    assert parse(text) == expected


def test_wildcards_come_in_pieces() -> None:
    assert Wildcard(None, r"a\*b*c??\\").pieces() == (
        ("a*b", False),
        ("*", True),
        ("c", False),
        ("?", True),
        ("?", True),
        ("\\", False),
    )


def test_leaves_know_where_they_stand() -> None:
    text = f'Modality:(CT OR MR) {SIEMENS}:5 -A:[1 TO 22] _exists_:B "c d"'
    terms, private, between, exists, phrase = leaves(parse(text))
    assert isinstance(terms, Terms)
    assert [text[at : at + 2] for at in terms.value_positions] == ["CT", "MR"]
    assert isinstance(private, Term)
    assert text[private.position :].startswith(SIEMENS)
    assert text[private.value_position] == "5"
    assert isinstance(between, Range)
    assert (text[between.position], text[between.value_position], text[between.high_position]) == ("A", "1", "2")
    assert isinstance(exists, Exists)
    assert text[exists.value_position] == "B"
    assert isinstance(phrase, Phrase)
    assert text[phrase.position] == '"'


@pytest.mark.parametrize(
    "text,position,says",
    [
        ("a CT~", 4, "fuzzy search (~) is not supported"),
        ("lung~2", 4, "fuzzy"),
        ("a CT^2", 4, "boost (^) is not supported"),
        ('a "b c"~3', 7, "proximity"),
        ('"b c"^3', 5, "boost"),
        ("(b c)^3", 5, "boost"),
        ("A:[1 TO 2]^3", 10, "boost"),
        ("A:/x.*/", 2, "regular expressions are not supported"),
        ("a (b", 2, 'add ")"'),
        ("a) b", 1, "closes nothing"),
        ("a] b", 1, "closes nothing"),
        ("a AND", 2, "nothing stands behind AND"),
        ("a AND OR b", 2, "nothing stands behind AND"),
        ("a NOT", 2, "nothing stands behind NOT"),
        ("OR b", 0, "nothing stands before OR"),
        ("(OR b)", 1, "nothing stands before OR"),
        ("a ()", 3, "remove them"),
        ("Modality:", 9, "a value is missing after the field"),
        ("Modality:)", 9, "closes nothing"),
        ("(Modality:)", 10, "a value is missing"),
        ("Modality:OR", 9, "quote AND, OR and NOT"),
        ("A:>", 3, "missing after >"),
        ("a :b", 2, "field name is missing"),
        ("a - b", 2, "stands directly before"),
        ("(a -)", 3, "stands directly before"),
        ("[1 TO 2]", 1, "a range needs a field"),
        ("_exists_:[1 TO 2]", 10, "a range needs a field"),
        ("A:[1 2]", 2, "[low TO high]"),
        ("A:[1 to 2]", 2, "[low TO high]"),
        ("A:[1 TO 2", 2, "[low TO high]"),
        ("A:[1 TO 2)", 2, "[low TO high]"),
        ("A:[TO 2]", 2, "[low TO high]"),
        ("A:[[1 TO 2]", 2, "[low TO high]"),
        ('a "b', 2, "quotation mark"),
        ("a\\", 1, "backslash"),
        ("lungs(Modality:CT)", 0, "not a function"),
        ("A:(b c:d)", 5, "among the values"),
        ("_exists_:(A B:5)", 12, "among the values"),
        ("_exists_:A*", 9, "without wildcards"),
        ('_exists_:""', 9, "name of one field"),
        ("Mod*:CT", 0, "cannot hold wildcards"),
        (f"a {SIEMENS}", 2, "_exists_:(0019"),
        ("a \ud800", 2, "surrogate"),
        ("a" * (MAX_LENGTH + 1), MAX_LENGTH, "10,000"),
        ("a " * (MAX_CLAUSES + 1), 2 * MAX_CLAUSES, "500"),
        ("a* " * 101, 300, "100 wildcards"),
        ("a" + "?" * 101, 0, "100 wildcards"),
        ("(" * 60 + "a" + ")" * 60, MAX_DEPTH, "50 deep"),
        ("NOT " * 60 + "a", 4 * MAX_DEPTH, "50 deep"),
        ("A:(NOT B:(c", 7, "among the values"),
        ("(NOT " * 60 + "a" + ")" * 60, 5 * MAX_DEPTH // 2, "50 deep"),
    ],
)
def test_what_cannot_be_understood_says_where_and_why(text: str, position: int, says: str) -> None:
    with pytest.raises(QueryError) as error:
        parse(text)
    assert says in error.value.message
    assert (error.value.position, error.value.status) == (position, 422)


def test_the_limits_themselves_are_allowed() -> None:
    parse("a" * MAX_LENGTH)
    parse(" ".join(["a"] * MAX_CLAUSES))
    parse("a** " * 100)
    resolve(parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH))
    resolve(parse("NOT (a OR b AND " * (MAX_DEPTH // 2) + "a" + ")" * (MAX_DEPTH // 2)))


@given(strategies.queries)
@settings(max_examples=max(600, settings().max_examples), deadline=None)
def test_every_query_survives_its_text(query: Query) -> None:
    assert parse(to_text(query)) == query


@pytest.mark.parametrize(
    "query,text",
    [
        (And((CT, Or((MR, GE)))), "Modality:CT AND (Modality:MR OR Manufacturer:GE*)"),
        (Not(Terms("Modality", ("CT", "MR"))), "NOT Modality:(CT OR MR)"),
        (Range("SliceLocation", "-5", None, False), "SliceLocation:{-5 TO *]"),
        (Term("StudyTime", "10:00"), "StudyTime:10:00"),
        (Term("PatientName", "García^Juan María"), r"PatientName:García\^Juan\ María"),
        (And(()), "*:*"),
        (Or(()), "NOT *:*"),
    ],
)
def test_queries_are_written_readably(query: Query, text: str) -> None:
    assert to_text(query) == text


@given(strategies.hostile)
@settings(max_examples=max(3_000, settings().max_examples), deadline=None)
@example("Modality:CT\n~")
def test_any_text_is_a_query_or_a_query_error(text: str) -> None:
    error = refusal(text)
    if error is not None:
        assert error.status == 422
        assert error.position is not None
        assert 0 <= error.position <= len(text)
        assert error.message.isprintable()
        assert len(error.message) < 700


def refusal(text: str) -> QueryError | None:
    try:
        resolve(parse(text))
    except QueryError as error:
        return error
    return None


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "(",
            ")",
            "[",
            "]",
            '"',
            "\\",
            ":",
            "*",
            "?",
            "-",
            "+",
            "!",
            "a:",
            "a OR ",
            "NOT ",
            "(0019,",
            '(0019,"',
            "()",
        ),
        *(
            "A:[1 TO 2] ",
            "A:(",
            "a.",
            "a.b:",
            "1:",
            "a*",
            "a\\",
            '"a" ',
            "AND ",
            "(a ",
            "a:(b OR ",
            "é",
            "\ud800",
            ",a",
        ),
        *("Modalit", "SliceThickness:", "a^", "a~", "0018,0050.", '(0019,"a",01).', "2019-", "1", "PatientName:*a"),
    ],
)
def test_hostile_texts_are_answered_in_bounded_time(unit: str) -> None:
    for text in ((unit * MAX_LENGTH)[:MAX_LENGTH], (unit * MAX_CLAUSES)[:MAX_LENGTH]):
        started = time.perf_counter()
        with suppress(QueryError):
            resolve(parse(text))
        assert time.perf_counter() - started < 3


def test_words_that_look_like_comparisons_cost_no_search_for_names_each() -> None:
    started = time.perf_counter()
    resolve(parse(" ".join(f"AcquisitionThick{i}=1" for i in range(400))))
    assert time.perf_counter() - started < 3


def test_many_threads_parse_without_getting_in_each_others_way() -> None:
    texts = [f"A{i}:({' OR '.join(f'v{i}x{j}' for j in range(20))}) AND -B:[{i} TO {i + 1}]" for i in range(40)]
    expected = [parse(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert list(pool.map(parse, texts)) == expected


@given(st.lists(strategies.queries, min_size=1, max_size=3))
@settings(max_examples=50, deadline=None)
def test_normal_form_has_no_operators_of_one_or_none(parts: list[Query]) -> None:
    for joined in (all_of(tuple(parts)), any_of(tuple(parts))):
        assert len(parts) > 1 or joined == parts[0]
    assert all_of(()) == MatchAll()
    with pytest.raises(ValueError, match="needs a part"):
        any_of(())


def test_in_study_takes_a_query_of_its_own() -> None:
    ct, pt = ast.Term("Modality", "CT"), ast.Term("Modality", "PT")
    assert parse("Modality:PT AND in_study(Modality:CT)") == ast.And((pt, ast.InStudy(ct)))
    assert parse("-in_study(Modality:CT OR Modality:PT) lung") == ast.And(
        (ast.Not(ast.InStudy(ast.Or((ct, pt)))), ast.Text("lung"))
    )
    assert parse("in_study(in_study(lung))") == ast.InStudy(ast.InStudy(ast.Text("lung")))
    assert parse("in_study") == ast.Text("in_study")
    assert parse("SeriesDescription:in_study") == ast.Term("SeriesDescription", "in_study")


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("in_study()", 9, "nothing stands between the parentheses"),
        ("in_study(Modality:CT", 8, "opened but not closed"),
        ("Modality:in_study(CT)", 9, "cannot be the value of a field"),
        ("Modality:(CT in_study(x))", 13, "cannot be the value of a field"),
        ("in_study(Modality:CT~)", 20, "fuzzy"),
        (" ".join(["in_study(a)"] * 9), 96, "more than 8 in_study"),
    ],
)
def test_an_in_study_that_cannot_be_understood_says_where(text: str, position: int, words: str) -> None:
    with pytest.raises(QueryError, match=re.escape(words)) as caught:
        parse(text)
    assert caught.value.position == position
