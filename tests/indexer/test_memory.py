"""The memory of a run does not grow with the archive."""

import subprocess
import sys
from pathlib import Path

from tests.builders import dicom_file

REPOSITORY = Path(__file__).parents[2]
FEW, MANY = 3_000, 15_000
PER_SERIES = 50
MOST = 1.2
"""Peak with many files, at most so many times that with few."""


def archive(folder: Path, files: int) -> Path:
    """Small files, each its own instance, of many series, studies and patients."""
    marks = {"uid": "1.2.3.1111111", "series": "1.2.4.2222222", "study": "1.2.5.3333333", "PatientID": "P4444444"}
    template = dicom_file(folder / "template", **marks, ImageComments="slice 5555555", SliceLocation="66666.5")
    data = template.read_bytes()
    template.unlink()
    for number in range(files):
        series = number // PER_SERIES
        content = data
        for mark, value in (
            (b"1111111", 1_000_000 + number),
            (b"2222222", 1_000_000 + series),
            (b"3333333", 1_000_000 + series // 2),
            (b"4444444", 1_000_000 + series // 4),
            (b"5555555", 1_000_000 + number),
            (b"66666", 10_000 + number),
        ):
            content = content.replace(mark, b"%d" % value)
        path = folder / f"{series:05}" / f"{number}.dcm"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def peaks(home: Path, files: int) -> tuple[int, ...]:
    """Peaks in KB: the indexer's own memory, all that is resident of it, and its workers' own."""
    source = archive(home / f"files-{files}", files)
    command = [sys.executable, "-m", "tests.indexer.grown", str(home / f"lake-{files}"), str(source)]
    said = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    return tuple(map(int, said.split()))


def test_five_times_the_files_take_the_memory_of_the_first(tmp_path: Path) -> None:
    few, many = peaks(tmp_path, FEW), peaks(tmp_path, MANY)
    assert len(few) == 3
    assert min(few) > 0
    assert all(most <= MOST * least for least, most in zip(few, many, strict=True)), (few, many)
