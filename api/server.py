"""Running the service: the address it listens on, and a server that logs and forwards nothing of its own."""

import errno
import gc
import ipaddress
import logging
import socket
from typing import Final

import uvicorn
from fastapi import FastAPI

from dicomlake.errors import PortInUseError, UsageError

GRACE: Final = 5
"""Seconds that running requests get when the service stops."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on an address of this machine; port 0 takes any free one.

    Raises UsageError for an address that others can reach (there are no accounts yet, and whoever connects sees
    identified data) or that is none, PortInUseError when the port is taken.
    """
    address = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError as error:
        raise UsageError(f"{host} is no IP address; listen on 127.0.0.1") from error
    if not loopback:
        raise UsageError(f"{host} can be reached by others, who would see identified data; listen on 127.0.0.1")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY only where it is; without, answers wait 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise PortInUseError(f"port {port} on {host} is in use; choose another with --port") from error
        reason = error.strerror if isinstance(error, OSError) else "ports go up to 65535"
        raise UsageError(f"cannot listen on {host} port {port}: {reason}") from error
    return listener


def server(app: FastAPI) -> uvicorn.Server:
    """A server for the service; ``.run(sockets=[listener])`` serves until a signal or ``should_exit``."""
    # What is loaded by now stays. Otherwise the collector walks all of it now and then, 40 ms in the midst of a search.
    gc.collect()
    gc.freeze()
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,  # it writes whole URLs; api.access writes templates
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
    )


def log_access() -> None:
    """Write the access log to standard error, for a service that nobody configured logging for."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.getLogger("dicomlake")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
