"""Notice a settings.py that lost its end, as while an editor is writing it."""

import hashlib
import re
from collections.abc import Iterator

_MARK_WIDTH = 8
# Two quotes of three.
_EMPTY_STRING = re.compile(r""".[A-Za-z]{0,2}(?:""(?=")|''(?='))""", re.DOTALL)


def marks_of(source: bytes) -> str:
    """Return a short hash for every place at which *source* could be cut off.

    The last one stands for the whole. Comments and spaces do not count. Inside of a
    string there is no place: a file that ends there does not compile, and hashes of
    the beginnings of a password would tell the password.

    Args:
        source: A file that compiles; one that does not has the marks up to the fault.
    """
    seen = hashlib.sha256()
    marks: list[str] = []
    for token, stops in _tokens(source):
        done = 0
        for stop in stops:
            seen.update(token[done:stop].encode("utf-8", "surrogatepass"))
            marks.append(seen.hexdigest()[:_MARK_WIDTH])
            done = stop
    return "".join(marks)


def is_cut(marks: str, before: str) -> bool:
    """Tell whether a file is a beginning of another, by the marks of both."""
    if not before or marks[-_MARK_WIDTH:] == before[-_MARK_WIDTH:]:
        return False
    end = marks[-_MARK_WIDTH:]
    places = range(0, len(before) - _MARK_WIDTH, _MARK_WIDTH)
    return not end or any(end == before[at : at + _MARK_WIDTH] for at in places)


def _tokens(source: bytes) -> Iterator[tuple[str, list[int]]]:
    """Yield each token, set off from the one before, and where it could be cut."""
    # NOTE: here, because only a process that judges settings needs it.
    import io
    import tokenize

    skipped = {"ENCODING", "COMMENT", "NL", "INDENT", "DEDENT", "ENDMARKER"}
    gap = " "
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            kind = tokenize.tok_name[token.type]
            if kind == "NEWLINE":
                gap = "\n"
            elif kind not in skipped:
                # NOTE: both ends of f"" are tokens, and f"""...""" may be cut to it.
                text = token.string if kind == "FSTRING_END" else gap + token.string
                yield text, _stops(text, kind)
                gap = " "
    except (tokenize.TokenError, SyntaxError):
        return


def _stops(text: str, kind: str) -> list[int]:
    """Return where a token, with what sets it off, could be cut."""
    if kind in ("NAME", "NUMBER", "OP"):
        return list(range(2, len(text) + 1))
    empty = _EMPTY_STRING.match(text)
    return [*([empty.end()] if empty else []), len(text)]
