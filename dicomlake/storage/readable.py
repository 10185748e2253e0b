"""Whether a place can be indexed at all, told before anything is begun."""

import os
import stat

from dicomlake.errors import SourceError
from dicomlake.messages import Message
from dicomlake.storage.locations import location_of


def check_readable(path: str) -> None:
    """Raises SourceError, caused by what the system said, unless the path is a file or a folder that can be read."""
    shown = location_of(path)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            os.scandir(path).close()
        elif stat.S_ISREG(mode):
            os.close(os.open(path, os.O_RDONLY))
        else:
            raise SourceError(
                Message(
                    "{shown} is neither a file nor a folder; name the folder that holds the DICOM files", shown=shown
                )
            )
    except FileNotFoundError as error:
        raise SourceError(
            Message("{shown} does not exist; check the spelling, or mount what it is on", shown=shown)
        ) from error
    except OSError as error:
        raise SourceError(
            Message(
                "{shown} cannot be read ({strerror}); change its permissions or name another",
                shown=shown,
                strerror=error.strerror,
            )
        ) from error
