"""Pictures: ``/api/v1/images``."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import anyio.to_thread
from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from fastapi.openapi.models import Example

from api.images.schemas import MOST_FRAME_NUMBER, FrameWanted, ImagesAnswer, LinksAnswer, LinksWanted, Size
from api.images.studio import Studio, TheStudio
from api.lakes import LakeKeeper, TheLake
from api.problems import documented
from api.responses import Json
from api.search import examples
from api.search.schemas import MAX_NAME
from api.states import TheUser
from dicomlake.errors import (
    BodyTooLargeError,
    DicomlakeError,
    InvalidRequestError,
    LakeError,
    LinkExpiredError,
    LinkSignatureError,
    MalformedBodyError,
    NoPictureError,
    NotAtHandError,
    NotFoundError,
    PictureLimitError,
    StateError,
    UndecodableError,
    UnsupportedBodyError,
    WorkerError,
)
from dicomlake.images import Wanted
from dicomlake.images.jobs import media_type
from dicomlake.images.links import ROOT, RenderedFrame, Thumbnail
from dicomlake.images.listing import Listing, without
from dicomlake.images.windows import canonical
from dicomlake.messages import Message
from dicomlake.search.details import no_series

router = APIRouter(prefix=ROOT, tags=["images"])

SeriesUid = Annotated[
    str,
    Path(max_length=MAX_NAME, description="SeriesInstanceUID", openapi_examples={"CT": {"value": examples.SERIES}}),
]
InstanceUid = Annotated[
    str,
    Path(max_length=MAX_NAME, description="SOPInstanceUID", openapi_examples={"CT": {"value": examples.INSTANCE}}),
]
FrameNumber = Annotated[
    int, Path(ge=0, le=MOST_FRAME_NUMBER, description="From 0", openapi_examples={"first": {"value": 0}})
]


@dataclass(frozen=True, slots=True)
class Signed:
    """What an address of a picture ends with. What is missing is as wrong as what is altered: 403 and not 422."""

    v: Annotated[str, Query(max_length=64, description="Of the file")] = ""
    user: Annotated[str, Query(max_length=MAX_NAME, description="Who may see it")] = ""
    expires: Annotated[int, Query(description="Seconds since 1970", ge=0, le=2**53)] = 0
    signature: Annotated[str, Query(max_length=64, description="HMAC-SHA256 over all the rest")] = ""

    def check(self, studio: Studio, target: Thumbnail | RenderedFrame) -> int:
        """The seconds that the address of this picture is still good for; raises for one that is not."""
        return studio.signer().check(target, self.user, self.expires, self.signature)


_PICTURE: Final = (
    *(NotFoundError, NoPictureError, NotAtHandError, UndecodableError, PictureLimitError, WorkerError),
    *(LinkSignatureError, LinkExpiredError, InvalidRequestError, LakeError, StateError),
)
_LINKED = f"{ROOT}/series/{examples.SERIES}/thumbnail?size=256&v=0a1b2c3d&user=local&expires=1795824000&signature=..."
_FRAME = f"{ROOT}/instances/{examples.INSTANCE}/frames/0?size=512&window=ct-lung&v=0a1b2c3d&user=local&expires=..."
_LINKS: Final = {
    "thumbnails": {
        examples.SERIES: {"url": _LINKED},
        "1.2.3": {"none": "no picture: this is a structured report", "code": "no-picture"},
    },
    "frames": [_FRAME],
    "expires": "2026-11-28T04:00:00Z",
}
_REQUESTS: Final[dict[str, Example]] = {
    "thumbnails": {"summary": "Thumbnails of series", "value": {"thumbnails": [examples.SERIES]}},
    "frames": {
        "summary": "A frame under three windows",
        "value": {
            "frames": [
                {"instance": examples.INSTANCE},
                {"instance": examples.INSTANCE, "size": 256, "window": "ct-lung"},
                {"instance": examples.INSTANCE, "frame": 0, "window": [40, 400]},
            ]
        },
    },
}
_IMAGES: Final = {
    "SeriesInstanceUID": examples.SERIES,
    "modality": "CT",
    "images": [
        {"instance": examples.INSTANCE, "frames": 1, "number": 1, "position": None, "rows": 128, "columns": 128}
    ],
    "order": "number",
    "thumbnail": 0,
    "windows": [
        {"window": "header:0", "label": "WINDOW1", "center": 40, "width": 400, "source": "header"},
        {"window": "auto", "label": "Automatic", "center": None, "width": None, "source": "values"},
        {"window": "ct-lung", "label": "Lung", "center": -600, "width": 1500, "source": "preset"},
    ],
    "default": "header:0",
    "none": None,
    "code": None,
}


def _pictures() -> dict[int | str, dict[str, Any]]:
    """The responses of an endpoint that answers with a picture."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return documented(*_PICTURE) | {
        200: {
            "description": "The picture",
            "content": {"image/png": schema, "image/jpeg": schema},
            "headers": {
                "Cache-Control": {"description": "As long as the address is good", "schema": {"type": "string"}}
            },
        }
    }


