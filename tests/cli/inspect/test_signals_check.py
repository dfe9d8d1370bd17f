"""`lback signals check`.

The corpus holds whole projects, one in each file: what is tricky about it, then its
files. In a faulty one ``#! rule`` stands at the end of each line where a rule has to
find something; in a clean one nothing may be found.
"""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Lback = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[dict[str, str]], None]

CORPUS = Path(__file__).parent / "corpus"
CLEAN = sorted(CORPUS.glob("clean/*.txt"))
FAULTY = sorted(CORPUS.glob("faulty/*.txt"))

_FILE = re.compile(r"^-- (\S+) --\n", re.MULTILINE)
_MARK = re.compile(r"#! (.+)$")


def files_of(project: Path) -> dict[str, str]:
    """Return the files of a project of the corpus."""
    _, *parts = _FILE.split(project.read_text(encoding="utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def marks_of(files: dict[str, str]) -> list[tuple[str, int, str]]:
    """Return file, line and rule of each finding that a project is to have."""
    return sorted(
        (name, number, rule)
        for name, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        for mark in _MARK.findall(line)
        for rule in mark.split()
    )


def found_in(done: subprocess.CompletedProcess[str]) -> list[tuple[str, int, str]]:
    """Return file, line and rule of each finding that was printed as JSON."""
    here = Path.cwd()
    return sorted(
        (Path(row["file"]).relative_to(here).as_posix(), row["line"], row["id"])
        for row in json.loads(done.stdout)
    )


@pytest.mark.parametrize("project", CLEAN, ids=lambda path: path.stem)
def test_a_clean_project_raises_no_alarm(
    project: Path, write: Write, lback: Lback
) -> None:
    """Nothing is found in a project that does everything right."""
    write(files_of(project))
    done = lback("signals", "check", "--json")

    assert (0, []) == (done.returncode, json.loads(done.stdout)), done.stderr


@pytest.mark.parametrize("project", FAULTY, ids=lambda path: path.stem)
def test_each_rule_fires_exactly_where_it_should(
    project: Path, write: Write, lback: Lback
) -> None:
    """In a faulty project every mistake is found, and nothing else."""
    files = files_of(project)
    write(files)
    done = lback("signals", "check", "--json")

    assert marks_of(files) == found_in(done), done.stdout


SHOP = {
    "settings.py": "DEBUG = True\nINSTALLED_APPS = ['shop']\n",
    "shop/__init__.py": "",
    "shop/signals.py": """
from typing import NamedTuple
from lback import Signal

class OrderPaid(NamedTuple):
    order_id: int

order_paid = Signal("shop.order_paid", payload=OrderPaid)
order_lost = Signal("shop.order_lost")
""",
    "shop/listeners.py": """
from lback import receiver

@receiver("shop.order_paid")
def reserve(sender):
    pass
""",
    "shop/views.py": """
from shop.signals import order_lost, order_paid

def pay():
    order_paid.send("views", id=1)
    order_lost.send("views")
""",
}
BLIND = (
    "Not seen in the source: signals reached through getattr, containers, parameters "
    "or attributes of objects, and names that are built at run time.\n"
)
WRONG = (
    "shop/views.py:5: 'shop.order_paid' is sent with wrong fields: 'id' is not "
    "declared, 'order_id' is missing. OrderPaid declares: order_id."
)
UNHEARD = (
    "shop/signals.py:9: Nobody receives 'shop.order_lost'. Connect a receiver in an "
    "app's listeners.py, or take the declaration out."
)


def test_findings_are_told_with_level_place_and_rule(
    write: Write, lback: Lback
) -> None:
    """Each finding is one line; then their numbers and what is not seen."""
    write(SHOP)
    done = lback("signals", "check")

    assert (
        1,
        f"warning: {UNHEARD} (never-received)\n"
        f"error: {WRONG} (wrong-fields)\n"
        "Errors: 1. Warnings: 1.\n" + BLIND,
        "",
    ) == (done.returncode, done.stdout, done.stderr)


def test_json_has_the_documented_keys(write: Write, here: Path, lback: Lback) -> None:
    """--json prints a list of objects with all keys."""
    write(SHOP)
    done = lback("signals", "check", "--json")

    assert [
        {
            "id": "never-received",
            "level": "warning",
            "text": UNHEARD,
            "file": str(here / "shop/signals.py"),
            "line": 9,
        },
        {
            "id": "wrong-fields",
            "level": "error",
            "text": WRONG,
            "file": str(here / "shop/views.py"),
            "line": 5,
        },
    ] == json.loads(done.stdout)


MISSPELT = """
from lback import receiver

@receiver("shop.order_paid")
def reserve(sender):
    pass

@receiver("shop.order_loost", before="shop.resreve")
def note(sender):
    pass

@receiver("zzz", after="shop.countt")
def count(sender):
    pass
"""


def test_the_nearest_name_is_told(write: Write, lback: Lback) -> None:
    """A misspelt name comes with the one that was probably meant, if one is near."""
    write({**SHOP, "shop/listeners.py": MISSPELT})
    done = lback("signals", "check", "--json")
    texts = [row["text"] for row in json.loads(done.stdout)]

    assert [
        (
            "shop/listeners.py:8: 'shop.order_loost' is received, but no signal is "
            "called so. Did you mean 'shop.order_lost'? Correct the name, or declare "
            "the signal."
        ),
        (
            "shop/listeners.py:8: before='shop.resreve' of shop.listeners.note names "
            "no receiver and changes nothing. Did you mean 'shop.reserve'? Correct the "
            "name, or take it out."
        ),
        (
            "shop/listeners.py:12: 'zzz' is received, but no signal is called so. "
            "Correct the name, or declare the signal."
        ),
        (
            "shop/listeners.py:12: after='shop.countt' of shop.listeners.count names "
            "no receiver and changes nothing. Correct the name, or take it out."
        ),
    ] == texts[:4]


def test_warnings_alone_are_no_failure(write: Write, lback: Lback) -> None:
    """Without an error the exit code is 0."""
    write({**SHOP, "shop/views.py": SHOP["shop/views.py"].replace(" id", " order_id")})
    done = lback("signals", "check")

    assert (0, True) == (done.returncode, "Errors: 0. Warnings: 1.\n" in done.stdout)


@pytest.mark.parametrize("rule", ["never-sent", "never-received"])
def test_the_frameworks_signals_are_not_judged(
    write: Write, lback: Lback, rule: str
) -> None:
    """That a signal of Lback is not used is no finding."""
    write({"settings.py": "DEBUG = True\nINSTALLED_APPS = []\n"})
    done = lback("signals", "check")

    assert (0, f"No mistakes found.\n{BLIND}") == (done.returncode, done.stdout)
    assert rule not in done.stdout


def test_what_start_up_says_comes_first(write: Write, lback: Lback) -> None:
    """A project that does not start is told, and its source is judged all the same."""
    heard = SHOP["shop/listeners.py"]
    write(
        {
            **SHOP,
            "shop/listeners.py": f"{heard}\n1 / 0\n",
            "shop/receivers.py": heard,
        }
    )
    done = lback("signals", "check")
    first, *others = done.stdout.splitlines()

    assert (1, True, ["never-received", "wrong-fields"]) == (
        done.returncode,
        first.startswith("error: The app 'shop' fails in listeners.py: ZeroDivision")
        and first.endswith("(start-up)"),
        [line.rpartition("(")[2].rstrip(")") for line in others[:-2]],
    )


def test_receivers_that_can_never_be_called_are_told(
    write: Write, lback: Lback
) -> None:
    """A receiver that start-up refuses is an error."""
    write(
        {
            **SHOP,
            "shop/listeners.py": "from lback import receiver\n"
            "from shop.signals import order_paid\n"
            "@receiver(order_paid)\ndef reserve(sender, number):\n    pass\n",
        }
    )
    done = lback("signals", "check", "--json")
    first = json.loads(done.stdout)[0]

    assert ("start-up", "error", None, True) == (
        first["id"],
        first["level"],
        first["file"],
        "wants 'number'" in first["text"],
    )


def test_settings_that_do_not_run_are_the_one_finding(
    write: Write, lback: Lback
) -> None:
    """Where nothing can be loaded, that is the one thing that is told."""
    write({**SHOP, "settings.py": "1 / 0\n"})
    done = lback("signals", "check", "--json")

    assert (1, ["start-up"]) == (
        done.returncode,
        [row["id"] for row in json.loads(done.stdout)],
    )


def test_nothing_is_made_ready(write: Write, here: Path, lback: Lback) -> None:
    """A check runs no ready()."""
    write(
        {
            **SHOP,
            "shop/apps.py": "from pathlib import Path\nfrom lback import AppConfig\n"
            "class ShopConfig(AppConfig):\n"
            "    def ready(self):\n        Path('is_ready').touch()\n",
        }
    )
    lback("signals", "check")

    assert not (here / "is_ready").exists()


def test_a_file_in_no_known_encoding_may_mean_anything(
    write: Write, here: Path, lback: Lback
) -> None:
    """What such a file mentions may be used there; that it is not read is told."""
    write(SHOP)
    (here / "shop/old.py").write_bytes(b"name = '\xe9'\norder_lost.connect(print)\n")
    done = lback("signals", "check", "--json")

    assert (["wrong-fields"], True) == (
        [row["id"] for row in json.loads(done.stdout)],
        done.stderr.startswith("warning: shop/old.py:1 could not be read ("),
    )


def test_a_file_in_another_encoding_is_read(
    write: Write, here: Path, lback: Lback
) -> None:
    """A file that names its encoding is read like any other."""
    write(SHOP)
    (here / "shop/old.py").write_bytes(
        b"# coding: latin-1\nfrom shop.signals import order_paid\n"
        b"order_paid.send('\xe9', number=1)\n"
    )
    done = lback("signals", "check", "--json")
    files = [row["file"] for row in json.loads(done.stdout)]

    assert (str(here / "shop/old.py"), "") == (files[0], done.stderr)


def test_somebody_elses_app_is_not_judged(
    write: Write, here: Path, lback: Lback, own_process: pytest.MonkeyPatch
) -> None:
    """What an installed package does is no finding, but it counts."""
    write(
        {
            "settings.py": "DEBUG = True\nINSTALLED_APPS = ['shop']\n",
            **{f"lib/{name}": text for name, text in SHOP.items()},
            "lib/shop/receivers.py": SHOP["shop/listeners.py"],
        }
    )
    own_process.syspath_prepend(here / "lib")
    own_process.setattr("lback.core._blame._LIBRARIES", (str(here / "lib"),))
    done = lback("signals", "check", "--json")

    assert [] == json.loads(done.stdout)
