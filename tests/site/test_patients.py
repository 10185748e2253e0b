"""The table of patients: which pairs are one person, and what is refused, without a word of its content."""

from pathlib import Path

import pytest

from dicomlake.errors import SiteFileError
from dicomlake.site import patients


def table(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "patients.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_each_pair_of_issuer_and_id_has_its_person(tmp_path: Path) -> None:
    text = '\ufeffperson, issuer ,patient_id\r\np-1,HOSP,4711\r\n\r\np-1,"CLINIC, North",00815\r\np-2,,4711\r\n'
    assert patients.read(table(tmp_path, text)) == {
        ("HOSP", "4711"): "p-1",
        ("CLINIC, North", "00815"): "p-1",
        ("", "4711"): "p-2",
    }


def test_a_pair_may_be_there_twice_with_the_same_person(tmp_path: Path) -> None:
    text = "issuer,patient_id,person\nA,1,x\nA,1,x\n"
    assert patients.read(table(tmp_path, text)) == {("A", "1"): "x"}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "write issuer,patient_id,person as the first line"),
        ("issuer;patient_id;person\nsecret;secret;secret\n", 1, "write issuer,patient_id,person"),
        ("issuer,patient_id,person,person\n", 1, "write issuer,patient_id,person"),
        ("issuer,patient_id,person\nA,secret,secret\nA,secret\n", 3, "there are 2 values"),
        ("issuer,patient_id,person\nA,,secret\n", 2, "patient_id is empty"),
        ("issuer,patient_id,person\nA,secret, \n", 2, "person is empty"),
        ("issuer,patient_id,person\nA,secret,secret\nB,1,2\nA,secret,secret2\n", 4, "another person in line 2"),
        ('issuer,patient_id,person\nA,secret,"secret\n', 2, "no valid CSV"),
        ('issuer,patient_id,person\nA,secret,"secret"x\n', 2, "no valid CSV"),
    ],
)
def test_what_cannot_be_used_names_the_line_and_nothing_of_the_table(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    path = table(tmp_path, text)
    with pytest.raises(SiteFileError) as raised:
        patients.read(path)
    message = raised.value.message
    assert message.startswith(f"{path}: line {line}: ")
    assert said in message
    assert "secret" not in message
    assert "\n" not in message


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match="DICOMLAKE_PATIENTS_FILE"):
        patients.read(tmp_path / "none.csv")
    with pytest.raises(SiteFileError, match="UTF-8"):
        patients.read(table(tmp_path, b"issuer,patient_id,person\nA,\xff,x\n"))
