"""What a client takes: the ``Accept`` header."""

# A longer header is no browser's, and would take long to parse; it says nothing.
_LONGEST = 4096

_JSON = ("/json", "+json")


def accepts(header: str, media_type: str) -> bool:
    """Tell whether *header* takes *media_type*; an empty one takes everything."""
    if not header.strip() or len(header) > _LONGEST:
        return True
    from werkzeug.datastructures import MIMEAccept
    from werkzeug.http import parse_accept_header

    return bool(parse_accept_header(header, MIMEAccept).quality(media_type) > 0)


def prefers_json(header: str) -> bool:
    """Tell whether *header* would rather have JSON than HTML."""
    header = header.lower()
    if "json" not in header or len(header) > _LONGEST:
        return False
    from werkzeug.datastructures import MIMEAccept
    from werkzeug.http import parse_accept_header

    wanted = parse_accept_header(header, MIMEAccept)
    json = max((q for kind, q in wanted if kind.endswith(_JSON)), default=0)
    return bool(json > wanted.quality("text/html"))
