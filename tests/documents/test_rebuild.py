"""A document built again from itself is itself, and what tables say is what they say now."""

from pathlib import Path

import pytest

import sample
from dicomlake.documents.instance import InstanceDocument, Origin
from dicomlake.documents.kept import KeptSeries
from dicomlake.documents.rebuild import rebuild
from dicomlake.site import current, load, use
from indexer.read import read
from indexer.sources.folder import look
from tests.builders import dicom_file
from tests.indexer.builders import PYDICOM_FILES


def documents(folder: Path, origin: Origin) -> list[InstanceDocument]:
    """Those of all files that have one."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    outcomes = [read((look(str(file)), origin)) for file in files]
    return [outcome.document for outcome in outcomes if outcome.document is not None]


def kept(document: InstanceDocument) -> InstanceDocument:
    """The document as it comes back from an engine."""
    series = KeptSeries.decode(KeptSeries({document.uid: [document]}).encode())
    return series.instances[document.uid][0]


def same(found: InstanceDocument, expected: InstanceDocument) -> bool:
    identities = [(d.uid, d.series, d.study, d.patient, d.location, d.size, d.header_hash) for d in (found, expected)]
    assert identities[0] == identities[1]
    assert dict(found.body) == dict(expected.body)
    return True


@pytest.mark.parametrize("origin", [Origin("/a"), Origin("/a", "Wexcombe: General", "HO:SP%1")])
def test_real_files_are_rebuilt_as_they_were_built(origin: Origin) -> None:
    built = documents(PYDICOM_FILES, origin)
    assert len(built) > 80
    assert all(same(rebuild(kept(document)), document) for document in built)


def test_the_sample_archive_is_rebuilt_as_it_was_built(tmp_path: Path) -> None:
    sample.write(tmp_path / "hospital", patients=12)
    built = documents(tmp_path / "hospital", Origin("/hospital", issuer="HOSP"))
    codes = {issue["code"] for document in built for issue in document.body.get("quality", ())}
    assert {"no-study-uid", "no-series-uid", "sop-uid-from-file-meta"} <= codes
    assert any("lifted" in document.body for document in built)
    assert all(same(rebuild(kept(document)), document) for document in built)


def test_what_tables_and_rules_added_is_made_anew(tmp_path: Path) -> None:
    dicom_file(tmp_path / "h" / "1.dcm")
    before = current()
    (tmp_path / "rules.yml").write_text("manufacturers: {Acme Imaging: {names: [SIEMENS]}}")
    (tmp_path / "persons.csv").write_text("issuer,patient_id,person\nHOSP,P1,x\n")
    try:
        use(load(tmp_path / "rules.yml", tmp_path / "persons.csv"))
        (merged,) = documents(tmp_path / "h", Origin("/h", issuer="HOSP"))
    finally:
        use(before)
    (plain,) = documents(tmp_path / "h", Origin("/h", issuer="HOSP"))
    assert (merged.patient, plain.patient) == ("=x", "HOSP:P1")
    assert merged.body["Manufacturer.canonical"] == "Acme Imaging"
    stale = kept(merged)
    stale = InstanceDocument(
        *(getattr(stale, name) for name in ("uid", "series", "study", "patient", "location", "size", "header_hash")),
        {**stale.body, "Manufacturer.gone": "of a rule that is no more", "KVP": 1, "lifted": {"KVP": "no.more"}},
    )
    assert same(rebuild(stale), plain)
