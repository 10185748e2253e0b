"""The process that decodes: jobs in, pictures or reasons out, until its pipe ends or nobody asks any more.

Decoders are native code and files may be hostile: the process has limits of memory and time, can write no file and
prints nothing.
"""

import logging
import os
import resource
import signal
import warnings
from collections import OrderedDict
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final

from dicomlake.errors import ArchiveError, NotAtHandError, PictureLimitError, UndecodableError
from dicomlake.images.jobs import READY, REASONS, TAKEN, Job, write_picture, write_reason
from dicomlake.storage import opened, path_of

if TYPE_CHECKING:
    from dicomlake.images.decode import Opened

IDLE: Final = 120.0
"""Seconds without a job after which the process ends."""
_HEADERS: Final = 4
"""Headers that are kept: that of an enhanced object takes longer to read than a frame to decode."""
_SAID: Final = 160
"""Characters of a decoder's message that are passed on."""
_FILES: Final = 64
_USUAL: Final = 1 << 29
"""Bytes of address space that the process has when it begins, where the system does not tell."""


def serve(pipe: Connection, memory: int) -> None:
    """The process. ``memory``: bytes it may take beyond what it has when it begins."""
    _silence()
    from dicomlake.images import render  # noqa: F401, PLC0415  (pydicom and the decoders: in such a process only)

    _limit(memory)
    headers: OrderedDict[tuple[str, int, int], Opened] = OrderedDict()
    with suppress(EOFError, OSError):
        pipe.send_bytes(READY)
        while pipe.poll(IDLE):
            job = pipe.recv()
            pipe.send_bytes(TAKEN)
            _limit_time(job.seconds)
            pipe.send_bytes(answer(job, headers))


def answer(job: Job, headers: "OrderedDict[tuple[str, int, int], Opened]") -> bytes:
    """The message about a job. ``headers``: those read before, by location and state of the file."""
    try:
        return write_picture(_picture(job, headers))
    except tuple(REASONS.values()) as error:
        return write_reason(error)
    except ArchiveError as error:
        return write_reason(UndecodableError(error.message))
    except OSError as error:
        if error.errno is None:  # of a decoder, about what it was given
            return write_reason(_damaged(error))
        return write_reason(NotAtHandError(f"the file cannot be read ({error.strerror})"))
    except MemoryError:
        headers.clear()
        return write_reason(out_of_memory())
    except Exception as error:  # noqa: BLE001  (the boundary of a process that reads what others wrote)
        return write_reason(_damaged(error))


def _damaged(error: Exception) -> UndecodableError:
    said = " ".join(str(error).split())[:_SAID]
    return UndecodableError(f"the pixels cannot be decoded ({type(error).__name__}: {said})")


def out_of_memory() -> PictureLimitError:
    """What is said of a picture that takes more memory than one may."""
    return PictureLimitError("decoding the picture takes more memory than one may have (DICOMLAKE_IMAGE_MEMORY)")


def _picture(job: Job, headers: "OrderedDict[tuple[str, int, int], Opened]") -> bytes:
    from dicomlake.images import decode, render  # noqa: PLC0415

    state = os.stat(path_of(job.location))
    key = job.location, state.st_size, state.st_mtime_ns
    with opened(job.location) as data:
        header = headers.pop(key, None) or decode.read(data)
        headers[key] = header
        while len(headers) > _HEADERS:
            headers.popitem(last=False)
        return render.picture(header, data, job.frame, job.window, job.size, job.most, small=job.small)


def _silence() -> None:
    """Nothing of a file may reach a log: libraries quote what they do not understand."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process, which closes the pipe
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    logging.disable()
    warnings.simplefilter("ignore")
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"


def _limit(memory: int) -> None:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:  # a system without /proc
        now = _USUAL
    _set(resource.RLIMIT_AS, now + memory)
    _set(resource.RLIMIT_FSIZE, 0)
    _set(resource.RLIMIT_CORE, 0)  # it would hold what was decoded
    _set(resource.RLIMIT_NOFILE, _FILES)


def _limit_time(seconds: float) -> None:
    """Processor time, for when nobody is left to end a decoder that never ends."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    limit = int(spent.ru_utime + spent.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _set(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with suppress(OSError, ValueError):  # a system that does not know it
        resource.setrlimit(limit, (value, value))
