"""What is refused is said in the language of the page, and nothing is forgotten."""

import json
import re
import string
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
import yaml
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api.problems import _invalid
from api.search.schemas import Text, Value
from api.searches.schemas import SearchChange
from api.suggestions.schemas import TypingBody
from dicomlake.errors import QueryError, TimeLimitError
from dicomlake.messages import Message
from dicomlake.query.explain import explain
from tests.ui.said import decoders, details, kinds, quality, said, titles
from ui import pictures
from ui.client import Away, EngineAway, Problem
from ui.language import LANGUAGES, language
from ui.queries import fault
from ui.refusals import HERE, formed_in_words, in_words, sentences

ROOMS = (
    "mappings/names.py",
    "dicomlake/query",
    "dicomlake/search",
    "dicomlake/state",
    "dicomlake/jobs",
    "dicomlake/images",
    "dicomlake/engines/base.py",
    "dicomlake/engines/budget.py",
    "dicomlake/engines/embedded/compile.py",
    "dicomlake/engines/embedded/lock.py",
    "dicomlake/storage/readable.py",
    "dicomlake/disk.py",
    "indexer/idc",
    "indexer/sources/folder.py",
    "api",
    "worker",
)
"""Where the sentences are that a user of the page can meet. The page has words of its own for a lake that is away."""

STAY_ENGLISH = ("api/server.py", *(f"dicomlake/images/{name}.py" for name in ("decode", "render", "worker")))
"""What is said at the start of a service, to who starts it; and what a decoder found in a damaged file: that comes out
of a process of its own as finished sentences, which are found by their form."""


class Asked(BaseModel):
    """A request of one field."""

    model_config = ConfigDict(extra="forbid")

    limit: int


@pytest.fixture
def spanish() -> Iterator[None]:
    token = language.set("es")
    yield
    language.reset(token)


def names(text: str) -> set[tuple[str, str | None, str | None]]:
    return {(name, spec, conversion) for _, name, spec, conversion in string.Formatter().parse(text) if name}


def test_every_sentence_that_the_page_can_meet_is_there_in_spanish():
    met = [one for one in said(*ROOMS) if one.text is not None]
    assert len(met) > 150
    assert [one for one in met if one.text not in sentences() and not one.place.startswith(STAY_ENGLISH)] == []
    assert [text for text in (*titles(), *kinds(), *quality(), *details()) if text not in sentences()] == []


def test_sentences_are_kept_apart_from_what_fills_them():
    assert [one.place for one in said(*ROOMS) if one.text is None and not one.place.startswith(STAY_ENGLISH)] == []


def test_no_translation_is_left_of_what_nobody_says():
    texts = {one.text for one in said(*ROOMS)} | {*titles(), *kinds(), *quality(), *details()}
    finished = {unnamed(text) for text in decoders()}
    left = [text for text in sentences() if text not in texts and unnamed(text) not in finished]
    assert [text for text in left if text not in of_schemas()] == []


def unnamed(text: str) -> str:
    """A sentence without the names of what fills it in, for where that has other names."""
    return re.sub(r"\{[^{}]*\}", "{}", text)


def of_schemas() -> list[str]:
    return [one["en"] for one in yaml.safe_load((HERE / "schema.yml").read_text(encoding="utf-8"))]


@pytest.mark.parametrize("text", decoders())
@pytest.mark.usefixtures("spanish")
def test_what_a_decoder_says_of_a_file_is_there_in_spanish(text: str):
    filled = re.sub(r"\{[^{}]*\}", "7", text)
    translated = formed_in_words(filled)
    assert translated is not None
    assert translated != filled
    assert translated.count("7") == filled.count("7")


