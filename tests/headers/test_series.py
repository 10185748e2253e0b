"""A reader of many files gives, for each, the header that a fresh read gives, whatever it read before."""

import random
import struct
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sample
from dicomlake.errors import DicomlakeError
from dicomlake.headers import Reader, memo, read_file, read_header, series, walk
from tests.headers import reference
from tests.headers.raw import BIG_ENDIAN, EXPLICIT, IMPLICIT, JPEG, WRITERS, Writer, file, meta

SYNTAXES = [EXPLICIT, IMPLICIT, BIG_ENDIAN, JPEG]


def outcome(read) -> tuple:
    """All of a header, the order of its attributes and types too; of a refusal, what it says."""
    try:
        header = read()
    except DicomlakeError as error:
        return type(error), str(error), getattr(error, "offset", None), getattr(error, "reason", None)
    written = orjson.dumps(header.attributes), orjson.dumps(header.vrs)
    return *written, header.issues, header.transfer_syntax, header.length, header.sha256, header.size


def source(data: bytes):
    return (lambda offset, length: data[offset : offset + length]), len(data)


def same(reader: Reader, files) -> int:
    """Read all of them both ways; how many a template matched."""
    matched = 0
    for data in files:
        missed = sum(one.misses for one in reader._series.values())
        if isinstance(data, Path):
            assert outcome(lambda path=data: reader.read_file(path)) == outcome(lambda path=data: read_file(path)), data
        else:
            assert outcome(lambda data=data: reader.read(*source(data))) == outcome(
                lambda data=data: read_header(*source(data))
            )
        matched += series._series_of(data if isinstance(data, bytes) else data.read_bytes()) is not None and (
            sum(one.misses for one in reader._series.values()) == missed
        )
    return matched


def slice_of(
    number: int,
    *,
    syntax: str = EXPLICIT,
    study: str = "1.2.3",
    charset: str = "ISO_IR 100",
    representation: int = 0,
    creator: str = "ACME",
    extra: bytes = b"",
    name: bytes = b"M\xfcller^A",
    pixels: bytes = bytes(32),
    late: bytes = b"",
) -> bytes:
    """One file of a series."""
    writer: Writer = WRITERS[syntax]
    uid = f"1.2.3.{10**number}"
    uid += "\0" * (len(uid) % 2)
    order = ">" if syntax == BIG_ENDIAN else "<"
    short = struct.pack(order + "H", 0x8000 + number)
    number_text = str(number) + " " * (len(str(number)) % 2)
    data_set = [
        writer.element(0x00080005, "CS", charset),
        writer.element(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2\0"),
        writer.element(0x00080018, "UI", uid),
        writer.element(0x00080020, "DA", "20190101"),
        writer.element(0x00080030, "TM", f"1015{number:02}"),
        writer.sequence(
            0x00081110,
            writer.item(writer.element(0x00081155, "UI", "1.2.3.4\0"), undefined=True),
            undefined=True,
        ),
        writer.element(0x00090010, "LO", creator),
        writer.element(0x00091001, "UN" if number > 4 else "DS", number_text),
        writer.element(0x00091002, "LO", b"V\xe4lue%d  " % (number % 10)),
        writer.element(0x00100010, "PN", name),
        writer.element(0x0020000D, "UI", study),
        writer.element(0x0020000E, "UI", study + ".7"),
        writer.element(0x00200013, "IS", number_text),
        writer.element(0x00200032, "DS", f"1\\2\\{number}.5" + "0" * (number % 2)),
        writer.element(0x00280103, "US", struct.pack(order + "H", representation)),
        writer.element(0x00280106, "US", short),
        writer.element(0x00281101, "US", b"\xff\x80" * 3),
        extra,
        writer.element(0x7FE00010, "OW", pixels) if pixels else b"",
        late,
    ]
    body = meta(syntax)
    element = WRITERS[EXPLICIT].element(0x00020003, "UI", uid)
    old = WRITERS[EXPLICIT].element(0x00020003, "UI", "1.2.826.0.1.3680043.8.498.1\0")
    inner = body[12:].replace(old, element)
    assert inner != body[12:]
    head = body[:8] + struct.pack("<I", len(inner))
    return bytes(128) + b"DICM" + head + inner + b"".join(data_set)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_series_reads_as_its_files_do(syntax):
    files = [slice_of(number, syntax=syntax) for number in range(40)]
    matched = same(Reader(), files)
    assert matched >= (30 if syntax != BIG_ENDIAN else 0)


def test_files_that_ship_with_pydicom_read_alike_in_any_order():
    paths = reference.shipped_files()
    reader = Reader()
    same(reader, paths)
    shuffled = paths * 2
    random.Random(3).shuffle(shuffled)
    same(reader, shuffled)


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_series_of_an_archive_read_alike(tmp_path_factory, seed):
    folder = tmp_path_factory.mktemp("archive")
    sample.write(folder, patients=3, seed=seed)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    random.Random(seed).shuffle(paths)
    assert same(Reader(), paths) >= 15  # many are alone in their series


CHANGES = [
    {"charset": "ISO_IR 192"},
    {"charset": "ISO_IR 101"},
    {"charset": "LATIN 1 "},
    {"representation": 1},
    {"creator": "ACME2 "},
    {"creator": ""},
    {"creator": "SIEMENS MED DISPLAY "},
    {"name": b"A"},
    {"name": b"\x1b$B;3ED"},
    {"study": "1.2.4"},
    {"pixels": b""},
    {"pixels": bytes(64)},
    {"late": bytes(64)},
    {"late": bytes(3)},
    {"extra": WRITERS[EXPLICIT].element(0x00281050, "DS", "40\\x")},
    {"extra": WRITERS[EXPLICIT].element(0x00281050, "DS", "40.00000000000000000")},
    {"extra": WRITERS[EXPLICIT].element(0x00080050, "SH", "out of order")},
    {"extra": WRITERS[EXPLICIT].element(0x00281101, "US", bytes(6))},
    {"extra": WRITERS[EXPLICIT].element(0x00281050, "ZZ", "40")},
    {"extra": WRITERS[EXPLICIT].element(0x00281050, "LO", "40")},
    {"extra": WRITERS[EXPLICIT].element(0x60003000, "OW", bytes(40_000))},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(change)[:40])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_a_neighbour_that_differs_where_it_matters_reads_alike(change, syntax):
    reader = Reader()
    plain = [slice_of(number, syntax=syntax) for number in range(6)]
    changed = [slice_of(number, syntax=syntax, **change) for number in range(6)]
    same(reader, plain)
    mixed = plain + changed + changed
    random.Random(5).shuffle(mixed)
    same(reader, mixed)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(SYNTAXES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=3),
    st.sampled_from(["set", "insert", "delete", "cut"]),
    st.booleans(),
)
def test_a_damaged_neighbour_reads_alike(syntax, places, how, learnt):
    reader = Reader()
    same(reader, [slice_of(number, syntax=syntax) for number in (1, 2, 3)])
    data = bytearray(slice_of(4, syntax=syntax))
    for share, byte in places:
        place = 128 + int(share * (len(data) - 128))
        if how == "set":
            data[place] = byte
        elif how == "insert":
            data.insert(place, byte)
        elif how == "delete":
            del data[place]
        else:
            del data[max(place, 200) :]
    same(reader, [bytes(data)] * (3 if learnt else 1) + [slice_of(number, syntax=syntax) for number in (5, 6)])


