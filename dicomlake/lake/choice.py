"""Which engine holds the index of a lake, as the settings of this process choose it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import unquote, urlsplit

from dicomlake.errors import UsageError
from dicomlake.settings import Settings

Kind = Literal["embedded", "opensearch"]

_LOCAL: Final = "http://127.0.0.1:9200"
_PORT: Final = 9200


@dataclass(frozen=True, slots=True)
class Choice:
    """The kind of engine; the others are of a server's. Addresses and password must get into no log and no message."""

    kind: Kind = "embedded"
    prefix: str = ""
    urls: tuple[str, ...] = field(default=(), repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    authority: Path | None = None
    verify: bool = True
    shards: int = 1
    replicas: int = 0
    seconds: float = 60.0
    connections: int = 8

    @classmethod
    def of(cls, chosen: Settings, kind: Kind | None = None) -> Self:
        """What settings choose, or ``kind`` with their server. Raises UsageError for an address that is none."""
        url = chosen.engine_url.strip()
        if (kind or chosen.engine or ("opensearch" if url else "embedded")) == "embedded":
            return cls()
        nodes = [_node(one) for one in (url or _LOCAL).split(",")]
        user, password = next(((name, secret) for _, name, secret in nodes if name), ("", ""))
        if chosen.engine_ca_file is not None:
            _check_authority(chosen.engine_ca_file)
        return cls(
            "opensearch",
            chosen.engine_prefix,
            tuple(address for address, _, _ in nodes),
            chosen.engine_user or user,
            str(chosen.engine_password) or password,
            chosen.engine_ca_file,
            chosen.engine_verify,
            chosen.engine_shards,
            chosen.engine_replicas,
            chosen.engine_seconds,
            chosen.engine_connections,
        )


def _check_authority(file: Path) -> None:
    """Otherwise the client says of a file that is none that the server does not answer."""
    import ssl  # noqa: PLC0415  (takes a while, and few name an authority)

    if not file.is_file():
        raise UsageError(f"{file} is no file; correct DICOMLAKE_ENGINE_CA_FILE")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError as error:  # of which ssl.SSLError is one
        raise UsageError(f"{file} has no certificate in it; correct DICOMLAKE_ENGINE_CA_FILE") from error


def _node(text: str) -> tuple[str, str, str]:
    """Address, name and password of one node. The error does not repeat the text: a password may stand in it."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or parts.scheme not in ("http", "https"):
        raise UsageError("the address of the search server must be of the form https://HOST:9200; correct --engine-url")
    place = f"[{host}]" if ":" in host else host
    address = f"{parts.scheme}://{place}:{port or _PORT}{parts.path.rstrip('/')}"
    return address, unquote(parts.username or ""), unquote(parts.password or "")
