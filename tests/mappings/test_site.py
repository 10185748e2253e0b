"""A site's own rules: laid over the project's, and refused in one line that names the line of the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical import merged, tables
from mappings.site import SiteRulesError, read

RULES = """
manufacturers:
  Acme Imaging:
    names: [ACM, "4711"]
    starts: [Acme]
    note: Bought in 1999.
  Siemens Healthineers:
    names: [SMS, CPS]
  Kodak:
body_part:
  KNEE:
    names: [Rodillera]
sex:
"""


def site(text, table="manufacturers"):
    return merged(read(text, tables()))[table]


def test_rules_of_a_site_are_found_beside_those_of_the_project():
    makers = site(RULES)
    assert makers.find("ACME Systems, Inc.") == ("Acme Imaging", "site-acme-imaging")
    assert makers.find("4711") == ("Acme Imaging", "site-acme-imaging")
    assert makers.find("sms").value == "Siemens Healthineers"
    assert makers.find("GE MEDICAL SYSTEMS").rule == "ge"
    assert makers.find("Nobody") is None


def test_a_rule_of_the_site_wins_over_one_of_the_project_that_makes_another_value():
    assert tables()["manufacturers"].find("KODAK").value == "Carestream Health"
    assert site(RULES).find("KODAK") == ("Kodak", "site-kodak")
    assert site(RULES).find("Kodak Healthcare Imaging").rule == "carestream"


def test_a_rule_of_the_project_that_makes_the_same_value_stays():
    assert site(RULES).find("CPS").rule == "siemens"


def test_sides_are_split_off_the_spellings_of_a_site():
    parts = site(RULES, "body_part")
    assert parts.find("RODILLERA IZQUIERDA") == ("KNEE", "site-knee")
    assert parts.split("RODILLERA IZQUIERDA", "laterality") == "L"


def test_what_a_site_leaves_empty_changes_nothing():
    assert read("", tables()) == read("# nothing\n", tables()) == read("sex:\nmanufacturers: {}\n", tables()) == {}


def test_notes_and_order_are_no_part_of_the_rules():
    other = "manufacturers: {Beta: {starts: [B, A]}, Acme: {}}"
    assert read("manufacturers: {Acme: {note: x}, Beta: {starts: [A, B], names: []}}", tables()) == read(
        other, tables()
    )


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("makers:\n  A: {}", 1, "the tables are body_part, manufacturers, modality_group, sex"),
        ("sex:\n  M:\n    name: [x]", 3, "unknown key name; a rule has names, starts, note"),
        ("sex:\n  M:\n    names: x", 3, "write [one, two]"),
        ("sex:\n  M:\n    names:\n    - yes", 4, "yes is no text; put it in quotes"),
        ("sex:\n  1: {}", 2, "1 is no text"),
        ("sex:\n  M: [x]", 2, "a mapping of names, starts and note"),
        ("- sex", 1, "a mapping of tables"),
        ("sex:\n- M", 2, "a mapping of canonical values"),
        ("sex:\n  M: {names: [[x]]}", 2, "a text is expected"),
        ("sex:\n  M: {}\n  F: {}\n  M: {}", 4, "M is there already (line 2)"),
        ("sex:\n  M:\n    names: [x]\n  F:\n    names: [X]", 5, "X belongs to another value already (line 3)"),
        ("sex:\n  M: {}\n  m.: {}", 3, "m. belongs to another value already (line 2)"),
        ("sex:\n  M:\n    starts: [a b]\n  F:\n    starts: [A-B]", 5, "belongs to another value already (line 3)"),
        ('sex:\n  M:\n    names: ["?"]', 3, "no letters or digits"),
        ("sex:\n  M: {names: [a\n  F: {}", 3, "no valid YAML"),
        ("sex: &a\n  M: *b", 2, "no valid YAML"),
        ("sex:\n  <<: {M: {}}", 2, "<< is no text"),
    ],
)
def test_what_cannot_be_used_is_one_line_that_names_the_line(text, line, said):
    with pytest.raises(SiteRulesError) as raised:
        read(text, tables())
    message = str(raised.value)
    assert message.startswith(f"line {line}: ")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize("text", ["sex: \0", "[" * 5_000, "\ud800", "%YAML 9.9\n---\nsex:", "? [a]\n: b", "a: &a [*a]"])
def test_hostile_text_is_refused_too(text):
    with pytest.raises(SiteRulesError):
        read(text, tables())


@given(st.text(alphabet="sexMF:{}[]&*-?!'\"# \n,ab1", max_size=60))
def test_any_text_is_rules_or_refused_in_one_line(text):
    said = ""
    try:
        merged(read(text, tables()))
    except SiteRulesError as error:
        said = str(error)
    assert "\n" not in said
