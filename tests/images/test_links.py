from urllib.parse import parse_qs, urlsplit

import pytest

from dicomlake.errors import LinkExpiredError, LinkSignatureError, UsageError
from dicomlake.images.links import RenderedFrame, Signer, Thumbnail
from dicomlake.images.windows import canonical

SIGNER = Signer(b"s" * 32, 7_200)
FRAME = RenderedFrame("1.2/3", 0, 512, "header:0", "v")


def signature(target: Thumbnail | RenderedFrame, user: str = "local", expires: int = 10_000) -> str:
    return parse_qs(urlsplit(SIGNER.address(target, user, expires)).query)["signature"][0]


def test_a_signature_is_good_until_it_expires() -> None:
    assert SIGNER.check(FRAME, "local", 10_000, signature(FRAME), now=9_000) == 1_000
    with pytest.raises(LinkExpiredError):
        SIGNER.check(FRAME, "local", 10_000, signature(FRAME), now=10_000)


@pytest.mark.parametrize(
    ("target", "user", "expires"),
    [
        (RenderedFrame("1.2/4", 0, 512, "header:0", "v"), "local", 10_000),
        (RenderedFrame("1.2/3", 1, 512, "header:0", "v"), "local", 10_000),
        (RenderedFrame("1.2/3", 0, 51, "2header:0", "v"), "local", 10_000),
        (RenderedFrame("1.2/3", 0, 512, "auto", "v"), "local", 10_000),
        (RenderedFrame("1.2/3", 0, 512, "header:0", "w"), "local", 10_000),
        (FRAME, "local1", 10_000), (FRAME, "", 10_000), (FRAME, "local", 10_001), (FRAME, "local", 100_000),
        (Thumbnail("1.2/3", 512, "v"), "local", 10_000),
    ],
)  # fmt: skip
def test_a_signature_is_of_one_picture_for_one_user(target: Thumbnail | RenderedFrame, user: str, expires: int) -> None:
    with pytest.raises(LinkSignatureError):
        SIGNER.check(target, user, expires, signature(FRAME), now=0)


@pytest.mark.parametrize("change", ["", "x", "=", "\n", "ä", "\0"])
def test_nothing_else_is_a_signature(change: str) -> None:
    right = signature(FRAME)
    for wrong in {right + change, change + right[1:], right[:-1] + change, change * 43} - {right}:
        with pytest.raises(LinkSignatureError):
            SIGNER.check(FRAME, "local", 10_000, wrong, now=0)


def test_addresses_stay_the_same_for_half_their_time() -> None:
    assert SIGNER.expiry(0) == SIGNER.expiry(3_599) == 7_200
    assert SIGNER.expiry(3_600) == 10_800
    for now in (0, 1, 3_599, 3_600, 5_000.5):
        assert 3_600 < SIGNER.expiry(now) - now <= 7_200


def test_an_address_holds_any_uid() -> None:
    assert SIGNER.address(FRAME, "local", 1).startswith("/api/v1/images/instances/1.2%2F3/frames/0?size=512&window=")


def test_a_window_has_one_text() -> None:
    assert canonical([40, 400]) == canonical("40,400") == canonical("40.0,4e2") == "40,400"
    assert [canonical(text) for text in ("default", "auto", "header:0", "ct-lung")] == [
        "default", "auto", "header:0", "ct-lung"
    ]  # fmt: skip
    for wrong in ("", "ct", "header:-1", "header:64", "header:00", "1", "1,2,3", "1,-1", "nan,1", "1,inf", "x,1"):
        with pytest.raises(UsageError):
            canonical(wrong)
