"""From ``DATABASES["default"]`` to one URI for SQLAlchemy."""

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


def database_uri(databases: Any, base: Path) -> str:
    """Return the URI of the default database, every part of it quoted.

    Args:
        databases: The setting ``DATABASES``: ``{"default": ...}`` with a URI, or with
            a dictionary of ENGINE, NAME, USER, PASSWORD, HOST, PORT, OPTIONS; a
            dictionary with the one key URL is a URI too.
        base: The folder that a relative file name belongs to.
    """
    database = databases.get("default", {}) if isinstance(databases, Mapping) else None
    if isinstance(database, Mapping) and "URL" in database:
        database = database["URL"]
    if database is not None and not isinstance(database, Mapping):
        return _text(database, "URL")
    if database is None:
        raise SettingsBroken(
            "DATABASES must be a dictionary such as "
            '{"default": {"ENGINE": "sqlite", "NAME": "db.sqlite3"}}.'
        )
    engine = _text(database.get("ENGINE", "sqlite"), "ENGINE").rpartition(".")[2]
    engine = _DRIVERS.get(engine.lower(), engine)
    if engine.partition("+")[0] == "sqlite":
        return _sqlite(engine, _text(database.get("NAME", "db.sqlite3"), "NAME"), base)
    return _server(engine, database)


def _sqlite(engine: str, name: str, base: Path) -> str:
    if name in ("", ":memory:"):
        return f"{engine}://"
    # NOTE: SQLAlchemy takes a sqlite path as it is, up to a question mark.
    return f"{engine}:///{base / name}"


def _server(engine: str, database: Mapping[str, Any]) -> str:
    from urllib.parse import quote
    from urllib.parse import urlencode

    def part(key: str) -> str:
        return _text(database.get(key, ""), key)

    user, password = quote(part("USER"), safe=""), quote(part("PASSWORD"), safe="")
    credentials = f"{user}:{password}@" if password else f"{user}@" if user else ""
    host = part("HOST")
    place = f"[{host}]" if ":" in host else quote(host, safe="")
    port = f":{part('PORT')}" if part("PORT") else ""
    options = database.get("OPTIONS") or {}
    query = f"?{urlencode({k: str(v) for k, v in options.items()})}" if options else ""
    name = quote(part("NAME"), safe="")
    return f"{engine}://{credentials}{place}{port}/{name}{query}"


def _text(value: Any, key: str) -> str:
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
        f'DATABASES["default"]["{key}"] must be a text, not {type(value).__name__}. '
        "If this is config.json, the value is a secret that only settings.py or the "
        "environment has."
    )
