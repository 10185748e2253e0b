"""The secret that signs addresses of pictures: 32 random bytes in the data folder, made once, readable by its owner.

This is the one place that knows where it is kept.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from dicomlake.errors import LakeError
from dicomlake.images.pictures import FOLDER

_LENGTH: Final = 32


def secret(data: Path) -> bytes:
    """The secret of a data folder, the same in every process. Raises LakeError when it can be neither read nor made."""
    path = data / FOLDER / "secret"
    try:
        with suppress(FileNotFoundError):
            return _read(path)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        draft = path.with_name(f"secret.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_LENGTH))
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):  # another process was first: its secret holds
            os.link(draft, path)
        draft.unlink()
        return _read(path)
    except OSError as error:
        raise LakeError(
            f"{path} cannot be made ({error.strerror}); check the permissions of the data folder"
        ) from error


def _read(path: Path) -> bytes:
    content = path.read_bytes()
    if len(content) != _LENGTH:
        raise LakeError(f"{path} is damaged; delete it, and addresses of pictures are signed by a new one")
    return content
