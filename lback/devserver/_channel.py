"""Messages between the supervisor and a worker, with open connections among them."""

import array
import json
import os
import socket
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

_CHUNK = 65536
_ATTACHED = socket.CMSG_LEN(16 * array.array("i").itemsize)
# Connections that arrive must not leak into the programs that a view starts.
_CLOSE_ON_EXEC: int = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class Channel:
    """One end of a pair of connected sockets that carries small messages.

    A message is a word and fields that JSON can hold, one line each. Sending is safe
    from several threads, receiving is for one thread. When the other process ends,
    however it ends, :meth:`receive` sees the end of the stream.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._buffer = b""
        self._descriptors: deque[int] = deque()
        self.is_closed = False

    @classmethod
    def pair(cls) -> tuple["Channel", "Channel"]:
        """Make both ends."""
        one, other = socket.socketpair()
        return cls(one), cls(other)

    @classmethod
    def adopt(cls, descriptor: int) -> "Channel":
        """Take over the end that the parent process passed on as *descriptor*."""
        end = socket.socket(fileno=descriptor)
        end.set_inheritable(False)
        return cls(end)

    def fileno(self) -> int:
        """Return the descriptor, to wait on."""
        return self._end.fileno()

    def send(self, word: str, *, descriptor: int | None = None, **fields: Any) -> bool:
        """Send a message; answer False if the other end is gone.

        Args:
            word: What the message is about.
            descriptor: An open connection to send along; it stays open here.
            fields: What else to say.
        """
        line = json.dumps({"word": word, **fields}).encode() + b"\n"
        try:
            with self._lock:
                if descriptor is None:
                    self._end.sendall(line)
                else:
                    # NOTE: the descriptor travels with the first byte of the line.
                    # Lines and descriptors arrive in order, so one queue of each
                    # is enough to match them.
                    socket.send_fds(self._end, [line[:1]], [descriptor])
                    self._end.sendall(line[1:])
        except OSError:
            return False
        return True

    def receive(self, *, wait: bool = True) -> Iterator[dict[str, Any]]:
        """Read once and yield the messages that are complete.

        Sets :attr:`is_closed` when the other end is gone. A message whose word is
        ``"connection"`` carries its descriptor in the field ``descriptor``.

        Args:
            wait: Return at once if there is nothing to read, when False.
        """
        flags = _CLOSE_ON_EXEC | (0 if wait else socket.MSG_DONTWAIT)
        try:
            # NOTE: not socket.recv_fds(), which forgets the flags.
            data, attached, _, _ = self._end.recvmsg(_CHUNK, _ATTACHED, flags)
        except BlockingIOError:
            return
        except OSError:
            data, attached = b"", []
        for _, _, packed in attached:
            self._descriptors.extend(array.array("i", packed))
        self.is_closed = not data
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            message: dict[str, Any] = json.loads(line)
            if message["word"] == "connection":
                message["descriptor"] = self._descriptors.popleft()
            yield message

    def close(self) -> None:
        """Close this end; the other one sees the end of the stream."""
        while self._descriptors:
            os.close(self._descriptors.popleft())
        self._end.close()
