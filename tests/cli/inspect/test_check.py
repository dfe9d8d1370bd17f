"""`lback check`."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Lback = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[dict[str, str]], None]

GOOD = {
    "settings.py": "DEBUG = True\nROOT_URLCONF = 'urls'\nINSTALLED_APPS = ['shop']\n",
    "urls.py": "from lback import include\nurlpatterns = [include('shop.urls')]\n",
    "shop/__init__.py": "",
    "shop/apps.py": """
from pathlib import Path
from lback import AppConfig

class ShopConfig(AppConfig):
    def ready(self):
        Path("is_ready").touch()
""",
    "shop/urls.py": "urlpatterns = []\n",
    "shop/signals.py": "from lback import Signal\n"
    "order_paid = Signal('shop.order_paid')\n",
    "shop/listeners.py": "from lback import receiver\n"
    "@receiver('shop.order_paid')\ndef reserve(sender): pass\n",
}


@pytest.fixture
def project(write: Write, here: Path) -> Path:
    """Return the folder of a project without mistakes, which is the current one."""
    write(GOOD)
    return here


def test_no_mistakes_are_a_success(project: Path, lback: Lback) -> None:
    """A project without mistakes exits with 0, and no ready() was run."""
    done = lback("check")

    assert (0, "No mistakes found.\n", "", False) == (
        done.returncode,
        done.stdout,
        done.stderr,
        (project / "is_ready").exists(),
    )


@pytest.mark.usefixtures("project")
def test_no_mistakes_are_an_empty_list(lback: Lback) -> None:
    """--json of a project without mistakes is an empty list."""
    assert [] == json.loads(lback("check", "--json").stdout)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"settings.py": "DEBUG = 1 / 0"}, "settings.py:1"),
        ({"settings.py": "DEBUG = 'maybe'"}, "DEBUG"),
        (
            {"settings.py": "ALLOWED_HOSTS = ['a.example']"},
            "SECRET_KEY is not set",
        ),
        ({"settings.py": "DEBUG = True\nINSTALLED_APPS = ['shopp']"}, "shopp"),
        ({"settings.py": "DEBUG = True\nMIDDLEWARES = ['no.Such']"}, "no.Such"),
        ({"shop/urls.py": "1 / 0"}, "'shop.urls', which urls includes"),
        ({"urls.py": "urlpatterns = [5]"}, "urlpatterns of urls holds 5"),
        ({"shop/listeners.py": "\n1 / 0"}, "'shop' fails in listeners.py"),
        (
            {"shop/models.py": "import lback\nS = lback.Signal('shop.order_paid')"},
            "'shop.order_paid' is declared at",
        ),
        (
            {
                "shop/listeners.py": "from lback import receiver\n"
                "@receiver('shop.order_payed')\ndef reserve(sender): pass\n"
            },
            "No signal is called 'shop.order_payed', but it is received by shop.lis",
        ),
    ],
)
def test_a_mistake_is_found(
    write: Write, lback: Lback, files: dict[str, str], said: str
) -> None:
    """A mistake is named on a line of its own, and the exit code is 1."""
    write(files)
    done = lback("check")
    lines = done.stdout.splitlines()

    assert (1, "1 error, 0 warnings.", True, True) == (
        done.returncode,
        lines[-1],
        lines[0].startswith("error: "),
        said in lines[0],
    )


@pytest.mark.usefixtures("project")
def test_a_misspelt_signal_is_corrected(write: Write, lback: Lback) -> None:
    """A receiver of an undeclared name is told the near one, declared or documented."""
    write(
        {
            "shop/listeners.py": "from lback import receiver\n"
            "@receiver('shop.order_payd', 'cache_hits', 'zzz')\n"
            "def reserve(sender): pass\n"
        }
    )
    lines = lback("check").stdout.splitlines()
    hints = [line.partition("Did you mean ")[2] for line in lines[:3]]

    assert ["'shop.order_paid'?", "'cache_hit'?", ""] == hints


@pytest.mark.usefixtures("project")
def test_an_awaited_signal_is_a_warning(write: Write, lback: Lback) -> None:
    """A receiver of a documented name that nobody sends yet is a warning only."""
    write(
        {
            "shop/listeners.py": "from lback import receiver\n"
            "@receiver('user_login_failed')\ndef count(sender): pass\n"
        }
    )
    done = lback("check")

    assert (0, True, "0 errors, 1 warning.") == (
        done.returncode,
        done.stdout.startswith(
            "warning: Nothing sends 'user_login_failed' yet; it comes with"
        ),
        done.stdout.splitlines()[-1],
    )


@pytest.mark.usefixtures("project")
def test_a_misspelt_setting_is_a_warning(write: Write, lback: Lback) -> None:
    """A setting that looks like a slip of a known one is a warning."""
    write({"settings.py": f"{GOOD['settings.py']}\nALOWED_HOSTS = []\n"})
    done = lback("check")

    assert (0, True) == (done.returncode, "ALLOWED_HOSTS" in done.stdout)


MANY = {
    "settings.py": "DEBUG = True\nROOT_URLCONF = 'urls'\n"
    "INSTALLED_APPS = ['shop', 'mail', 'nowhere']\n",
    "urls.py": "from lback import include\n"
    "urlpatterns = [include('shop.urls'), include('mail.urls')]\n",
    "mail/__init__.py": "",
    "mail/urls.py": "1 / 0\n",
    "mail/signals.py": "from lback import Signal\nS = Signal('shop.order_paid')\n",
    "mail/listeners.py": "\n1 / 0\n",
    "shop/listeners.py": "from lback import receiver\n"
    "@receiver('shop.order_payed')\ndef reserve(sender): pass\n",
}


@pytest.mark.usefixtures("project")
def test_all_mistakes_are_found_in_one_run(write: Write, lback: Lback) -> None:
    """One mistake does not hide the others."""
    write(MANY)
    done = lback("check", "--json")
    findings = json.loads(done.stdout)

    assert (1, {"error"}, 5) == (
        done.returncode,
        {finding["level"] for finding in findings},
        len(findings),
    )


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "said",
    [
        "INSTALLED_APPS names 'nowhere'",
        "'mail' fails in listeners.py",
        "'shop.order_paid' is declared at",
        "The url module 'mail.urls', which urls includes",
        "No signal is called 'shop.order_payed'",
    ],
)
def test_each_of_many_mistakes_is_named(write: Write, lback: Lback, said: str) -> None:
    """Of several mistakes each is on a line of its own."""
    write(MANY)

    assert 1 == lback("check").stdout.count(said)


@pytest.mark.parametrize("module", ["signals", "models", "listeners", "urls"])
def test_a_module_that_exits_is_a_mistake(
    project: Path, write: Write, lback: Lback, module: str
) -> None:
    """A project module that calls sys.exit() does not make a check succeed."""
    write({f"shop/{module}.py": "import sys\nsys.exit(0)\n"})
    done = lback("check")

    assert 1 == done.returncode
    assert "it calls sys.exit(0)" in done.stdout
    assert f"shop/{module}.py:2" in done.stdout


def test_what_a_project_prints_is_not_in_the_answer(
    project: Path, write: Write, lback: Lback
) -> None:
    """Standard output is one JSON value, whatever the project prints."""
    write({"shop/signals.py": f"{GOOD['shop/signals.py']}print('hello')\n"})
    done = lback("check", "--json")

    assert [] == json.loads(done.stdout)
    assert "hello" in done.stderr
