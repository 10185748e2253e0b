"""Files that are hostile, decoders that hang or die: each is told of in words, and the next picture is made."""

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from dicomlake.errors import (
    DicomlakeError,
    NoPictureError,
    NotAtHandError,
    PictureLimitError,
    UndecodableError,
    WorkerError,
)
from dicomlake.images import Limits, Pictures, Wanted
from dicomlake.images.jobs import READY, TAKEN, read
from dicomlake.images.pool import Pool
from tests.builders import write
from tests.images.builders import SHIPPED, image, job, png, ramp

FILE = SHIPPED / "CT_small.dcm"


def hang(pipe: Connection, memory: int) -> None:
    """Stands for a decoder that never ends: no file is known that makes one of ours do so."""
    behave(pipe, lambda: time.sleep(60))


def crash(pipe: Connection, memory: int) -> None:
    behave(pipe, lambda: os.kill(os.getpid(), signal.SIGSEGV))


def leave(pipe: Connection, memory: int) -> None:
    behave(pipe, lambda: os._exit(3))


def babble(pipe: Connection, memory: int) -> None:
    behave(pipe, lambda: pipe.send_bytes(b"P<svg onload=alert(1)>"))


def never_ready(pipe: Connection, memory: int) -> None:
    os._exit(1)


def gone_before(pipe: Connection, memory: int) -> None:
    pipe.send_bytes(READY)
    os._exit(0)


def behave(pipe: Connection, how: object) -> None:
    pipe.send_bytes(READY)
    pipe.recv()
    pipe.send_bytes(TAKEN)
    how()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("work", "error", "words"),
    [
        (hang, PictureLimitError, "not decoded after 0.5 s"),
        (crash, UndecodableError, "ended by SIGSEGV"),
        (leave, UndecodableError, "ended with code 3"),
        (babble, UndecodableError, "nothing that can be shown"),
        (never_ready, WorkerError, "did not start"),
        (gone_before, WorkerError, "end as soon as they begin"),
    ],
)
def test_what_a_decoder_does_is_said_in_words(work: object, error: type[DicomlakeError], words: str) -> None:
    pool = Pool(1, 1 << 30, work)  # type: ignore[arg-type]
    try:
        for _ in range(2):
            with pytest.raises(error, match=words):
                read(pool.ask(job(FILE, seconds=0.5)))
    finally:
        pool.close()


def test_a_picture_is_made_after_one_that_was_given_up(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path, Limits(processes=1, seconds=0.001))
    with pytest.raises(PictureLimitError, match="DICOMLAKE_IMAGE_SECONDS"):
        pictures.picture(Wanted(str(SHIPPED / "examples_jpeg2k.dcm"), "x"))
    pictures.close()
    pictures = Pictures(tmp_path, Limits(processes=1))
    assert pictures.picture(Wanted(str(SHIPPED / "examples_jpeg2k.dcm"), "x"))
    pictures.close()


@pytest.mark.parametrize(
    ("attributes", "error", "words"),
    [
        ({"Rows": 65_535, "Columns": 65_535}, PictureLimitError, "65535 x 65535 pixels is 8,589,672,450 bytes"),
        ({"Rows": 4_000, "Columns": 4_000}, UndecodableError, "ends before the frame"),
        ({"Rows": 0}, UndecodableError, "does not say how large"),
        ({"SamplesPerPixel": 65_535}, UndecodableError, "file ends|cannot be decoded|not shown"),
        ({"BitsAllocated": 65_535}, UndecodableError, "file ends|cannot be decoded|not shown"),
        ({"BitsAllocated": 24}, UndecodableError, "file ends|cannot be decoded|not shown"),
        ({"BitsStored": 60_000, "HighBit": 9}, UndecodableError, "file ends|cannot be decoded|not shown"),
    ],
)
def test_what_a_header_claims_is_looked_at_before_anything_is_decoded(
    attributes: dict[str, int], error: type[DicomlakeError], words: str, tmp_path: Path
) -> None:
    path = write(image(ramp(), **attributes), tmp_path / "1.dcm")
    started = time.monotonic()
    with pytest.raises(error, match=words):
        png(path)
    assert time.monotonic() - started < 2


