"""What search engines are known to get wrong about texts and patterns; see :mod:`dicomlake.engines.traps`."""

import pytest

from dicomlake.engines.asking import ANY, ONE, EngineFactory, facet, filled, found
from dicomlake.engines.base import Sort
from dicomlake.query.resolved import Has, Like, Match, MatchFolded, WordLike, Words
from mappings.normal import TEXT_LIMIT, WORD_LIMIT, fold, number_token, text_token


class TextTraps:
    """What an engine must not get wrong about texts. Subclasses give the fixture ``engine``."""

    def test_a_prefix_finds_all_of_hundreds_of_words(self, engine: EngineFactory) -> None:
        """Tantivy 3: a phrase prefix stopped at 50 expansions."""
        with engine() as lake:
            filled(lake, *({"SeriesDescription": [text_token(f"thorax{number}")]} for number in range(300)))
            for query in (
                WordLike(None, ("THORAX", ANY)),
                WordLike("SeriesDescription", ("THORAX", ANY)),
                Like("SeriesDescription", ("THORAX", ANY)),
            ):
                assert found(lake, query) == list(range(300))

    def test_hits_sort_by_text(self, engine: EngineFactory) -> None:
        """Tantivy 3: top hits ignored text sort keys. Order is that of code points."""
        with engine() as lake:
            texts = ["b", "a", "B", "é", "ab", "", "日"]
            filled(lake, *({"SeriesDescription": [text_token(text)]} for text in texts))
            assert found(lake, Has("SeriesDescription"), Sort("SeriesDescription")) == [5, 2, 1, 4, 0, 3, 6]

    @pytest.mark.parametrize("text", ["2019-01-01T00:00:00Z", "5", "5.0", "true", "null", "NaN", "1e5", '{"a":1}'])
    def test_text_that_looks_like_another_type_stays_text(self, engine: EngineFactory, text: str) -> None:
        """Tantivy 4: RFC 3339 strings inside JSON became dates."""
        with engine() as lake:
            filled(lake, {"SeriesDescription": [text_token(text)]}, {"SeriesDescription": [number_token(5)]})
            assert found(lake, Match("SeriesDescription", (text_token(text),))) == [0]
            assert (text_token(text), 1) in facet(lake, "SeriesDescription")
            assert found(lake, Like("SeriesDescription", (fold(text)[:1], ANY))) == [0]

    @pytest.mark.parametrize("literal", [*"^$\\.|()[]{}+-~#&@<>\"'/ *?\n", "\\b", "(?i)", "a{2}", "[a-z]", "a*?"])
    def test_signs_of_regular_expressions_are_literal_in_patterns(self, engine: EngineFactory, literal: str) -> None:
        """Tantivy 6: its regular expressions know no anchors, word bounds or lazy quantifiers."""
        with engine() as lake:
            filled(
                lake,
                {"SeriesDescription": [text_token(f"x{literal}y")]},
                {"SeriesDescription": [text_token("xay")]},
                {"SeriesDescription": [text_token("xy")]},
                {"Modality": [text_token(f"x{literal}y")]},
            )
            pattern = fold(f"x{literal}")
            assert found(lake, Like("SeriesDescription", (pattern, ANY))) == [0]
            assert found(lake, Like("SeriesDescription", (ANY, fold(f"{literal}y")))) == [0]
            assert found(lake, Like("Modality", (pattern, ONE))) == [3]

    def test_a_pattern_fits_the_whole_value_and_takes_line_breaks(self, engine: EngineFactory) -> None:
        """Tantivy 6: without anchors it must not fit a part."""
        with engine() as lake:
            filled(lake, *({"SeriesDescription": [text_token(text)]} for text in ("CT", "xCT", "CTx", "C\nT")))
            assert found(lake, Like("SeriesDescription", ("CT",))) == [0]
            assert found(lake, Like("SeriesDescription", (ONE, "CT"))) == [1]
            assert found(lake, Like("SeriesDescription", ("C", ONE, "T"))) == [3]
            assert found(lake, Like("SeriesDescription", ("C", ANY, "T"))) == [0, 3]

    @pytest.mark.parametrize("letter", ["x", "é", "½", "ß", "日"])
    @pytest.mark.parametrize("size", [TEXT_LIMIT - 1, TEXT_LIMIT, TEXT_LIMIT + 1, 32_767, 40_000, 65_530, 200_000])
    def test_text_of_any_length_is_found(self, engine: EngineFactory, letter: str, size: int) -> None:
        """Tantivy 7: strings of 40,000 bytes and more left the index without a word; OpenSearch refused the document
        from 32,767 on. Folding makes some texts longer than they were."""
        text = letter * (size // len(letter.encode())) + "1"
        other = letter * (size // len(letter.encode())) + "2"
        with engine() as lake:
            for path in ("SeriesDescription", "Modality"):
                filled(lake, {path: [text_token(text)]}, {path: [text_token(other)]})
                assert found(lake, Match(path, (text_token(text),))) == [0]
                assert found(lake, MatchFolded(path, fold(text_token(text)[1:]))) == [0]
                assert sorted(facet(lake, path)) == sorted([(text_token(text), 1), (text_token(other), 1)])
                assert found(lake, Has(path)) == [0, 1]
                assert len(found(lake, Like(path, (fold(letter), ANY)))) == 2

    def test_words_of_one_value_stand_together_and_of_two_do_not(self, engine: EngineFactory) -> None:
        """Where engines differ: analysis. The service makes the words; the index only tells where they stand."""
        with engine() as lake:
            filled(
                lake,
                {"SeriesDescription": [text_token("Low-dose\u00a0CT"), text_token("chest")]},
                {"SeriesDescription": [text_token("dose"), text_token("low")]},
                {"SeriesDescription": [text_token("w" * 300)]},
            )
            for path in ("SeriesDescription", None):
                assert found(lake, Words(path, ("LOW", "DOSE", "CT"))) == [0]
                assert found(lake, Words(path, ("CT", "CHEST"))) == []
                assert found(lake, Words(path, ("LOW", "DOSE"))) == [0]
                assert found(lake, Words(path, ("DOSE", "LOW"))) == []
                assert found(lake, Words(path, ("W" * WORD_LIMIT,))) == [2]

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("García", "GARCIA", True),
            ("e\u0301", "é", True),
            ("Straße", "strasse", True),
            ("ﬁn", "fin", True),
            ("ΣΊΣΥΦΟΣ", "σίσυφος", True),
            ("ÀÉ", "ae", True),
            ("İ", "i", True),
            ("ñ", "n", True),
            ("日本", "日木", False),
            ("Å", "Ä", True),
            ("l", "ł", False),
        ],
    )
    def test_case_and_accents_are_the_same_for_equality_and_not_to_the_letter(
        self, engine: EngineFactory, one: str, other: str, same: bool
    ) -> None:
        """Where engines differ: ASCII folding of one is not that of the other."""
        with engine() as lake:
            filled(lake, {"SeriesDescription": [text_token(one)]}, {"Modality": [text_token(one)]})
            assert found(lake, MatchFolded("SeriesDescription", fold(other))) == [0] * same
            assert found(lake, MatchFolded("Modality", fold(other))) == [1] * same
            assert found(lake, Match("SeriesDescription", (text_token(one),))) == [0]
            assert found(lake, Match("SeriesDescription", (text_token(other),))) == []
