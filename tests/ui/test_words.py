"""Every text is there in both languages, says the same things, and is said somewhere."""

import re
from pathlib import Path

import pytest

import ui
from ui.components import SHARED
from ui.language import LANGUAGES, grouped, language, pointed, speak
from ui.words import areas, say

HERE = Path(ui.__file__).parent
NAMES = re.compile(r"\{(\w+)\}")


def forms(text: object) -> list[str]:
    return list(text.values()) if isinstance(text, dict) else [str(text)]


ENTRIES = [(area, key) for area, texts in areas().items() for key in texts]


@pytest.mark.parametrize(("area", "key"), ENTRIES)
def test_both_languages_fill_in_the_same(area: str, key: str):
    texts = areas()[area][key]
    assert set(texts) == set(LANGUAGES)
    named = {frozenset(name for form in forms(text) for name in NAMES.findall(form)) for text in texts.values()}
    assert len(named) == 1, texts
    assert len({isinstance(text, dict) for text in texts.values()}) == 1
    assert all(form.strip() for text in texts.values() for form in forms(text))


def test_what_the_page_says_is_there_and_nothing_else():
    python = "\n".join(path.read_text(encoding="utf-8") for path in HERE.rglob("*.py"))
    said = set(re.findall(r"""say\(\s*f?["']([\w.{}\[\]"]+)["']""", python))
    for key in said - {key for key in said if "{" in key}:
        area, _, name = key.partition(".")
        assert name in areas()[area], key
    for path in (HERE / "components").glob("*.js"):
        users = [name for name, parts in SHARED.items() if path.stem in parts] or [path.stem]
        for name in re.findall(r"""\bsay\(["'](\w+)["']""", path.read_text(encoding="utf-8")):
            assert path.stem == "common" or all(name in areas()[user] for user in users), (path.name, name)


def test_the_language_follows_the_browser():
    assert [speak(wanted) for wanted in ("es-ES", "es", "en-GB", "de", "", None)] == [
        "es",
        "es",
        "en",
        "en",
        "en",
        "en",
    ]


def test_numbers_are_written_as_the_language_does():
    token = language.set("es")
    try:
        assert grouped(1_044_191) == "1.044.191"
        assert pointed("1.5") == "1,5"
        assert say("units.study", 2_400) == "2.400 estudios"
        assert say("units.study", 1) == "1 estudio"
    finally:
        language.reset(token)
    assert say("units.study", 2_400) == "2,400 studies"
