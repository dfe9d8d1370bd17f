"""Installed apps: found by package or by AppConfig, with labels of their own."""

import sys
import zipfile
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

from lback import AppConfig
from lback.apps import Apps
from lback.apps import get_ready
from lback.apps import load_module
from lback.core.exceptions import AppBroken
from lback.core.exceptions import AppNotFound
from lback.core.exceptions import ConfigurationError

Write = Callable[[dict[str, str]], None]

OWN = """
from lback import AppConfig

class ShopConfig(AppConfig):
    label = "the_shop"

    def ready(self):
        self.is_ready = True
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Return a function that writes modules which can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)

    def write(files: dict[str, str]) -> None:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    yield write
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {"shop", "eshop", "outer", "zipped"}:
            del sys.modules[name]


def test_a_package_is_an_app(write: Write, tmp_path: Path) -> None:
    """A package has its name, the last part as label, and its folder."""
    write({"outer/__init__.py": "", "outer/shop/__init__.py": ""})
    app = Apps(["outer.shop"])["shop"]

    assert ("outer.shop", "shop", tmp_path / "outer/shop", AppConfig) == (
        app.name,
        app.label,
        app.path,
        type(app),
    )


def test_the_config_of_a_package_is_found(write: Write) -> None:
    """A package's only AppConfig is used without being named."""
    write({"shop/__init__.py": "", "shop/apps.py": OWN})
    app = Apps(["shop"])["the_shop"]

    assert ("shop", "ShopConfig") == (app.name, type(app).__name__)


def test_a_config_can_be_named(write: Write) -> None:
    """An entry may be the path of an AppConfig; its package is the app."""
    two = OWN + "\nclass Other(AppConfig):\n    label = 'other'\n"
    write({"shop/__init__.py": "", "shop/apps.py": two})

    assert ["shop"] == list(Apps(["shop.apps.Other"]).labels)


def test_a_config_may_name_its_package(write: Write) -> None:
    """An AppConfig that names another package is the config of that one."""
    named = OWN + "    name = 'eshop'\n"
    write({"shop/__init__.py": "", "shop/apps.py": named, "eshop/__init__.py": ""})

    assert ["eshop"] == list(Apps(["shop.apps.ShopConfig"]).labels)


def test_of_two_configs_none_is_guessed(write: Write) -> None:
    """A package with two AppConfigs of its own gets the plain one."""
    two = OWN + "\nclass Other(AppConfig):\n    label = 'other'\n"
    write({"shop/__init__.py": "", "shop/apps.py": two})

    assert AppConfig is type(Apps(["shop"])["shop"])


def test_an_imported_config_is_not_the_apps_own(write: Write) -> None:
    """An AppConfig that apps.py only imports is not taken for its own."""
    write(
        {
            "shop/__init__.py": "",
            "shop/apps.py": OWN,
            "eshop/__init__.py": "",
            "eshop/apps.py": "from shop.apps import ShopConfig\n",
        }
    )

    assert AppConfig is type(Apps(["eshop"])["eshop"])


def test_apps_keep_their_order(write: Write) -> None:
    """Apps are in the order of the setting."""
    write({"shop/__init__.py": "", "eshop/__init__.py": ""})
    apps = Apps(["shop", "eshop"])

    assert (["shop", "eshop"], 2) == ([app.label for app in apps], len(apps))


def test_an_app_shows_itself(write: Write) -> None:
    """The repr of an app has its class and its name."""
    write({"shop/__init__.py": "", "shop/apps.py": OWN})

    assert "<ShopConfig 'shop'>" == repr(Apps(["shop"])["the_shop"])


def test_an_unknown_label_is_an_error(write: Write) -> None:
    """Asking for an app that is not installed is an error that names the label."""
    with pytest.raises(AppNotFound, match="No installed app has the label 'shop'"):
        Apps([])["shop"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("nowhere", "there is no package 'nowhere'.*lback startapp nowhere"),
        ("shop.nowhere", "there is no package 'shop.nowhere'"),
        ("nowhere.apps.Config", "there is no package 'nowhere'"),
        ("shop.apps.Nowhere", "shop.apps has no AppConfig 'Nowhere'"),
        ("shop.apps.AppConfig", "shop.apps has no AppConfig 'AppConfig'"),
        ("shop.apps.NAME", "shop.apps has no AppConfig 'NAME'"),
        ("shop.apps", "which is a module. An app is a folder"),
    ],
)
def test_an_entry_that_is_no_app_is_refused(
    write: Write, entry: str, said: str
) -> None:
    """An entry that cannot be found is an error that names it and the remedy."""
    write({"shop/__init__.py": "", "shop/apps.py": OWN + "\nNAME = 5\n"})

    with pytest.raises(AppNotFound, match=f"INSTALLED_APPS names '{entry}'.*{said}"):
        Apps([entry])