@router.post(
    "/links",
    response_model=LinksAnswer,
    response_model_exclude_unset=True,
    responses=documented(
        *(MalformedBodyError, UnsupportedBodyError, BodyTooLargeError, InvalidRequestError, NotFoundError, LakeError),
        StateError,
        example=_LINKS,
    ),
)
def links(
    lake: TheLake,
    studio: TheStudio,
    user: TheUser,
    body: Annotated[LinksWanted, Body(openapi_examples=_REQUESTS)],
) -> Response:
    """Addresses of pictures that an `<img>` can show: signed, for this user, until they expire.

    Of a series without a picture at hand it says why, so that a page shows something else. An instance that is not in
    the lake is a problem (`not-found`). The same request gives the same addresses for an hour or so.
    """
    signer = studio.signer()
    expires = signer.expiry()
    thumbnails = {}
    for uid, found in _thumbnails(studio, lake, list(dict.fromkeys(body.thumbnails)), body.thumbnail_size):
        if isinstance(found, Thumbnail):
            thumbnails[uid] = {"url": signer.address(found, user, expires)}
        else:
            thumbnails[uid] = {"none": found.message, "code": found.code}
    frames = [signer.address(target, user, expires) for target in _frames(lake, body.frames)]
    if frames or any("url" in link for link in thumbnails.values()):
        studio.pictures.warm()
    until = datetime.fromtimestamp(expires, UTC).isoformat().replace("+00:00", "Z")
    return Json({"thumbnails": thumbnails, "frames": frames, "expires": until})


@router.get(
    "/series/{uid:path}/thumbnail",
    response_class=Response,
    responses=_pictures(),
)
async def thumbnail(
    request: Request,
    lake: TheLake,
    studio: TheStudio,
    uid: SeriesUid,
    signed: Annotated[Signed, Depends()],
    size: Annotated[Size, Query()] = 256,
) -> Response:
    """The image in the middle of a series, small. Its address comes from `/api/v1/images/links`."""

    def find() -> tuple[int, Wanted]:
        left = signed.check(studio, Thumbnail(uid, size, signed.v))
        found = studio.listing(lake, uid)
        if found.none is not None:
            raise found.none
        image = found.images[found.thumbnail]
        return left, Wanted(image.location, image.header, image.frames // 2, size=size, small=True)

    return await _answer(studio, request, *await anyio.to_thread.run_sync(find))


@router.get(
    "/instances/{uid:path}/frames/{number}",
    response_class=Response,
    responses=_pictures(),
)
async def frame(
    request: Request,
    lake: TheLake,
    studio: TheStudio,
    uid: InstanceUid,
    number: FrameNumber,
    signed: Annotated[Signed, Depends()],
    size: Annotated[Size, Query()] = 512,
    window: Annotated[str, Query(max_length=64)] = "default",
) -> Response:
    """A frame of an instance under a window. Its address comes from `/api/v1/images/links`."""

    def find() -> tuple[int, Wanted]:
        left = signed.check(studio, RenderedFrame(uid, number, size, window, signed.v))
        with lake.searcher() as searcher:
            document = searcher.documents([uid]).get(uid)
        if document is None:
            raise _no_instance(uid)
        if (none := without(document.body)) is not None:
            raise none
        return left, Wanted(document.location, document.header_hash, number, window, size)

    return await _answer(studio, request, *await anyio.to_thread.run_sync(find))


@router.get(
    "/series/{uid:path}",
    response_model=ImagesAnswer,
    responses=documented(NotFoundError, InvalidRequestError, LakeError, example=_IMAGES),
)
def images(lake: TheLake, studio: TheStudio, uid: SeriesUid) -> Response:
    """The images of a series in the order of scrolling, and the windows to show them under; or why there are none."""
    found = studio.listing(lake, uid)
    none = found.missing()
    left_out = {"location", "header"}
    return Json(
        {
            "SeriesInstanceUID": uid,
            "modality": found.modality,
            "images": [{k: v for k, v in asdict(one).items() if k not in left_out} for one in found.images],
            "order": found.order,
            "thumbnail": found.thumbnail,
            "windows": [asdict(choice) for choice in found.windows],
            "default": found.default,
            "none": none and none.message,
            "code": none and none.code,
        }
    )


async def _answer(studio: Studio, request: Request, left: int, wanted: Wanted) -> Response:
    """The picture, which a browser may keep as long as its address is good."""
    picture = await studio.picture(wanted, request.is_disconnected)
    if picture is None:
        return Response(status_code=204)  # nobody reads this
    return Response(
        picture,
        headers={
            "Cache-Control": f"private, max-age={left}, immutable",
            # The page is of the same host and another port. For a host that is an IP address Chromium takes that for
            # another site, so "same-site" would block it; the guard refuses what other sites ask for.
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
        media_type=media_type(picture),
    )


def _thumbnails(
    studio: Studio, lake: LakeKeeper, uids: Sequence[str], size: int
) -> Iterator[tuple[str, Thumbnail | DicomlakeError]]:
    """The thumbnails of series, or why there is none."""
    listings = studio.listings(lake, uids) if uids else {}
    for uid in uids:
        found = listings.get(uid)
        if found is None:
            yield uid, no_series(uid)
        else:
            yield uid, found.missing() or Thumbnail(uid, size, _version_of(found))


def _frames(lake: LakeKeeper, wanted: list[FrameWanted]) -> list[RenderedFrame]:
    """Raises NotFoundError for an instance that is not in the lake."""
    if not wanted:
        return []
    with lake.searcher() as searcher:
        documents = searcher.documents(list(dict.fromkeys(one.instance for one in wanted)))
    targets = []
    for one in wanted:
        document = documents.get(one.instance)
        if document is None:
            raise _no_instance(one.instance)
        version = _version(document.header_hash, document.size)
        targets.append(RenderedFrame(one.instance, one.frame, one.size, canonical(one.window), version))
    return targets


def _version_of(found: Listing) -> str:
    image = found.images[found.thumbnail]
    return _version(image.instance, image.header)


def _version(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _no_instance(uid: str) -> NotFoundError:
    return NotFoundError(Message("no instance {uid} in this lake", uid=uid))
