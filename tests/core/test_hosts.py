"""Which hosts a site answers to."""

from pathlib import Path

import pytest

from lback.core import _startup
from lback.core._hosts import AllowedHosts
from lback.core.config import use_config
from lback.core.exceptions import SettingsBroken


@pytest.mark.parametrize(
    ("names", "header"),
    [
        (["ok.com"], "ok.com"),
        (["ok.com"], "OK.com"),
        (["ok.com"], "ok.com."),
        (["ok.com"], "ok.com:443"),
        (["OK.com."], "ok.com"),
        ([".ok.com"], "ok.com"),
        ([".ok.com"], "shop.ok.com:8000"),
        (["[::1]"], "[::1]:8000"),
        (["*"], "anything.example"),
    ],
)
def test_named_host_is_answered(names: list[str], header: str) -> None:
    """Case, a trailing dot and the port do not matter; a leading dot names a domain."""
    hosts = AllowedHosts(names)

    assert hosts.allows(header)
    assert hosts.allows(header)


@pytest.mark.parametrize(
    ("names", "header"),
    [
        (["ok.com"], "evil.com"),
        (["ok.com"], "evilok.com"),
        ([".ok.com"], "evilok.com"),
        (["ok.com"], "shop.ok.com"),
        (["ok.com"], "ok.com.."),
        ([".ok.com"], ".ok.com"),
        ([".ok.com"], "shop..ok.com"),
        (["ok.com"], "ok.com@evil.com"),
        (["ok.com"], "ok.com/evil"),
        (["ok.com"], "ok.com:99999"),
        (["ok.com"], "ok.com:"),
        (["ok.com"], "ok.com, evil.com"),
        (["ok.com"], " ok.com"),
        (["*"], "[::1"),
        (["*"], ""),
        (["*"], "."),
        (["ok.com"], "ok\u0131.com"),
        ([], "localhost"),
    ],
)
def test_other_host_is_refused(names: list[str], header: str) -> None:
    """A host that is not named, or is no host at all, is not answered."""
    assert not AllowedHosts(names).allows(header)


@pytest.mark.parametrize("header", ["localhost:8000", "shop.localhost", "127.0.0.1"])
def test_debug_without_names_means_the_own_machine(header: str) -> None:
    """While developing, an empty list stands for the names of this machine."""
    assert AllowedHosts([], is_debug=True).allows(header)
    assert not AllowedHosts([], is_debug=True).allows("evil.com")


def test_spellings_that_are_remembered_are_bounded() -> None:
    """A client that invents sub-domains does not fill the memory."""
    hosts = AllowedHosts([".ok.com"])

    answers = [hosts.allows(f"h{number}.ok.com") for number in range(2000)]

    assert all(answers)
    assert 1000 == len(hosts.known)


def test_project_without_a_key_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under any server, unsafe settings are refused before a request is served."""
    (tmp_path / "settings.py").write_text("DEBUG = False\n", encoding="utf-8")
    monkeypatch.setattr(_startup, "_loaded", {})
    monkeypatch.setattr("sys.path", [str(tmp_path)])

    try:
        with pytest.raises(SettingsBroken, match="SECRET_KEY"):
            _startup.build_application(tmp_path)
    finally:
        use_config(None)
