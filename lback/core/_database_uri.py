"""From the setting DATABASES to one URI for SQLAlchemy."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lback.core.exceptions import SettingsBroken

# The driver is the one that Lback's extra brings, not SQLAlchemy's first choice.
_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "psycopg": "postgresql+psycopg",
    "sqlite3": "sqlite",
}


def database_uri(databases: Any, base: Path, name: str = "default") -> str:
    """Return the URI of a database, every part of it quoted.

    Args:
        databases: The setting ``DATABASES``: ``{"default": ...}`` with a URI, or with
            a dictionary of ENGINE, NAME, USER, PASSWORD, HOST, PORT, OPTIONS; a
            dictionary with the one key URL is a URI too.
        base: The folder that a relative file name belongs to.
        name: The name of the database.
    """
    database = databases.get(name, {}) if isinstance(databases, Mapping) else None
    if isinstance(database, Mapping) and "URL" in database:
        database = database["URL"]
    if database is not None and not isinstance(database, Mapping):
        return _completed(_text(database, "URL", name), base)
    if database is None:
        raise SettingsBroken(
            "DATABASES must be a dictionary such as "
            '{"default": {"ENGINE": "sqlite", "NAME": "db.sqlite3"}}.'
        )
    engine = _text(database.get("ENGINE", "sqlite"), "ENGINE", name).rpartition(".")[2]
    engine = _DRIVERS.get(engine.lower(), engine)
    if engine.partition("+")[0] == "sqlite":
        file = _text(database.get("NAME", "db.sqlite3"), "NAME", name)
        return _sqlite(engine, file, base) + _query(database, name)
    return _server(engine, database, name)


def _completed(url: str, base: Path) -> str:
    """Name the driver of a URL, and the folder that a relative file belongs to."""
    engine, colon, rest = url.partition(":")
    engine = _DRIVERS.get(engine.lower(), engine)
    file = rest.removeprefix("///")
    is_relative = file != rest and file and not file.startswith(("/", ":", "file:"))
    if engine.partition("+")[0] == "sqlite" and is_relative:
        return _sqlite(engine, file, base)
    return f"{engine}{colon}{rest}"


def _sqlite(engine: str, name: str, base: Path) -> str:
    if name in ("", ":memory:"):
        return f"{engine}://"
    # NOTE: SQLAlchemy takes a sqlite path as it is, up to a question mark.
    return f"{engine}:///{base / name}"


def _server(engine: str, database: Mapping[str, Any], name: str) -> str:
    from urllib.parse import quote

    def part(key: str) -> str:
        return _text(database.get(key, ""), key, name)

    user, password = quote(part("USER"), safe=""), quote(part("PASSWORD"), safe="")
    credentials = f"{user}:{password}@" if password else f"{user}@" if user else ""
    host = part("HOST")
    place = f"[{host}]" if ":" in host else quote(host, safe="")
    port = f":{part('PORT')}" if part("PORT") else ""
    query = _query(database, name)
    path = quote(part("NAME"), safe="")
    return f"{engine}://{credentials}{place}{port}/{path}{query}"


def _query(database: Mapping[str, Any], name: str) -> str:
    """Return OPTIONS as the end of a URI."""
    from urllib.parse import urlencode

    options = database.get("OPTIONS") or {}
    if not isinstance(options, Mapping):
        raise SettingsBroken(
            f'DATABASES["{name}"]["OPTIONS"] must be a dictionary such as '
            f'{{"connect_timeout": 5}}, not {type(options).__name__}.'
        )
    return f"?{urlencode({k: str(v) for k, v in options.items()})}" if options else ""


def _text(value: Any, key: str, name: str) -> str:
    """Return a part as text; a Secret gives what it holds."""
    if isinstance(value, str):
        return value
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "reveal"):
        return str(value.reveal())
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise SettingsBroken(
        f'DATABASES["{name}"]["{key}"] must be a text, not {type(value).__name__}. '
        "If this is config.json, the value is a secret that only settings.py or the "
        "environment has."
    )
