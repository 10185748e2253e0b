"""Settings come from the environment; a bad one is named, with what is expected of it."""

from pathlib import Path

import pytest

from dicomlake import settings
from dicomlake.errors import UsageError


def test_what_is_not_set_has_its_default() -> None:
    found = settings.read({"PATH": "/bin", "DICOMLAKE": "x"})
    assert found == settings.Settings()
    assert (found.data, found.port, found.engine, found.canonical_file) == (Path("lake"), 8600, None, None)
    assert found.workers == settings.available_processors()


def test_texts_become_what_their_settings_are() -> None:
    found = settings.read(
        {
            "DICOMLAKE_DATA": "/srv/lake",
            "DICOMLAKE_ENGINE": "opensearch",
            "DICOMLAKE_ENGINE_CA_FILE": "ca.pem",
            "DICOMLAKE_ENGINE_VERIFY": "Off",
            "DICOMLAKE_TABLES_BYTES": " 2_000_000 ",
            "DICOMLAKE_SEARCH_SECONDS": "1e-1",
            "DICOMLAKE_ISSUER": "1_000",
            "dicomlake_debug": "1",
        }
    )
    assert (found.data, found.engine, found.engine_ca_file) == (Path("/srv/lake"), "opensearch", Path("ca.pem"))
    assert (found.engine_verify, found.debug, found.issuer) == (False, True, "1_000")
    assert (found.tables_bytes, found.search_seconds) == (2_000_000, 0.1)


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("PORT", "99999", "a whole number <= 65535"),
        ("PORT", "-1", "a whole number >= 0"),
        ("WORKERS", "", "a whole number"),
        ("ENGINE_VERIFY", "perhaps", "true or false"),
        ("ENGINE_PREFIX", "ABC", "a text matching regex"),
        ("SEARCH_SECONDS", "nan", "a number > 0"),
        ("SEARCH_SECONDS", "inf", "a number <= "),
        ("ENGINE", "solr", "embedded or opensearch"),
    ],
)
def test_a_bad_one_is_refused_with_what_is_expected(variable: str, text: str, expected: str) -> None:
    with pytest.raises(UsageError) as raised:
        settings.read({f"DICOMLAKE_{variable}": text})
    assert f"DICOMLAKE_{variable}={text!r} cannot be used: expected {expected}" in raised.value.message


@pytest.mark.parametrize("text", ["1", "true", "TRUE", "yes", "Y", "on", "t", " true "])
def test_yes_and_no_are_said_in_many_ways(text: str) -> None:
    opposite = {"1": "0", "true": "False", "yes": "no", "y": "N", "on": "OFF", "t": "f"}[text.strip().lower()]
    assert settings.read({"DICOMLAKE_ACCESS_LOG": text}).access_log
    assert not settings.read({"DICOMLAKE_ENGINE_VERIFY": opposite}).engine_verify


def test_what_is_secret_is_not_shown() -> None:
    found = settings.read({"DICOMLAKE_ENGINE_URL": "https://a:hidden@b", "DICOMLAKE_ENGINE_PASSWORD": "hidden"})
    assert "hidden" not in repr(found) + str(found) + f"{found}"
    assert found.engine_password == "hidden"