def test_a_file_that_inflates_beyond_the_memory_is_said_to(tmp_path: Path) -> None:
    ds = image(np.zeros((16, 16), np.uint8))
    ds.PixelData = bytes(1 << 29)
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    path = write(ds, tmp_path / "bomb.dcm")
    assert path.stat().st_size < 1 << 20
    pictures = Pictures(tmp_path, Limits(processes=1, memory=1 << 28))
    try:
        with pytest.raises(PictureLimitError, match="DICOMLAKE_IMAGE_MEMORY"):
            pictures.picture(Wanted(str(path), "x"))
        assert pictures.picture(Wanted(str(FILE), "x"))
    finally:
        pictures.close()


def test_what_is_cut_off_anywhere_is_a_picture_or_a_reason(tmp_path: Path) -> None:
    for name in (
        "CT_small.dcm",
        "MR_small_RLE.dcm",
        "JPEG2000.dcm",
        "SC_rgb_jpeg_dcmtk.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
    ):
        content = (SHIPPED / name).read_bytes()
        for share in range(1, 20):
            path = tmp_path / "cut.dcm"
            path.write_bytes(content[: len(content) * share // 20])
            try:
                assert png(path)
            except (UndecodableError, NoPictureError, PictureLimitError) as error:
                assert "\n" not in error.message  # noqa: PT017


def test_what_is_altered_anywhere_is_a_picture_or_a_reason(tmp_path: Path) -> None:
    """In a process with limits, since some of it ends a decoder."""
    chance = random.Random(7)
    pictures = Pictures(tmp_path, Limits(processes=1, seconds=5))
    path = tmp_path / "altered.dcm"
    for name in ("JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_RLE.dcm"):
        content = (SHIPPED / name).read_bytes()
        for _ in range(15):
            altered = bytearray(content)
            for _ in range(8):
                altered[chance.randrange(400, len(altered))] = chance.randrange(256)
            path.write_bytes(altered)
            try:
                assert pictures.made(Wanted(str(path), "x"))
            except (UndecodableError, NoPictureError, PictureLimitError) as error:
                assert "\n" not in error.message  # noqa: PT017
    assert pictures.picture(Wanted(str(FILE), "x"))
    pictures.close()


def test_a_location_that_is_elsewhere_is_never_asked_for(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    for location in ("https://bucket.invalid/1.dcm", "s3://bucket/1.dcm", str(tmp_path / "nowhere.dcm")):
        with pytest.raises(NotAtHandError):
            pictures.picture(Wanted(location, "x"))


def test_many_at_once_share_few_processes(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path, Limits(processes=2))
    names = ["CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "MR_truncated.dcm", "SC_rgb_rle.dcm"]
    sizes = range(64, 72)

    def make(size: int) -> list[bytes | str]:
        made: list[bytes | str] = []
        for name in names:
            try:
                made.append(pictures.picture(Wanted(str(SHIPPED / name), "x", size=size)))
            except UndecodableError as error:
                made.append(error.code)
        return made

    with ThreadPoolExecutor(8) as threads:
        at_once = list(threads.map(make, sizes))
    assert len(pictures._pool._idle) <= 2
    assert at_once == [make(size) for size in sizes]
    assert {made[3] for made in at_once} == {"undecodable-picture"}
    pictures.close()


def test_processes_end_with_the_pool(tmp_path: Path) -> None:
    pool = Pool(1, 1 << 30, hang)
    ended = []

    def ask() -> None:
        try:
            pool.ask(job(FILE, seconds=30))
        except DicomlakeError as error:
            ended.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while not pool._busy:
        time.sleep(0.05)
    (worker,) = pool._busy
    started = time.monotonic()
    pool.close()
    asking.join(10)
    assert time.monotonic() - started < 5
    assert ended
    assert not worker.process.is_alive()


def test_a_process_writes_and_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """JPEG2000-embedded-sequence-delimiter.dcm makes a decoder print, badVR.dcm makes pydicom warn of its values."""
    pictures = Pictures(tmp_path, Limits(processes=1))
    for name in ("JPEG2000-embedded-sequence-delimiter.dcm", "badVR.dcm"):
        try:
            pictures.picture(Wanted(str(SHIPPED / name), "x"))
        except UndecodableError:
            continue
    pictures.close()
    assert capfd.readouterr() == ("", "")
