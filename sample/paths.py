"""Where files lie: as a PACS, a disc from abroad, a research folder and a mammography workstation would put them."""

from sample.forms import fold
from sample.plan import Instance, Series


def place(series: Series, instance: Instance) -> str:
    """The path of an instance in the archive, with forward slashes."""
    study, patient = series.study, series.study.patient
    if study.site["id"] == "abroad":
        disc = f"Discos externos/CD_{patient.number:04d}/DICOM/PAT00000/STU{study.number:05d}"
        return f"{disc}/SER{series.number:05d}/IMG{instance.number:05d}"
    if patient.number % 7 == 3:
        person = patient.name.split("=")[0].replace("^", ", ")
        day = f"{study.moment:%Y-%m-%d} {series.modality}"
        return f"investigación/ensayo 042/{person}/{day}/{_plain(series)}/{instance.uid}.dcm"
    day = f"{study.moment:%Y/%m/%d}"
    if study.site["id"] == "wexcombe":
        return f"wexcombe/{day}/{study.accession}/{series.number}/{series.modality}.{instance.number}.dcm"
    folder = f"pacs/{study.site['id']}/{day}/{study.accession}/S{series.number:03d}_{series.modality}"
    return f"{folder}/I{instance.number:06d}.dcm"


def _plain(series: Series) -> str:
    text = fold(str(series.attributes.get("SeriesDescription", "")))
    return f"{series.number} {''.join(c if c.isalnum() or c in ' -_' else '_' for c in text).strip()}"
