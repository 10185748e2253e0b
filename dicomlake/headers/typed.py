"""Values that come as text from elsewhere than a data set, typed as a data set's are."""

from functools import lru_cache

from dicomlake.headers.charsets import charset
from dicomlake.headers.faults import Breach
from dicomlake.headers.header import Value
from dicomlake.headers.values import decoders

_UTF_8 = charset(("ISO_IR 192",))
_DECODERS = decoders("<")
_INTEGERS = frozenset({"SS", "US", "SL", "UL", "SV", "UV"})


@lru_cache(maxsize=16_384)
def from_text(vr: str, text: str) -> tuple[Value, str, str]:
    """The value of an element of this VR, and the quality code and detail of what is wrong with it ("" for nothing).

    ``text`` is as a data set holds it, several values between backslashes; binary integers are written in decimals.
    """
    try:
        return _DECODERS["IS" if vr in _INTEGERS else vr](text.encode("utf-8", "replace"), _UTF_8), "", ""
    except Breach as breach:
        return breach.value, breach.code, breach.detail