def test_every_bit_of_a_neighbour_counts():
    reader = Reader()
    same(reader, [slice_of(number) for number in (1, 2, 3)])
    data = slice_of(4)
    for place in range(128, len(data)):
        for flip in (1, 0x20, 0x80):
            changed = bytearray(data)
            changed[place] ^= flip
            same(reader, [bytes(changed)])


def test_headers_have_top_levels_of_their_own():
    reader = Reader()
    files = [slice_of(number) for number in range(6)]
    for data in files:
        header = reader.read(*source(data))
        header.attributes.clear()
        header.vrs.clear()
        header.issues.append("x")
    same(reader, files)


def test_caches_stay_within_their_limits(monkeypatch):
    monkeypatch.setattr(walk, "VALUES_LIMIT", 5)
    monkeypatch.setattr(series, "SERIES_LIMIT", 4)
    monkeypatch.setattr(series, "USUAL_LIMIT", 6)
    reader = Reader()
    files = [slice_of(n, study=f"1.2.{k}", name=f"N{n}{k}".encode()) for n in range(8) for k in range(12)]
    files += [slice_of(n, extra=WRITERS[EXPLICIT].element(0x00300000 + n, "LO", "x")) for n in range(1, 9)]
    for data in files:
        same(reader, [data])
        assert all(len(known) <= 5 for known in reader._memo if known)
        assert len(reader._series) <= 4
        assert all(len(one.templates) <= series.TEMPLATES_LIMIT for one in reader._series.values())
        assert len(reader._usual) <= 6


def test_only_short_values_are_kept():
    reader = Reader()
    same(reader, [file(WRITERS[EXPLICIT].element(0x00081030, "LO", "x" * 1000))])
    assert all(len(raw) <= memo.LONGEST for known in reader._memo if known for raw in known)
