"""What pytest loads in every run on a machine that has Lback: next to nothing.

Nothing of Lback is imported here until a test needs it: other people's runs are not to
pay for it, and coverage is measured only of what is imported after it has started.
"""

import os
from collections.abc import Generator
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lback.testing._errors import ErrorGuard
    from lback.testing._errors import Failure
    from lback.testing.signals import SignalsFixture

# The folder of the project that is tested; not there if there is no project.
PROJECT = pytest.StashKey[Path]()

_GUARD = pytest.StashKey["ErrorGuard"]()

_SETTINGS = "settings.py"


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Offer the fixtures of a project where there is one."""
    config.addinivalue_line(
        "markers",
        "allow_errors: receivers of signals may fail without failing the test (Lback).",
    )
    root = _find_project(config)
    if root is not None:
        from lback.testing import _project_fixtures

        config.stash[PROJECT] = root
        config.pluginmanager.register(_project_fixtures, "lback-project")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Let a receiver that fails while fixtures are made fail the test."""
    if PROJECT in item.config.stash:
        _guard_of(item)
    return (yield from _judged(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let a receiver that fails in a test fail it."""
    return (yield from _judged(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Let a receiver that fails while fixtures are taken down be an error."""
    try:
        return (yield from _judged(item))
    finally:
        guard = item.stash.get(_GUARD, None)
        if guard is not None:
            guard.stop()
            del item.stash[_GUARD]


@pytest.fixture
def signals(request: pytest.FixtureRequest) -> "Iterator[SignalsFixture]":
    """Record signals and assert what was sent, mute receivers, allow errors."""
    from lback.testing.signals import SignalsFixture

    fixture = SignalsFixture(_guard_of(request.node))
    yield fixture
    fixture.stop()


def _judged(item: pytest.Item) -> Generator[None, object, object]:
    """Run one phase of a test, then fail it if receivers failed in it."""
    try:
        result = yield
    except BaseException as error:
        for failure in _failures_of(item):
            error.add_note(failure.summary())
        raise
    failures = _failures_of(item)
    if failures:
        from lback.testing._errors import report

        pytest.fail(report(failures), pytrace=False)
    return result


def _guard_of(item: pytest.Item) -> "ErrorGuard":
    """Return what notices failing receivers during *item*; start it if need be."""
    from lback.testing._errors import ErrorGuard

    guard = item.stash.get(_GUARD, None)
    if guard is None:
        guard = item.stash[_GUARD] = ErrorGuard()
        guard.start()
        if item.get_closest_marker("allow_errors") is not None:
            guard.allow()
    return guard


def _failures_of(item: pytest.Item) -> "list[Failure]":
    guard = item.stash.get(_GUARD, None)
    return [] if guard is None else guard.take()


def _find_project(config: pytest.Config) -> Path | None:
    """Return the folder of settings.py, or None where nobody works on a project.

    It is pytest's root folder, or else the current folder or one above it, or else
    one above the tests that were asked for.
    """
    if "DJANGO_SETTINGS_MODULE" in os.environ:  # the settings.py is Django's
        return None
    if (config.rootpath / _SETTINGS).is_file():
        return config.rootpath
    here = config.invocation_params.dir
    for start in (here, *(here / arg.partition("::")[0] for arg in config.args)):
        for folder in (start, *start.parents):
            if (folder / _SETTINGS).is_file():
                return folder
    return None
