"""What is in the hospital: enough kinds of everything, and nothing that could not be."""

from collections import defaultdict
from datetime import date

import numpy as np
import pydicom

from mappings.canonical import tables
from tests.sample.conftest import Archive


def day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def test_all_modalities_and_many_makers_are_there(hospital: Archive) -> None:
    makers = defaultdict(set)
    for one in hospital.truth["series"]:
        makers[one["attributes"]["Modality"]].add(one["maker"])
    assert {"CT", "MR", "US", "CR", "DX", "MG", "PT", "XA", "SR", "SEG", "DOC"} <= set(makers)
    assert len(set().union(*makers.values())) >= 10
    assert all(len(makers[modality]) >= 2 for modality in ("CT", "MR", "US", "CR", "DX", "MG", "PT", "XA"))


def test_makers_are_those_of_the_canonical_table(hospital: Archive) -> None:
    for raw, maker in {(one["attributes"]["Manufacturer"], one["maker"]) for one in hospital.truth["series"]}:
        assert tables()["manufacturers"].find(raw).value == maker


def test_enhanced_objects_have_frames_with_places(hospital: Archive) -> None:
    classes = defaultdict(list)
    for one in hospital.truth["series"]:
        classes[one["attributes"]["SOPClassUID"]].append(one["attributes"])
    for uid in ("1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.2.1"):
        for held in classes[uid]:
            assert len(held["PerFrameFunctionalGroupsSequence"]) == held["NumberOfFrames"]
        assert classes[uid]


def test_transfer_syntaxes_and_character_sets_are_mixed(hospital: Archive) -> None:
    documents = [one["document"] for one in hospital.documents()]
    syntaxes = {held.get("TransferSyntaxUID") for held in documents}
    charsets = {str(held.get("SpecificCharacterSet")) for held in documents}
    assert {f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".2", ".5", ".1.99")} <= syntaxes
    assert {"None", "ISO_IR 100", "ISO_IR 192", "ISO_IR 126", "ISO_IR 144", "GB18030"} <= charsets
    assert any("ISO 2022 IR 87" in charset for charset in charsets)


def test_private_blocks_of_the_makers_are_there(hospital: Archive) -> None:
    creators = {
        key.split('"')[1]
        for one in hospital.documents()
        for key in one["document"]
        if key.startswith("(") and '"' in key
    }
    wanted = {"SIEMENS MR HEADER", "SIEMENS CSA HEADER", "GEMS_ACQU_01", "GEMS_PARM_01", "Philips Imaging DD 001"}
    assert wanted | {"TOSHIBA_MEC_CT3", "ELSCINT1", "HUPA PACS 2.1"} <= creators


def test_ages_follow_from_birth_and_study_dates(hospital: Archive) -> None:
    for one in hospital.truth["series"]:
        held = one["attributes"]
        born, seen = day(held["PatientBirthDate"]), day(held["StudyDate"])
        count, unit = int(held["PatientAge"][:3]), held["PatientAge"][3]
        days = {"D": 1, "M": 30.4375, "Y": 365.25}[unit]
        assert count * days - 3 <= (seen - born).days < (count + 1) * days + 3


def test_devices_were_there_when_they_were_used(hospital: Archive) -> None:
    from sample.tables import table  # noqa: PLC0415

    years = {device["id"]: device["years"] for device in table("devices")}
    for one in hospital.truth["series"]:
        first, last = years[one["device"]]
        assert first <= int(one["attributes"]["StudyDate"][:4]) <= last


def test_pet_and_ct_share_studies_and_frames_of_reference(hospital: Archive) -> None:
    held = defaultdict(lambda: defaultdict(set))
    for one in hospital.truth["series"]:
        held[one["StudyInstanceUID"]][one["attributes"]["Modality"]].add(one["attributes"].get("FrameOfReferenceUID"))
    pairs = [study for study in held.values() if "PT" in study]
    assert pairs
    assert all(study["PT"] == study["CT"] - {None} for study in pairs)


def test_patients_come_back_over_the_years(hospital: Archive) -> None:
    years = defaultdict(set)
    for study in hospital.truth["studies"]:
        years[study["patient"]].add(study["StudyDate"][:4])
    assert sum(len(held) >= 3 for held in years.values()) > len(years) / 3


def test_one_identifier_means_two_people_of_two_issuers(hospital: Archive) -> None:
    issuers = defaultdict(set)
    for patient in hospital.truth["patients"]:
        issuers[patient["PatientID"]].add(patient["IssuerOfPatientID"])
    assert any(len(held) == 2 for held in issuers.values())


def test_reconstructions_share_the_dose_of_their_irradiation_event(hospital: Archive) -> None:
    events = defaultdict(list)
    for one in hospital.truth["series"]:
        if one["role"] == "image" and "CTDIvol" in one["dose"]:
            events[one["dose"]["uid"]].append(one["dose"])
    assert any(len(doses) > 1 for doses in events.values())
    assert all(dose == doses[0] for doses in events.values() for dose in doses)


def test_dose_reports_tell_the_doses_of_their_series(hospital: Archive) -> None:
    doses = defaultdict(dict)
    for one in hospital.truth["series"]:
        if one["role"] == "image" and "DLP" in one["dose"]:
            doses[one["StudyInstanceUID"]][one["dose"]["uid"]] = one["dose"]["DLP"]
    reports = [one for one in hospital.truth["series"] if one["role"] == "dose report"]
    checked = 0
    for report in reports:
        if report["StudyInstanceUID"] not in doses:
            continue
        [accumulated] = [
            item
            for item in report["attributes"]["ContentSequence"]
            if item["ConceptNameCodeSequence"][0]["CodeValue"] == "113811"
        ]
        total = accumulated["ContentSequence"][1]["MeasuredValueSequence"][0]["NumericValue"]
        assert total == round(sum(doses[report["StudyInstanceUID"]].values()), 2)
        checked += 1
    assert checked > 5


def test_pictures_can_be_decoded_and_show_something(hospital: Archive) -> None:
    seen = set()
    for one in hospital.documents():
        key = (one["document"].get("SOPClassUID"), one["document"].get("TransferSyntaxUID"))
        if one["kind"] != "instance" or "Rows" not in one["document"] or key in seen:
            continue
        seen.add(key)
        pixels = pydicom.dcmread(hospital.folder / one["path"]).pixel_array
        assert pixels.shape[-1] == 3 or {*pixels.shape[-2:]} == {one["document"]["Rows"]}
        assert np.unique(pixels).size > 1
    assert len(seen) > 12


def test_paths_have_spaces_accents_and_no_extensions(hospital: Archive) -> None:
    paths = [one["path"] for one in hospital.truth["files"] if one["outcome"] == "indexed"]
    assert any(" " in path for path in paths)
    assert any(not path.isascii() for path in paths)
    assert any("." not in path.rsplit("/", 1)[1] for path in paths)
    assert max(path.count("/") for path in paths) > 10


def test_the_search_of_the_guide_finds_something(hospital: Archive) -> None:
    found = [
        one
        for one in hospital.truth["series"]
        if one["attributes"]["Modality"] == "CT"
        and one["attributes"].get("SliceThickness", 9) <= 1.5
        and "pulmonary embolism" in one["attributes"]["ReasonForStudy"].lower()
    ]
    assert found
