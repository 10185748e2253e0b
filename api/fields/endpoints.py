"""The field registry: ``/api/v1/fields``."""

from dataclasses import asdict

from fastapi import APIRouter, Response

from api.fields.schemas import FieldsAnswer
from api.problems import documented
from api.responses import Json
from mappings import registry

router = APIRouter(prefix="/api/v1/fields", tags=["fields"])


@router.get(
    "",
    response_model=FieldsAnswer,
    responses=documented(example={"fields": [asdict(registry.load().fields[0])]}),
)
def fields() -> Response:
    """The fields that people look at: labels, kinds, what facets and tables show. Needs no lake."""
    return Json({"fields": [asdict(field) for field in registry.load().fields]})
