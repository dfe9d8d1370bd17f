"""Attacks as data: the files beside this one, and what they mean.

Each ``[[attack]]`` of a TOML file has:

* ``id``: the number in the list of attacks, and ``what`` in words;
* ``method``, ``target``, ``headers`` (pairs) and ``body``: what is sent. A text is sent
  as Latin-1; a list of texts and of ``[text, times]`` is put together. ``Host`` and
  ``Content-Length`` are added unless ``plain`` is true;
* ``raw``: the whole request in place of these, for what only a server sees;
* ``lacks``: what must not stand in the answer of the server;
* ``status``: what may be answered by the WSGI callable;
* ``server``: what ``lback runserver`` answers, where that is something else;
* ``seconds``: how long it may take, where that is not 20 ms and 20 ms a megabyte.
"""

import io
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

HOST = "testserver"

_MEGABYTE = 1_000_000
_KEYS = frozenset(
    {
        "id",
        "what",
        "method",
        "target",
        "headers",
        "body",
        "lacks",
        "plain",
        "raw",
        "status",
        "server",
        "seconds",
    }
)


class Attack(NamedTuple):
    """One request and what may be answered.

    Attributes:
        name: Its number and what it is.
        method: The method.
        target: The request target, as it is sent.
        headers: Names and values, in order.
        body: The body.
        status: What the WSGI callable may answer.
        server: What the development server may answer.
        seconds: How much processor time it may take.
        raw: The whole request, if only a server sees it.
        lacks: What must not stand in the server's answer.
    """

    name: str
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    status: list[int]
    server: list[int]
    seconds: float
    raw: bytes = b""
    lacks: bytes = b""

    def request(self) -> bytes:
        """Return the bytes of the request."""
        if self.raw:
            return self.raw
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body

    def environ(self) -> dict[str, Any]:
        """Return the environment that a server makes which refuses nothing."""
        path, _, query = self.target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": HOST,
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers:
            key = name.upper().replace("-", "_")
            if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
                key = f"HTTP_{key}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ


def attacks() -> Iterator[Attack]:
    """Yield the attacks of all files."""
    for file in sorted(Path(__file__).parent.glob("*.toml")):
        for row in tomllib.loads(file.read_text(encoding="utf-8"))["attack"]:
            unknown = row.keys() - _KEYS
            if unknown:
                raise ValueError(f"{file.name}, {row['id']}: what is {unknown}?")
            yield _attack(row)


def _attack(row: dict[str, Any]) -> Attack:
    body = _text(row.get("body", "")).encode("latin-1")
    headers = [(name, _text(value)) for name, value in row.get("headers", [])]
    if not row.get("plain"):
        named = {name.lower() for name, _ in headers}
        if "host" not in named:
            headers.insert(0, ("Host", HOST))
        if body and not named & {"content-length", "transfer-encoding"}:
            headers.append(("Content-Length", str(len(body))))
    return Attack(
        name=f"{row['id']} {row['what']}",
        method=_text(row.get("method", "POST" if body else "GET")),
        target=_text(row.get("target", "/read")),
        headers=headers,
        body=body,
        status=row["status"],
        server=row.get("server", row["status"]),
        seconds=row.get("seconds", 0.02 + 0.02 * len(body) / _MEGABYTE),
        raw=_text(row.get("raw", "")).encode("latin-1"),
        lacks=row.get("lacks", "Traceback").encode(),
    )


def _text(said: Any) -> str:
    if isinstance(said, str):
        return said
    return "".join(
        piece if isinstance(piece, str) else piece[0] * piece[1] for piece in said
    )
