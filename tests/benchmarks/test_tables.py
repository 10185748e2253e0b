from benchmarks.tables import Table, target

TABLE = Table(
    "Speed", ("way", "files", "us/file", "x"), [("ours", 4_000, 123.456, 1.0), ("theirs", 12, 0.5, None)], ["a note"]
)


def test_a_table_is_printed_in_columns_with_its_notes() -> None:
    assert TABLE.text().splitlines() == [
        "Speed",
        "  way     files  us/file     x",
        "  ours    4,000      123  1.00",
        "  theirs     12    0.500     -",
        "  a note",
    ]


def test_a_table_for_programs_has_its_rows_by_column_name() -> None:
    found = TABLE.as_dict()
    assert found["rows"][1] == {"way": "theirs", "files": 12, "us/file": 0.5, "x": None}
    assert (found["title"], found["notes"]) == ("Speed", ["a note"])


def test_a_target_says_whether_it_is_met() -> None:
    assert target("rate", 4.5, 4.0) == "rate: 4.50, target at least 4.00: met"
    assert target("rate", 3.5, 4.0).endswith("MISSED")
    assert target("growth", 1.1, 1.2, most=True) == "growth: 1.10, target at most 1.20: met"
    assert target("growth", 1.3, 1.2, most=True).endswith("MISSED")
