"""The site's table of patients: a CSV file that makes one person of several pairs of issuer and patient id.

::

    issuer,patient_id,person
    HOSP,4711,p-17
    CLINIC,00815,p-17

Nothing of its content gets into a message: errors name the line alone.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dicomlake.errors import SiteFileError

COLUMNS: Final = ("issuer", "patient_id", "person")


def read(path: Path) -> dict[tuple[str, str], str]:
    """The person of each issuer ("" for none) and patient id. Raises SiteFileError that names the line."""
    persons: dict[tuple[str, str], str] = {}
    lines: dict[tuple[str, str], int] = {}
    for line, (issuer, patient_id, person) in _rows(path):
        if not patient_id or not person:
            empty = "person" if patient_id else "patient_id"
            raise SiteFileError(f"{path}: line {line}: {empty} is empty; fill it in or remove the line")
        key = issuer, patient_id
        if persons.setdefault(key, person) != person:
            raise SiteFileError(
                f"{path}: line {line}: these issuer and patient_id are another person in line {lines[key]}; "
                "remove one of the two"
            )
        lines.setdefault(key, line)
    return persons


def _rows(path: Path) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Issuer, patient id and person of each row, and the line it ends in."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            head = [name.strip() for name in next(rows, [])]
            if sorted(head) != sorted(COLUMNS):
                raise SiteFileError(f"{path}: line 1: write {','.join(COLUMNS)} as the first line, then a line a pair")
            places = [head.index(name) for name in COLUMNS]
            for row in rows:
                if len(row) not in (0, len(COLUMNS)):
                    raise SiteFileError(
                        f"{path}: line {rows.line_num}: there are {len(row)} values; write three with commas between"
                    )
                if row:
                    issuer, patient_id, person = (row[place].strip() for place in places)
                    yield rows.line_num, (issuer, patient_id, person)
    except OSError as error:
        raise SiteFileError(f"{path} cannot be read ({error.strerror}); correct DICOMLAKE_PATIENTS_FILE") from error
    except UnicodeDecodeError as error:
        raise SiteFileError(f"{path} is no UTF-8 text; save it as UTF-8") from error
    except csv.Error as error:
        raise SiteFileError(f"{path}: line {rows.line_num}: no valid CSV, {error}; mend the quotes") from error
