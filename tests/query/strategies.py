"""Random queries in the parser's normal form, and random texts that look like queries."""

from hypothesis import strategies as st

from dicomlake.query import ast
from dicomlake.query.names import EXISTS

KEYWORDS = ("Modality", "StudyDescription", "SliceThickness", "StudyDate", "StudyTime", "StudyInstanceUID", "PixelData")
WELL_FORMED = (
    *KEYWORDS,
    "AcquisitionDateTime",
    "Manufacturer.canonical",
    "RequestAttributesSequence.RequestedProcedureID",
    "00180050",
    "(0018,0050)",
    '(0019,"SIEMENS MR HEADER",0C)',
    '(0019,"",100C)',
    '(0029,"A:B (C).\\"D\\\\E",1F).Modality',
    'RequestAttributesSequence.(0019,"X",01)',
)
LITERALS = (
    *("CT", "1.5", "-3", "1e3", "2019", "2019-01", "2019-02-30", "20190101", "10:00", "101530.5", "2019-01-01T10:30"),
    *("AND", "OR", "TO", "*", "a*b", "García^Juan*", "(0018,1063)", "a:b", "-x", "+", "[", '"', "\\", "", "/a/", "x~2"),
)

characters = st.characters(exclude_categories=["Cs"])
texts = st.sampled_from([literal for literal in LITERALS if literal]) | st.text(characters, min_size=1, max_size=12)
names = st.sampled_from(WELL_FORMED) | st.text(characters, min_size=1, max_size=8).filter(lambda name: name != EXISTS)

patterns = (
    st.lists(
        st.sampled_from(["*", "?", "\\*", "\\?", "\\\\", "/", "-", "AND", ":", " ", '"', "^2", "~", "(", "é"])
        | st.characters(exclude_categories=["Cs"], exclude_characters="\\*?"),
        min_size=1,
        max_size=6,
    )
    .filter(lambda pieces: "*" in pieces or "?" in pieces)
    .map("".join)
)

leaves = st.one_of(
    st.just(ast.MatchAll()),
    st.builds(ast.Term, names, texts),
    st.builds(ast.Terms, names, st.lists(texts, min_size=2, max_size=4).map(tuple)),
    st.builds(
        lambda field, low, high, first, last: ast.Range(field, low, high, first or low is None, last or high is None),
        names,
        st.none() | texts | st.just(""),
        st.none() | texts,
        st.booleans(),
        st.booleans(),
    ),
    st.builds(ast.Exists, names),
    st.builds(ast.Wildcard, names, patterns),
    st.builds(ast.Wildcard, st.none(), patterns.filter(lambda pattern: set(pattern) != {"*"})),
    st.builds(ast.Phrase, st.none() | names, texts | st.just("")),
    st.builds(ast.Text, texts),
)

queries: st.SearchStrategy[ast.Query] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(ast.Not, inner),
        st.builds(ast.InStudy, inner),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: ast.all_of(tuple(parts))),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: ast.any_of(tuple(parts))),
    ),
    max_leaves=12,
)

PIECES = (
    *(*WELL_FORMED, *LITERALS, EXISTS),
    *("(", ")", "[", "]", "{", "}", '"', ":", " ", "  ", "\t", "\n", "*", "?", "-", "+", "!", "~", "^", "\\", "/", "<"),
    *(
        ">",
        ">=",
        "=",
        ",",
        ".",
        "&&",
        "||",
        " AND ",
        " OR ",
        " NOT ",
        " TO ",
        "AND",
        "\x00",
        "\ud800",
        "é",
        "²",
        "\u3000",
    ),
)
hostile = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=20).map("".join),
    st.text(st.sampled_from('()[]{}":*?-+!~^\\/<>=,.&| aAOTN019é\n'), max_size=40),
    st.text(max_size=40),
)
