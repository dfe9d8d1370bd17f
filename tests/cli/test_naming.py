"""Which names a project or an app may have."""

import os
import sys
from pathlib import Path

import pytest

from lback_cli._naming import BadName
from lback_cli._naming import check_name
from lback_cli._naming import class_prefix

BAD = [
    ("", "it is empty"),
    (".", "not a Python identifier"),
    ("..", "not a Python identifier"),
    ("../x", "not a Python identifier"),
    ("/abs", "not a Python identifier"),
    ("a/b", "not a Python identifier"),
    ("a\\b", "not a Python identifier"),
    ("a.b", "not a Python identifier"),
    ("shop.", "not a Python identifier"),
    ("shop ", "not a Python identifier"),
    (" shop", "not a Python identifier"),
    ("-rf", "not a Python identifier"),
    ("my-shop", "not a Python identifier"),
    ("1shop", "not a Python identifier"),
    ("sh\nop", "not a Python identifier"),
    ("shop\n", "not a Python identifier"),
    ("sh\x00op", "not a Python identifier"),
    ("sh\x1b[31mop", "not a Python identifier"),
    ("{{7*7}}", "not a Python identifier"),
    ("@@{x}", "not a Python identifier"),
    ("a;rm", "not a Python identifier"),
    ("$HOME", "not a Python identifier"),
    ("sh\u043ep", "not ASCII"),
    ("\uff53hop", "not ASCII"),
    ("caf\u00e9", "not ASCII"),
    ("shop\u200b", "not ASCII"),
    ("_shop", "starts with an underscore"),
    ("__main__", "starts with an underscore"),
    ("class", "a keyword of Python"),
    ("None", "a keyword of Python"),
    ("async", "a keyword of Python"),
    ("json", "standard library"),
    ("os", "standard library"),
    ("antigravity", "standard library"),
    ("settings", "a project needs that name"),
    ("manage", "a project needs that name"),
    ("test", "a project needs that name"),
    ("tests", "a project needs that name"),
    ("templates", "a project needs that name"),
    ("Static", "a project needs that name"),
    ("conftest", "a project needs that name"),
    ("sitecustomize", "a project needs that name"),
    ("lback", "a project needs that name"),
    ("lback_cli", "a project needs that name"),
    ("CON", "a device on Windows"),
    ("nul", "a device on Windows"),
    ("Com1", "a device on Windows"),
    ("lpt9", "a device on Windows"),
    ("click", "an installed module"),
    ("pytest", "an installed module"),
    ("a" * 101, "it has 101 characters"),
    ("a" * 10_000, "it has 10000 characters"),
]


@pytest.mark.parametrize(("name", "reason"), BAD)
def test_bad_name_is_refused_with_its_reason(name: str, reason: str) -> None:
    """A name that cannot work is refused in one line that says why."""
    with pytest.raises(BadName, match=reason) as caught:
        check_name(name, "project")

    assert 1 == len(str(caught.value).splitlines())
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "name", ["shop", "orders", "order_items", "a", "a" * 100, "Shop2", "match", "list"]
)
def test_good_name_is_accepted(name: str) -> None:
    """An ordinary package name passes."""
    check_name(name, "app")


def test_bad_name_is_a_usage_error() -> None:
    """A bad name ends the program with 2, as other misuse does."""
    assert 2 == BadName("").exit_code


def test_installed_module_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed module is found without running it."""
    (tmp_path / "unrun.py").write_text("raise SystemExit('I was run')\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(BadName, match="an installed module"):
        check_name("unrun", "project")

    assert "unrun" not in sys.modules


def test_module_in_the_folder_itself_does_not_count_as_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies around the new package is not installed, although it is on the path."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)

    check_name("shop", "project", around=[tmp_path])

    with pytest.raises(BadName):
        check_name("shop", "project")


def test_folder_without_init_on_the_path_does_not_count_as_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that merely lies on the path takes no name; an installed one does."""
    (tmp_path / "docs_here").mkdir()
    (tmp_path / "site-packages" / "shared_here").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "site-packages")

    check_name("docs_here", "project")

    with pytest.raises(BadName, match="an installed module"):
        check_name("shared_here", "project")


def test_path_may_hold_what_is_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search path with missing folders and an empty entry is no obstacle."""
    monkeypatch.setattr(sys, "path", ["", os.devnull, str(tmp_path / "no"), *sys.path])

    check_name("shop", "project")


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("orders", "Orders"),
        ("order_items", "OrderItems"),
        ("myShop", "MyShop"),
        ("a__b", "AB"),
        ("shop_2", "Shop2"),
    ],
)
def test_class_prefix_is_the_name_in_capitals(name: str, prefix: str) -> None:
    """A package name becomes the start of a class name."""
    assert prefix == class_prefix(name)
