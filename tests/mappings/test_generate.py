"""What is generated is up to date, and the check says what is not."""

import shutil

from mappings.generate.__main__ import drift, generated, main
from mappings.generate.paths import ROOT

from .builders import field_entry, field_file


def test_everything_generated_is_up_to_date(capsys):
    assert main(["--check"]) == 0
    assert "up to date" in capsys.readouterr().out


def test_check_tells_what_differs_and_writes_nothing(tmp_path, capsys):
    assert main([], project=tmp_path) == 0
    page = tmp_path / "docs/reference/fields.md"
    page.write_text(page.read_text("utf-8").replace("| Slice thickness (mm) |", "| Thickness |"), "utf-8")
    missing = tmp_path / "mappings/generated/registry.json"
    missing.unlink()
    capsys.readouterr()
    assert main(["--check"], project=tmp_path) == 1
    said = capsys.readouterr().out
    assert "docs/reference/fields.md: out of date, 2 lines differ; run python -m mappings.generate" in said
    assert "| Thickness |" in said
    assert "mappings/generated/registry.json: out of date" in said
    assert not missing.exists()


def test_generating_mends_what_the_check_tells(tmp_path):
    assert main(["--check"], project=tmp_path) == 1
    assert main([], project=tmp_path) == 0
    assert main(["--check"], project=tmp_path) == 0
    assert list(drift(generated(), tmp_path)) == []


def test_a_mistake_in_a_source_is_one_line_and_exit_code_1(tmp_path, capsys):
    shutil.copytree(ROOT / "canonical", tmp_path / "canonical")
    field_file(tmp_path / "fields", field_entry(vr="LO"))
    assert main([], root=tmp_path, project=tmp_path) == 1
    assert capsys.readouterr().err == "mappings: group.yml: Modality: vr: LO should be CS\n"
    assert not (tmp_path / "docs").exists()
