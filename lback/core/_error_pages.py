"""What errors look like: a small page for browsers."""

from html import escape

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 60rem;
  padding: 0 1.5rem; }}
h1 {{ font-size: 1.5rem; }}
pre {{ background: #8881; border-radius: .5rem; overflow-wrap: anywhere; padding: 1rem;
  white-space: pre-wrap; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{message}</p>
{details}</body>
</html>
"""


def error_page(status_line: str, message: str, details: str = "") -> str:
    """Return a page that shows an error.

    Args:
        status_line: Such as ``"404 Not Found"``.
        message: A sentence for the reader; escaped.
        details: More text, shown as it is written; escaped.
    """
    return _PAGE.format(
        title=escape(status_line),
        message=escape(message),
        details=f"<pre>{escape(details)}</pre>\n" if details else "",
    )
