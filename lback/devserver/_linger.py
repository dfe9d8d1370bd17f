"""Close a connection without destroying what its client has not read yet."""

import socket
import time

_CHUNK = 65536


def linger(connection: socket.socket, limit: float = 1.0) -> None:
    """Say goodbye and wait until the client has read the answer.

    Closing with unread data would send a reset, which can destroy a response that
    the client has not read yet.
    """
    until = time.monotonic() + limit
    try:
        connection.shutdown(socket.SHUT_WR)
        while (left := until - time.monotonic()) > 0:
            connection.settimeout(left)
            if not connection.recv(_CHUNK):
                break
    except OSError:
        return