REQUESTS: list[tuple[Any, object]] = [
    (str, 5),
    (float, []),
    (Annotated[float, Field(allow_inf_nan=False)], float("inf")),
    (int, None),
    (int, "x"),
    (int, 1.5),
    (float, "x"),
    (bool, []),
    (bool, "perhaps"),
    (list[int], 5),
    (dict[str, int], 5),
    (Asked, 5),
    (Asked, {"none": 1}),
    (Asked, {}),
    (Literal["series"], "x"),
    (Literal["series", "study", "patient"], "x"),
    (Annotated[int, Field(ge=1)], 0),
    (Annotated[int, Field(gt=1)], 0),
    (Annotated[int, Field(le=1000)], 2000),
    (Annotated[int, Field(lt=1)], 1),
    (Annotated[str, Field(min_length=1)], ""),
    (Annotated[str, Field(min_length=2)], ""),
    (Annotated[str, Field(max_length=1)], "ab"),
    (Annotated[str, Field(max_length=2)], "abc"),
    (Annotated[str, Field(pattern="^a$")], "b"),
    (Annotated[list[int], Field(min_length=1)], []),
    (Annotated[list[int], Field(min_length=2)], []),
    (Annotated[list[int], Field(max_length=1)], [1, 2]),
    (Annotated[dict[str, int], Field(max_length=2)], dict.fromkeys("abc", 1)),
    (Text, "\ud800"),
    (Value, {}),
    (SearchChange, {"name": "a\nb"}),
    (TypingBody, {"q": "a", "field": "Modality", "prefix": "b"}),
]
"""Schemas and what does not fit them."""


def refused(schema: Any, value: object) -> str:
    """What the service says of a request with this value."""
    with pytest.raises(ValidationError) as found:
        TypeAdapter(schema).validate_python(value, from_attributes=True)
    errors = [{**error, "loc": ("body", *error["loc"])} for error in found.value.errors()]
    answer = _invalid(
        Request({"type": "http", "headers": [(b"content-type", b"application/json")]}), RequestValidationError(errors)
    )
    return str(json.loads(answer.body)["detail"])


@pytest.mark.parametrize(("schema", "value"), REQUESTS)
@pytest.mark.usefixtures("spanish")
def test_what_does_not_fit_a_schema_is_said_in_spanish(schema: Any, value: object):
    problem = Problem({"detail": refused(schema, value), "title": "x"}, 422)
    assert problem.spoken is None
    assert not {"should", "not", "the", "with", "valid"} & set(re.findall(r"\w+", problem.detail))


def test_every_sentence_about_a_schema_is_said_of_one():
    said = [one.partition(": ")[2] for schema, value in REQUESTS for one in refused(schema, value).split("; ")]
    forms = {text: re.compile("(.+)".join(map(re.escape, re.split(r"\{\w+\}", text)))) for text in of_schemas()}
    assert [text for text, form in forms.items() if not any(map(form.fullmatch, said))] == []


@pytest.mark.usefixtures("spanish")
def test_several_fields_that_do_not_fit_are_said_together():
    text = "limit: Input should be less than or equal to 1000; the body: needed here, yet not sent"
    assert in_words(text) == "limit: debe ser 1000 como máximo; body: hace falta y no se envió"
    assert in_words(f"{text}; other: what another version says") is None


@pytest.mark.parametrize("text", sentences())
def test_translations_fill_in_the_same(text: str):
    entry = sentences()[text]
    assert set(entry) == set(LANGUAGES)
    assert all(said.strip() == said for said in entry.values())
    filled = text in details() or any(one.text == text and "{" in text for one in said(*ROOMS))
    if filled and "{}" not in text:
        assert names(entry["en"]) == names(entry["es"])


QUERIES = (
    "Modalty:CT",
    "Modality:CT AND",
    "OR Modality:CT",
    "(Modality:CT",
    "Modality:",
    "SliceThickness:thin",
    "StudyDate:[2020 TO 2019]",
    "StudyTime:[22:00 TO 06:00]",
    "PatientAge:[x TO 5]",
    "lung~2",
    "(a b)^2",
    "/x/",
    '"open',
    "Modality:CT)",
    "PixelData:*x*",
    "SliceThickness>=5",
    '(0018,"X",01):1',
    "Modality.canonical.canonical:x",
    "a" * 20_000,
    "in_study(Modality:CT",
    "Mod*:CT",
    "?????????????????????????????????????????????????????????????????????????????????????????????????????????????????x",
)


@pytest.mark.parametrize("text", QUERIES)
def test_refused_queries_are_explained_in_spanish(text: str, spanish: None):
    problem = fault(text)
    assert problem is not None
    with pytest.raises(QueryError) as refused:
        explain(text)
    assert problem.spoken is None, refused.value.message
    assert problem.detail.lower() != refused.value.message.lower()
    assert problem.title != refused.value.title


