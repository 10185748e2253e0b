import io
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import numpy as np
import pytest
from PIL import Image

from api.search import examples
from dicomlake.images.links import RenderedFrame, Signer, Thumbnail
from dicomlake.state import State
from tests.api.service import PICTURES, index, problem
from tests.builders import data_set, dicom_file, write


def links(client: httpx.Client, **wanted: Any) -> dict[str, Any]:
    response = client.post("/api/v1/images/links", json=wanted)
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    return content


def secret_of(lake: Path) -> bytes:
    with State.open(lake) as state:
        return state.secret("images")


def frame_link(client: httpx.Client, **wanted: Any) -> str:
    (link,) = links(client, frames=[{"instance": examples.INSTANCE} | wanted])["frames"]
    return str(link)


def picture(client: httpx.Client, link: str) -> Image.Image:
    response = client.get(link)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] in PICTURES
    return Image.open(io.BytesIO(response.content))


def altered(link: str, **changes: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{urlencode(dict(parse_qsl(parts.query)) | changes)}"


def image_file(path: Path, values: np.ndarray, **attributes: Any) -> Path:
    """A CT slice with pixels of signed 16 bits."""
    ds = data_set(**attributes)
    ds.Rows, ds.Columns = values.shape
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit = 15
    ds.PixelRepresentation = 1
    ds.PixelData = values.astype("<i2").tobytes()
    return write(ds, path)


RAMP = np.arange(-1_000, 1_000, 100)[:, None].repeat(30, 1)


def test_a_thumbnail_of_a_series_is_a_picture(client: httpx.Client) -> None:
    answer = links(client, thumbnails=[examples.SERIES])
    shown = picture(client, answer["thumbnails"][examples.SERIES]["url"])
    assert shown.size == (128, 128)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer["expires"])


def test_a_frame_is_rendered_in_the_size_and_window_that_were_asked_for(client: httpx.Client) -> None:
    whole = picture(client, frame_link(client))
    assert (whole.format, whole.mode, whole.size) == ("PNG", "L", (128, 128))
    assert picture(client, frame_link(client, size=64)).size == (64, 64)
    seen = {picture(client, frame_link(client, window=window)).tobytes() for window in ("auto", "ct-lung", [40, 400])}
    assert len(seen) == 3


def test_an_image_of_another_port_may_show_it_and_the_browser_keeps_it(client: httpx.Client) -> None:
    link = frame_link(client)
    response = client.get(link, headers={"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "image"})
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    seconds = int(re.findall(r"max-age=(\d+)", response.headers["Cache-Control"])[0])
    assert 3_600 <= seconds <= 7_200
    assert frame_link(client) == link
    problem(client.get(link, headers={"Sec-Fetch-Site": "cross-site"}), 403, "forbidden")


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "A" * 43}, {"signature": ""}, {"signature": "ä"}, {"user": "somebody"}, {"user": ""},
        {"expires": "9999999999"}, {"size": "1024"}, {"window": "ct-lung"}, {"v": "0"},
    ],
)  # fmt: skip
def test_an_altered_address_is_refused(client: httpx.Client, change: dict[str, str]) -> None:
    problem(client.get(altered(frame_link(client), **change)), 403, "invalid-signature")


def test_the_address_of_one_picture_is_none_of_another(client: httpx.Client) -> None:
    link = frame_link(client)
    problem(client.get(link.replace("/frames/0", "/frames/1")), 403, "invalid-signature")
    problem(client.get(link.replace(examples.INSTANCE, "1.2.3")), 403, "invalid-signature")
    thumbnail = links(client, thumbnails=[examples.SERIES])["thumbnails"][examples.SERIES]["url"]
    problem(client.get(thumbnail.replace(examples.SERIES, "1.2.3")), 403, "invalid-signature")
    problem(client.get(link.partition("?")[0]), 403, "invalid-signature")


def test_an_expired_address_is_refused(client: httpx.Client, lake: Path) -> None:
    target = RenderedFrame(examples.INSTANCE, 0, 512, "default", "v")
    expired = Signer(secret_of(lake), 7_200).address(target, "local", int(time.time()) - 1)
    problem(client.get(expired), 403, "expired-link")