def test_one_label_is_for_one_app(write: Write) -> None:
    """Two apps of a label are refused; an app may not be named twice."""
    write({"shop/__init__.py": ""})

    with pytest.raises(ConfigurationError, match="which share the label 'shop'"):
        Apps(["shop", "shop"])


@pytest.mark.parametrize(
    ("entry", "files"),
    [
        ("shop", {"shop/__init__.py": "1 / 0"}),
        ("shop", {"shop/__init__.py": "import no_such_module"}),
        ("shop", {"shop/__init__.py": "", "shop/apps.py": "1 / 0"}),
        ("shop", {"shop/__init__.py": "", "shop/apps.py": "import no_such_module"}),
        ("shop.apps.C", {"shop/__init__.py": "", "shop/apps.py": "1 / 0"}),
        ("shop", {"shop/__init__.py": "if"}),
    ],
)
def test_a_failing_package_is_blamed(
    write: Write, entry: str, files: dict[str, str]
) -> None:
    """An error inside the package or its apps.py names the app, file and line."""
    write(files)

    with pytest.raises(AppBroken, match=r"The app 'shop.* fails in .*shop/.*\.py:1\)"):
        Apps([entry])


def test_a_module_is_loaded(write: Write) -> None:
    """A module of an app is imported by name."""
    write({"shop/__init__.py": "", "shop/signals.py": "A = 5\n"})
    module = load_module(Apps(["shop"])["shop"], "signals")

    assert module is not None
    assert 5 == module.A


def test_a_module_may_be_a_package(write: Write) -> None:
    """A module of an app may be a folder."""
    write({"shop/__init__.py": "", "shop/models/__init__.py": "A = 5\n"})
    module = load_module(Apps(["shop"])["shop"], "models")

    assert module is not None
    assert 5 == module.A


def test_a_module_that_is_not_there_is_none(write: Write) -> None:
    """A module that an app does not have is None."""
    write({"shop/__init__.py": "", "shop/signals_old.py": "1 / 0"})

    assert load_module(Apps(["shop"])["shop"], "signals") is None


def test_an_app_may_be_in_a_zip_file(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app that is imported from a zip file has its modules found, or not."""
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("zipped/__init__.py", "")
        archive.writestr("zipped/signals.py", "A = 5\n")
    monkeypatch.syspath_prepend(str(tmp_path / "z.zip"))
    app = Apps(["zipped"])["zipped"]
    module = load_module(app, "signals")

    assert module is not None
    assert (5, None) == (module.A, load_module(app, "models"))


def test_an_app_may_lie_in_two_folders(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A namespace package has its modules found in any of its folders."""
    write({"a/shop/models.py": "A = 1\n", "b/shop/signals.py": "A = 5\n"})
    monkeypatch.syspath_prepend(str(tmp_path / "b"))
    monkeypatch.syspath_prepend(str(tmp_path / "a"))
    app = Apps(["shop"])["shop"]
    module = load_module(app, "signals")

    assert module is not None
    assert (5, None) == (module.A, load_module(app, "listeners"))


def test_ready_is_run(write: Write) -> None:
    """get_ready() runs the app's ready()."""
    write({"shop/__init__.py": "", "shop/apps.py": OWN})
    app = Apps(["shop"])["the_shop"]
    get_ready(app)

    assert vars(app)["is_ready"] is True


def test_the_plain_config_has_nothing_to_do(write: Write) -> None:
    """An app without a config of its own is ready at once."""
    write({"shop/__init__.py": ""})
    app = Apps(["shop"])["shop"]
    get_ready(app)

    assert {"name", "label", "path"} == vars(app).keys()


def test_a_failing_ready_is_blamed(write: Write) -> None:
    """An error in ready() names the app, file and line."""
    failing = OWN.replace("self.is_ready = True", "raise OSError('no disk')")
    write({"shop/__init__.py": "", "shop/apps.py": failing})

    with pytest.raises(AppBroken, match=r"'shop' fails in ready\(\): OSError: no disk"):
        get_ready(Apps(["shop"])["the_shop"])
