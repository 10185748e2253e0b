"""Which module plans which kind of examination."""

from collections.abc import Callable, Iterator

from sample import angiography, ct, mammography, mr, pet, radiography, ultrasound
from sample.plan import Series, Study

_PLANNERS: dict[str, Callable[[Study], Iterator[Series]]] = {
    "CT": ct.plan,
    "DX": radiography.plan,
    "MG": mammography.plan,
    "MR": mr.plan,
    "PT": pet.plan,
    "US": ultrasound.plan,
    "XA": angiography.plan,
}


def series(study: Study) -> Iterator[Series]:
    """Every series of a study, in the order they were made."""
    return _PLANNERS[study.exam["modality"]](study)