def test_another_secret_does_not_sign_for_this_service(client: httpx.Client) -> None:
    target = Thumbnail(examples.SERIES, 256, "v")
    other = Signer(b"s" * 32, 7_200).address(target, "local", int(time.time()) + 100)
    problem(client.get(other), 403, "invalid-signature")


def test_what_has_no_picture_is_said_beforehand(client: httpx.Client) -> None:
    hits = client.post("/api/v1/search", json={"limit": 1_000}).json()["hits"]
    by_modality = {hit.get("Modality"): hit["SeriesInstanceUID"] for hit in hits}
    wanted = [by_modality["RTPLAN"], by_modality["RTSTRUCT"], "1.2.404"]
    found = links(client, thumbnails=wanted)["thumbnails"]
    assert found[wanted[0]] == {"none": "no picture: this is an RT ion plan", "code": "no-picture"}
    assert found[wanted[1]] == {"none": "no picture: this is an RT structure set", "code": "no-picture"}
    assert found["1.2.404"]["code"] == "not-found"


def test_every_series_has_a_thumbnail_or_a_reason(client: httpx.Client) -> None:
    hits = client.post("/api/v1/search", json={"limit": 1_000}).json()["hits"]
    uids = [hit["SeriesInstanceUID"] for hit in hits]
    found = links(client, thumbnails=uids[:200])["thumbnails"]
    shown = refused = 0
    for link in found.values():
        if "url" not in link:
            assert link["none"]
            continue
        response = client.get(link["url"])
        if response.status_code == 200:
            assert max(Image.open(io.BytesIO(response.content)).size) <= 256
            shown += 1
        else:
            problem(response, 422, response.json()["code"])
            assert response.json()["code"] in ("undecodable-picture", "no-picture")
            refused += 1
    assert shown > 30
    assert refused < 6


def test_a_frame_that_is_not_there_is_a_problem(client: httpx.Client) -> None:
    problem(client.get(frame_link(client, frame=1)), 404, "not-found")
    problem(client.get(frame_link(client, window="header:9")), 404, "not-found")
    response = client.post("/api/v1/images/links", json={"frames": [{"instance": "1.2.404"}]})
    problem(response, 404, "not-found")


@pytest.mark.parametrize(
    "wanted",
    [
        {"thumbnails": ["1"] * 201}, {"frames": [{"instance": "1"}] * 1_001}, {"frames": [{}]},
        {"frames": [{"instance": "1", "size": 63}]}, {"frames": [{"instance": "1", "size": 2_049}]},
        {"frames": [{"instance": "1", "window": "ct-nothing"}]}, {"frames": [{"instance": "1", "window": [1, 0]}]},
        {"frames": [{"instance": "1", "window": [1]}]}, {"frames": [{"instance": "1", "frame": -1}]},
        {"thumbnail_size": 5_000}, {"more": 1},
    ],
)  # fmt: skip
def test_unreasonable_wishes_are_refused(client: httpx.Client, wanted: dict[str, Any]) -> None:
    problem(client.post("/api/v1/images/links", json=wanted), 422, "invalid-request")


