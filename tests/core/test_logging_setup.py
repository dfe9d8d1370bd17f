"""Logging: quiet, one line per record, no forged lines, no secrets."""

import logging
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

from lback.core.config import Config
from lback.core.config import Secret
from lback.core.exceptions import SettingsBroken
from lback.core.logging_setup import setup_logging

CANARY = "canary-5f0e1c7d-never-show-this-text"

log = logging.getLogger("shop")

Printed = Callable[[], str]


@pytest.fixture(autouse=True)
def _own_root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Return default settings."""
    return Config(tmp_path / "config.json")


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """Return a function that gives what was printed to standard error."""
    return lambda: capsys.readouterr().err


def fail(reason: str) -> None:
    """Raise an error."""
    raise ValueError(reason)


def test_warnings_are_printed(config: Config, printed: Printed) -> None:
    """A warning goes to standard error with level and logger."""
    setup_logging(config)

    log.warning("low stock")

    assert printed().endswith("WARNING shop: low stock\n")


def test_info_is_quiet_outside_debug(config: Config, printed: Printed) -> None:
    """Nothing below a warning is printed by default."""
    setup_logging(config)

    log.info("chatter")

    assert "" == printed()


def test_info_is_printed_in_debug(config: Config, printed: Printed) -> None:
    """In debug everything from INFO on is printed."""
    config.DEBUG = True
    setup_logging(config)

    log.info("chatter")

    assert printed().endswith("INFO shop: chatter\n")


def test_a_second_call_does_not_double_lines(config: Config, printed: Printed) -> None:
    """After two calls a record is still printed once."""
    setup_logging(config)
    setup_logging(config)

    log.warning("once")

    assert 1 == printed().count("once")


@pytest.mark.parametrize("sign", ["\n", "\r", "\r\n", "\x1b[2K", "\x85", "\u2028"])
def test_a_message_cannot_forge_a_line(
    config: Config, printed: Printed, sign: str
) -> None:
    """Line breaks and control characters of a message are escaped."""
    setup_logging(config)

    log.warning("user %s", f"x{sign}2030-01-01 ERROR forged")

    assert 1 == len(printed().splitlines())


def test_a_traceback_cannot_forge_a_line(config: Config, printed: Printed) -> None:
    """Everything under the first line is indented."""
    setup_logging(config)

    try:
        fail("bad\r\n2030-01-01 ERROR forged")
    except ValueError:
        log.exception("failed")

    _, *more = printed().splitlines()
    assert {"    "} == {line[:4] for line in more}


def test_a_traceback_is_printed(config: Config, printed: Printed) -> None:
    """The traceback of an exception is under its line."""
    setup_logging(config)

    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log.exception("failed")

    assert "    ZeroDivisionError: division by zero" in printed().splitlines()


def test_secrets_are_masked(config: Config, printed: Printed) -> None:
    """A secret of the settings is masked wherever it turns up in a record."""
    config.SECRET_KEY = Secret(CANARY)
    setup_logging(config)

    try:
        fail(f"cannot use {CANARY}")
    except ValueError:
        log.exception("key %s url redis://:%s@h/0", CANARY, CANARY)

    assert CANARY not in printed()


def test_logging_follows_standard_error(
    config: Config, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record goes to what standard error is when it is logged."""
    monkeypatch.setattr(sys, "stderr", sys.stdout)
    setup_logging(config)
    monkeypatch.undo()

    log.warning("here")

    assert "here" in printed()


def test_logging_of_the_settings_wins(config: Config, tmp_path: Path) -> None:
    """With LOGGING only what it says is set up."""
    target = tmp_path / "shop.log"
    file = {"class": "logging.FileHandler", "filename": str(target)}
    config.LOGGING = {"handlers": {"file": file}, "root": {"handlers": ["file"]}}

    setup_logging(config)
    log.warning("to the file")

    assert "to the file\n" == target.read_text()


def test_a_wrong_logging_setting_is_an_error(config: Config) -> None:
    """LOGGING that logging does not understand is SettingsBroken."""
    config.LOGGING = {"handlers": {"x": {"class": "nowhere.Handler"}}}

    with pytest.raises(SettingsBroken, match=r"LOGGING cannot be used: .*nowhere"):
        setup_logging(config)
