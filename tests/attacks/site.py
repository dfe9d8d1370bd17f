"""The site that is attacked: each view touches all of what it is sent."""

from typing import Any

from lback import local_url
from lback import path
from lback import redirect
from lback import Request

# What the views have done, so that a test can tell that they have not.
done: list[str] = []


def fine(request: Request) -> Any:
    """Answer whatever happens; asked behind each attack."""
    return "fine"


def read(request: Request) -> Any:
    """Read the query, the body and the headers."""
    query = {name: request.query.getlist(name) for name in request.query}
    data = request.DATA
    body = None
    if not request.files:
        body = len(request.body_bytes) if not request.form else len(request.form)
    done.append("read")
    return {
        "query": query,
        "data": data,
        "body": body,
        "files": sorted(request.files),
        "headers": sorted(request.headers),
    }


def read_json(request: Request) -> Any:
    """Read JSON, which has to be said to be JSON."""
    return {"json": request.json}


def item(request: Request, key: int) -> Any:
    """Take an integer out of the path."""
    return {"key": key}


def word(request: Request, text: str) -> Any:
    """Take a segment out of the path."""
    return {"text": text}


def file(request: Request, rest: str) -> Any:
    """Take everything that is left of the path."""
    return {"rest": rest}


def client(request: Request) -> Any:
    """Tell who asks, and how."""
    return {"address": request.client_address, "is_secure": request.is_secure}


def go(request: Request) -> Any:
    """Send the client on to where it wants to go."""
    return redirect(local_url(request.query.get("next")))


urlpatterns = [
    path("/fine", fine),
    path("/read", read, methods=["GET", "POST", "PUT"]),
    path("/json", read_json, methods=["POST"]),
    path("/items/{key:int}", item),
    path("/words/{text}", word),
    path("/files/{rest:path}", file),
    path("/client", client),
    path("/go", go),
    path("/slash/", fine),
]