def test_a_stack_is_listed_in_the_order_of_its_slices(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    for number, place in enumerate((30.0, 10.0, 20.0), 1):
        image_file(
            tmp_path / "in" / f"{number}.dcm", RAMP, uid=f"1.2.3.{number}", InstanceNumber=number,
            ImagePositionPatient=[0, 0, place], ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            WindowCenter=[40, -600], WindowWidth=[400, 1500], WindowCenterWidthExplanation=["BODY", "LUNG"],
        )  # fmt: skip
    index(tmp_path / "lake", tmp_path / "in")
    client = serve(tmp_path / "lake")
    answer = client.get("/api/v1/images/series/1.2.3").json()
    assert [(one["instance"], one["number"], one["position"]) for one in answer["images"]] == [
        ("1.2.3.2", 2, 10.0), ("1.2.3.3", 3, 20.0), ("1.2.3.1", 1, 30.0)
    ]  # fmt: skip
    assert (answer["order"], answer["thumbnail"], answer["default"]) == ("position", 1, "header:0")
    assert [(one["window"], one["label"], one["center"], one["width"]) for one in answer["windows"]][:4] == [
        ("header:0", "BODY", 40, 400), ("header:1", "LUNG", -600, 1500), ("auto", "Automatic", None, None),
        ("ct-soft-tissue", "Soft tissue", 40, 400),
    ]  # fmt: skip


def test_a_series_without_pictures_says_why(client: httpx.Client) -> None:
    hits = client.post("/api/v1/search", json={"filters": {"Modality": ["RTPLAN"]}}).json()["hits"]
    answer = client.get(f"/api/v1/images/series/{quote(hits[0]['SeriesInstanceUID'])}").json()
    assert answer["images"] == []
    assert (answer["code"], answer["none"][:28]) == ("no-picture", "no picture: this is an RT pl")
    problem(client.get("/api/v1/images/series/1.2.404"), 404, "not-found")


def test_a_file_that_is_gone_is_said_to_be(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    path = image_file(tmp_path / "in" / "1.dcm", RAMP)
    index(tmp_path / "lake", tmp_path / "in")
    client = serve(tmp_path / "lake")
    (link,) = links(client, frames=[{"instance": "1.2.3.1"}])["frames"]
    assert client.get(link).status_code == 200
    path.unlink()
    problem(client.get(link), 404, "not-at-hand")
    assert links(client, thumbnails=["1.2.3"])["thumbnails"]["1.2.3"]["code"] == "not-at-hand"
    assert client.get("/api/v1/images/series/1.2.3").json()["code"] == "not-at-hand"


def test_a_damaged_file_is_told_of_and_the_next_one_shown(
    tmp_path: Path, serve: Callable[[Path], httpx.Client]
) -> None:
    path = image_file(tmp_path / "in" / "1.dcm", RAMP)
    image_file(tmp_path / "in" / "2.dcm", RAMP, uid="1.2.3.2")
    path.write_bytes(path.read_bytes()[:-100])
    index(tmp_path / "lake", tmp_path / "in")
    client = serve(tmp_path / "lake")
    first, second = links(client, frames=[{"instance": "1.2.3.1"}, {"instance": "1.2.3.2"}])["frames"]
    assert "ends before" in problem(client.get(first), 422, "undecodable-picture")["detail"]
    assert client.get(second).status_code == 200


def test_a_rewritten_file_has_another_address(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    image_file(tmp_path / "in" / "1.dcm", RAMP)
    index(tmp_path / "lake", tmp_path / "in")
    client = serve(tmp_path / "lake")
    before = links(client, thumbnails=["1.2.3"], frames=[{"instance": "1.2.3.1"}])
    image_file(tmp_path / "in" / "1.dcm", RAMP, WindowCenter=0, WindowWidth=100)
    index(tmp_path / "lake", tmp_path / "in")
    after = links(client, thumbnails=["1.2.3"], frames=[{"instance": "1.2.3.1"}])
    assert before["frames"] != after["frames"]
    assert before["thumbnails"] != after["thumbnails"]


def test_a_member_of_an_archive_is_shown(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    path = image_file(tmp_path / "1.dcm", RAMP)
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "deep/1.dcm")
    index(tmp_path / "lake", tmp_path / "in")
    client = serve(tmp_path / "lake")
    (link,) = links(client, frames=[{"instance": "1.2.3.1"}])["frames"]
    assert picture(client, link).size == (30, 20)


def test_a_header_without_pixels_has_no_picture(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    dicom_file(tmp_path / "in" / "1.dcm")
    dicom_file(tmp_path / "in" / "2.dcm", uid="1.2.4.1", series="1.2.4", Rows=8, Columns=8)
    index(tmp_path / "lake", tmp_path / "in")
    client = serve(tmp_path / "lake")
    found = links(client, thumbnails=["1.2.3", "1.2.4"])["thumbnails"]
    assert found["1.2.3"] == {"none": "no picture: the header has no Rows and Columns", "code": "no-picture"}
    problem(client.get(found["1.2.4"]["url"]), 422, "no-picture")


def test_pictures_stay_in_the_data_folder_of_their_owner(client: httpx.Client, lake: Path) -> None:
    picture(client, frame_link(client, size=100))
    kept = [path for path in (lake / "images").rglob("*") if path.is_file()]
    assert len(kept) > 1
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (lake / "images").rglob("*") if path.is_dir()} == {0o700}