@pytest.mark.parametrize("text", QUERIES)
def test_in_english_they_read_as_the_service_says_them(text: str):
    problem = fault(text)
    assert problem is not None
    with pytest.raises(QueryError) as refused:
        explain(text)
    assert problem.detail[1:] == " ".join(refused.value.message.split())[1:]
    assert problem.spoken is None


def test_what_fills_a_sentence_is_written_as_the_language_does(spanish: None):
    long = fault("a" * 20_000)
    assert long is not None
    assert long.detail.startswith("La consulta tiene 20.000 caracteres y se admiten ")
    slow = TimeLimitError(
        Message(
            "the search took more than {seconds:g} seconds and was given up; narrow it, or ask for fewer facets",
            seconds=1.5,
        )
    )
    assert "1,5 segundos" in Problem(slow.problem()).detail


def test_sentences_within_sentences_are_translated_too(spanish: None):
    problem = fault("SliceThickness:thin")
    assert problem is not None
    assert problem.detail == 'SliceThickness: "thin" no es un número como 5, -0.5 o 1e3'


def test_braces_of_what_fills_a_sentence_stay_what_they_are(spanish: None):
    problem = fault("x}:1")
    assert problem is not None
    assert problem.detail == 'Este "}" no cierra nada; un intervalo se escribe [mínimo TO máximo]'


@pytest.mark.parametrize(
    "message",
    [
        {"template": "a sentence of another version", "values": {}},
        {"template": "no field is named {path}", "values": {"name": "X"}},
        {"template": "no field is named {path}", "values": None},
        {"values": {}},
    ],
)
def test_what_the_page_does_not_know_stays_english_and_says_so(message: dict[str, object], spanish: None):
    problem = Problem({"detail": "something new", "title": "New", "message": message})
    assert (problem.title, problem.detail, problem.spoken) == ("New", "Something new", "en")


def test_a_problem_without_words_has_some(spanish: None):
    problem = Problem({}, 502)
    assert (problem.title, problem.detail) == ("La petición fue rechazada", "El servicio respondió con el estado 502.")
    assert problem.spoken is None


def test_a_service_that_is_away_is_said_to_be(spanish: None):
    assert Away("connection refused").detail == "El servidor de Dicomlake no responde"
    assert EngineAway("503").detail == "El servidor de búsqueda no responde"
    assert in_words("nobody says this") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("not a day of the form YYYYMMDD", "no es un día de la forma YYYYMMDD"),
        ("a value of LO has 64 characters at most", "un valor de LO tiene como máximo 64 caracteres"),
        ("a LT has 10240 characters at most", "un LT tiene como máximo 10240 caracteres"),
        ("the file ends within an item (byte 1288)", "el archivo termina dentro de un ítem (byte 1288)"),
        (
            "more than 48 sequences within each other, or a path of more than 2000 characters (byte 7)",
            "más de 48 secuencias anidadas, o una ruta de más de 2000 caracteres (byte 7)",
        ),
        ("2 more", "2 más"),
        ("no picture: this is raw data", "sin imagen: son datos en bruto"),
        (
            "the picture is not decoded after 20 s and was given up (DICOMLAKE_IMAGE_SECONDS)",
            "la imagen no se decodificó en 20 s y se abandonó (DICOMLAKE_IMAGE_SECONDS)",
        ),
        (
            "the decoder did not survive this file (ended by SIGKILL)",
            "el decodificador no sobrevivió a este archivo (lo terminó SIGKILL)",
        ),
        ("what another version says", None),
        ("what another version says (byte 3)", None),
    ],
)
@pytest.mark.usefixtures("spanish")
def test_finished_sentences_are_said_in_the_language_of_the_page(text: str, expected: str | None):
    assert formed_in_words(text) == expected


def test_finished_sentences_are_said_as_they_are_where_that_is_the_language():
    assert formed_in_words("2 more") == "2 more"


@pytest.mark.usefixtures("spanish")
def test_why_there_is_no_picture_is_said_in_the_language_of_the_page():
    why = "the series is known from an index only; its files are elsewhere"
    assert pictures.in_words({"none": why})["none"].startswith("la serie se conoce solo por un índice")
    assert pictures.in_words({"none": None, "images": [1]}) == {"none": None, "images": [1]}
    assert pictures.in_words({"url": "/x"}) == {"url": "/x"}
