"""Which searches must not stand in an address."""

import pytest

from dicomlake.query.permalink import OpenHit, SearchState, as_text, from_text
from dicomlake.query.privacy import names_phi
from mappings import registry


@pytest.mark.parametrize(
    "query",
    ["", "*", "Modality:CT", "SliceThickness:[0 TO 1.5] AND NOT Manufacturer.canonical:GE*", "_exists_:KVP",
     "in_study(Modality:PT)", "Modality:(CT OR MR)", "SeriesDescription:lung"],
)  # fmt: skip
def test_what_names_no_person_may(query: str) -> None:
    assert not names_phi(SearchState(query))


@pytest.mark.parametrize(
    "query",
    ["PatientName:Doe", "Modality:CT AND NOT PatientID:1*", "in_study(PatientBirthDate:1950)",
     "_exists_:PatientComments",
     "(0010,0010):Doe", "PatientID:(1 OR 2)", "StudyDate:[2019 TO 2020]", "AccessionNumber:\"A 1\"",
     "doe", "\"jane doe\"", "jan*", "Modality:CT lung",
     '(0019,"SIEMENS MR HEADER",0C):1', "FillerOrderNumberImagingServiceRequest:1",
     "Modalty:CT", "Modality:CT AND ("],
)  # fmt: skip
def test_what_names_one_or_may_must_not(query: str) -> None:
    assert names_phi(SearchState(query))


def test_filters_and_exclusions_count_order_and_columns_do_not() -> None:
    assert names_phi(SearchState(filters={"PatientSex": ["F"], "PatientName": ["Doe"]}))
    assert names_phi(SearchState(exclude={"PatientID": [None]}))
    assert not names_phi(SearchState(filters={"Modality": ["CT"]}, sort=("PatientName",), columns=("PatientID",)))


def test_an_open_patient_counts_an_open_series_does_not() -> None:
    assert names_phi(SearchState(open=OpenHit("patient", "P1")))
    assert not names_phi(SearchState(open=OpenHit("series", "1.2.3")))


def test_every_field_counts_by_its_class() -> None:
    for field in registry.load().fields:
        assert names_phi(SearchState(filters={field.keyword: ["1"]})) == (field.privacy == "phi"), field.keyword


def test_a_link_is_a_text_and_back() -> None:
    state = SearchState('PatientName:"Ñu & Co"', "study", {"Modality": ("CT", None)}, ("-StudyDate",))
    assert from_text(as_text(state)) == from_text("?" + as_text(state)) == state
