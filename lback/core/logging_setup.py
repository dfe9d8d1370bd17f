"""Logging: quiet, one line per record, and no way to forge a line."""

import logging
import re
import sys
from typing import TYPE_CHECKING

from lback.core._secrets import mask
from lback.core._secrets import secret_texts
from lback.core.exceptions import SettingsBroken

if TYPE_CHECKING:
    from lback.core.config import Config

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def setup_logging(config: "Config") -> None:
    """Set up logging for this process; a second call replaces the first.

    With ``LOGGING`` (a dictionary for ``logging.config.dictConfig``) that alone counts.
    Else warnings go to standard error, and in debug everything from INFO on. Line
    breaks and control characters in a message are escaped, and secrets of the settings
    are masked.

    Raises:
        SettingsBroken: ``LOGGING`` is not a dictionary that logging understands.
    """
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, _ConsoleHandler):
            root.removeHandler(handler)
    wanted = config.get("LOGGING")
    if wanted:
        _configure({"version": 1, "disable_existing_loggers": False, **wanted})
        return
    console = _ConsoleHandler()
    values = {name: config.get(name) for name in config.names()}
    console.setFormatter(_LineFormatter(secret_texts(values)))
    root.addHandler(console)
    root.setLevel(logging.INFO if config.get("DEBUG") else logging.WARNING)


def _configure(wanted: dict[str, object]) -> None:
    from logging.config import dictConfig

    try:
        dictConfig(wanted)
    except (ValueError, TypeError, AttributeError, ImportError) as error:
        cause = f": {error.__cause__}" if error.__cause__ else ""
        raise SettingsBroken(f"LOGGING cannot be used: {error}{cause}.") from error


class _ConsoleHandler(logging.StreamHandler):  # type: ignore[type-arg]  # no argument at run time
    """Write to whatever standard error is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        self.stream = sys.stderr
        super().emit(record)


class _LineFormatter(logging.Formatter):
    """Give a record one line, with a traceback indented under it."""

    def __init__(self, secrets: frozenset[str]) -> None:
        super().__init__(_FORMAT)
        self._secrets = secrets

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # its name
        """Write the first line, without anything that could start another."""
        return _CONTROL.sub(_escaped, super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """Write the record; what follows its line is indented."""
        first, *more = super().format(record).split("\n")
        lines = [first, *(f"    {_CONTROL.sub(_escaped, line)}" for line in more)]
        return mask("\n".join(lines), self._secrets)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
