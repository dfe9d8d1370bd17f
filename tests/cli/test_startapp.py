"""``lback startapp``: an app that works without a hand edit."""

import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Lback = Callable[..., subprocess.CompletedProcess[str]]
Spawn = Callable[..., subprocess.Popen[str]]
Snapshot = Callable[[Path], dict[str, tuple[int, bytes]]]

FILES = {
    "__init__.py",
    "apps.py",
    "listeners.py",
    "models.py",
    "signals.py",
    "templates/orders/entries.html",
    "templates/orders/index.html",
    "tests/__init__.py",
    "tests/test_orders.py",
    "urls.py",
    "views.py",
}
NEXT = (
    "The app's model needs a table. Next:\n\n  lback makemigrations\n  lback migrate\n"
)
NO_DATABASE = (
    "The project has no database for the app's model. Add to settings.py:\n"
    '    DATABASES = {"default": "sqlite:///db.sqlite3"}\n'
)
TRAP = "\nraise SystemExit('startapp ran the project')\n"


def files_under(folder: Path) -> set[str]:
    """Name the files under *folder*."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_app_has_every_file(shop: Path, lback: Lback) -> None:
    """A new app is a folder of its name with one module for each purpose."""
    outcome = lback("startapp", "orders")

    assert 0 == outcome.returncode
    assert FILES == files_under(shop / "orders")
    assert (
        "Created orders (11 files).\n"
        "Wired it into settings.py and shop/urls.py.\n"
        f"{NEXT}"
    ) == outcome.stdout


def test_app_is_wired_and_nothing_else_changes(shop: Path, lback: Lback) -> None:
    """Settings and urls gain exactly the lines that the app needs."""
    settings = (shop / "settings.py").read_text()
    urls = (shop / "shop" / "urls.py").read_text()

    lback("startapp", "orders")

    assert (
        settings.replace('    "shop",\n', '    "shop",\n    "orders",\n')
        == (shop / "settings.py").read_text()
    )
    assert (
        urls.replace("import path", "import include, path").replace(
            'name="home"),\n',
            'name="home"),\n    include("orders.urls", prefix="/orders"),\n',
        )
        == (shop / "shop" / "urls.py").read_text()
    )


def test_several_apps_stand_in_the_order_of_their_making(
    shop: Path, lback: Lback
) -> None:
    """Each further app comes last in settings and urls."""
    lback("startapp", "orders")
    lback("startapp", "blog")
    lback("startapp", "mail")

    assert (
        '    "shop",\n    "orders",\n    "blog",\n    "mail",\n]'
        in (shop / "settings.py").read_text()
    )
    assert (
        (shop / "shop" / "urls.py")
        .read_text()
        .endswith(
            '    include("orders.urls", prefix="/orders"),\n'
            '    include("blog.urls", prefix="/blog"),\n'
            '    include("mail.urls", prefix="/mail"),\n]\n'
        )
    )


def test_app_hears_the_projects_own_signal(shop: Path, lback: Lback) -> None:
    """A new app listens to the home page, so that opening it shows another app."""
    lback("startapp", "orders")

    text = (shop / "orders" / "listeners.py").read_text()
    assert "from shop.signals import page_opened\n" in text
    assert "@receiver(page_opened)\n" in text


@pytest.mark.parametrize("module", ["signals.py", "wsgi.py"])
def test_app_does_not_build_on_what_is_gone(
    shop: Path, lback: Lback, module: str
) -> None:
    """Where the project has dropped its example the app stands on its own."""
    (shop / "shop" / module).write_text("")

    lback("startapp", "orders")

    assert FILES == files_under(shop / "orders")
    assert "shop" not in (shop / "orders" / "listeners.py").read_text()
    assert "shop" not in (shop / "orders" / "tests" / "test_orders.py").read_text()


def test_project_is_found_from_below(
    shop: Path, lback: Lback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a folder inside the project the app goes into the project's folder."""
    monkeypatch.chdir(shop / "shop")

    lback("startapp", "orders")

    assert FILES == files_under(shop / "orders")


def test_outside_a_project_nothing_is_made(
    here: Path, lback: Lback, snapshot: Snapshot
) -> None:
    """Without settings.py the command says where it looked and ends with 1."""
    outcome = lback("startapp", "orders")

    assert 1 == outcome.returncode
    assert "settings.py" in outcome.stderr
    assert {} == snapshot(here)


def test_manage_py_is_the_same_program(shop: Path, spawn: Spawn, here: Path) -> None:
    """manage.py makes an app of its own project, wherever it is started."""
    run = spawn(here.parent, str(shop / "manage.py"), "startapp", "orders")
    out, err = run.communicate(timeout=60)

    assert (0, "") == (run.returncode, err)
    assert "Created orders (11 files)." in out
    assert FILES == files_under(shop / "orders")


def test_project_is_not_run(shop: Path, spawn: Spawn) -> None:
    """A project that would fail when imported can still be given an app."""
    for path in ("settings.py", "shop/__init__.py", "shop/urls.py", "shop/signals.py"):
        with (shop / path).open("a") as file:
            file.write(TRAP)

    run = spawn(shop, "manage.py", "startapp", "orders")
    out, err = run.communicate(timeout=60)

    assert (0, "") == (run.returncode, err)
    assert "Wired it into settings.py and shop/urls.py." in out


def test_second_run_changes_nothing(
    shop: Path, lback: Lback, snapshot: Snapshot
) -> None:
    """An app that is there is never written over or wired twice."""
    lback("startapp", "orders")
    before = snapshot(shop)

    outcome = lback("startapp", "orders")

    assert 1 == outcome.returncode
    assert "lback: The app 'orders' already exists. Nothing was changed.\n" == (
        outcome.stderr
    )
    assert before == snapshot(shop)


@pytest.mark.parametrize(
    "name",
    [
        *("../x", "/abs", "a/b", ".", "", "class", "json", "test", "1x", "sh\u043ep"),
        *("CON", "a" * 200, "a\nb", "{{7*7}}", "settings", "manage", "click"),
        *("shop", "Shop", "static"),
    ],
)
def test_bad_name_changes_nothing(
    shop: Path, lback: Lback, snapshot: Snapshot, name: str
) -> None:
    """A name that cannot work, or that the project has, ends with 2 and one line."""
    before = snapshot(shop)

    outcome = lback("startapp", "--", name)

    assert 2 == outcome.returncode
    assert 1 == len(outcome.stderr.splitlines())
    assert before == snapshot(shop)


@pytest.mark.parametrize("taken", ["orders.py", "Orders.py", "orders/", "orders.so"])
def test_name_of_a_neighbour_is_refused(
    shop: Path, lback: Lback, snapshot: Snapshot, taken: str
) -> None:
    """An app may not hide a module or folder of the project."""
    if taken.endswith("/"):
        (shop / taken).mkdir()
    else:
        (shop / taken).write_text("")
    before = snapshot(shop)

    outcome = lback("startapp", "orders")

    assert 2 == outcome.returncode
    assert f"the project has {taken.rstrip('/')!r} already" in outcome.stderr
    assert before == snapshot(shop)


def test_no_wire_leaves_the_project_alone(
    shop: Path, lback: Lback, snapshot: Snapshot
) -> None:
    """With --no-wire the app is made and what to add is printed."""
    before = snapshot(shop)

    outcome = lback("startapp", "orders", "--no-wire")

    after = snapshot(shop)
    assert 0 == outcome.returncode
    assert before == {path: after[path] for path in before}
    assert FILES == files_under(shop / "orders")
    assert 'INSTALLED_APPS = [*INSTALLED_APPS, "orders"]' in outcome.stdout
    assert 'urlpatterns = [*urlpatterns, include("orders.urls", prefix="/orders")]' in (
        outcome.stdout
    )


@pytest.mark.parametrize("options", [["--dry-run"], ["--dry-run", "--no-wire"]])
def test_dry_run_writes_nothing(
    shop: Path, lback: Lback, snapshot: Snapshot, options: list[str]
) -> None:
    """With --dry-run the disk stays as it is."""
    before = snapshot(shop)

    outcome = lback("startapp", "orders", *options)

    assert 0 == outcome.returncode
    assert "Would create orders/listeners.py\n" in outcome.stdout
    assert before == snapshot(shop)


def test_dry_run_shows_the_lines_to_come(shop: Path, lback: Lback) -> None:
    """With --dry-run every changed line is shown."""
    outcome = lback("startapp", "orders", "--dry-run")

    assert outcome.stdout.endswith(
        "Would change settings.py:\n"
        '    +     "orders",\n'
        "Would change shop/urls.py:\n"
        "    - from lback import path\n"
        "    + from lback import include, path\n"
        '    +     include("orders.urls", prefix="/orders"),\n'
    )


def test_unusual_settings_are_left_to_the_user(shop: Path, lback: Lback) -> None:
    """Settings of an unusual shape stay as they are; the line to add is printed."""
    text = 'ROOT_URLCONF = "shop.urls"\nINSTALLED_APPS = BASE + ["shop"]\n'
    (shop / "settings.py").write_text(text)

    outcome = lback("startapp", "orders")

    assert 0 == outcome.returncode
    assert text == (shop / "settings.py").read_text()
    assert (
        "Wired it into shop/urls.py.\n"
        "settings.py is left as it is: INSTALLED_APPS is not a plain list. "
        "To wire the app, add:\n"
        '    INSTALLED_APPS = [*INSTALLED_APPS, "orders"]\n'
    ) in outcome.stdout


def test_unusual_urls_are_left_to_the_user(shop: Path, lback: Lback) -> None:
    """Urls of an unusual shape stay as they are; the lines to add are printed."""
    (shop / "shop" / "urls.py").write_text("urlpatterns = make()\n")

    outcome = lback("startapp", "orders")

    assert 0 == outcome.returncode
    assert "urlpatterns = make()\n" == (shop / "shop" / "urls.py").read_text()
    assert (
        "shop/urls.py is left as it is: urlpatterns is not a plain list. "
        "To wire the app, add:\n"
        "    from lback import include\n"
        '    urlpatterns = [*urlpatterns, include("orders.urls", prefix="/orders")]\n'
    ) in outcome.stdout


def test_urls_that_cannot_be_found_are_left_to_the_user(
    shop: Path, lback: Lback
) -> None:
    """Where settings do not say plainly where the urls are, the user is told."""
    (shop / "settings.py").write_text("INSTALLED_APPS = []\nROOT_URLCONF = f()\n")

    outcome = lback("startapp", "orders")

    assert 0 == outcome.returncode
    assert "ROOT_URLCONF in settings.py does not lead to it" in outcome.stdout


def test_unreadable_settings_are_one_sentence(shop: Path, lback: Lback) -> None:
    """A settings.py that is no file ends with 1 and one line."""
    (shop / "settings.py").unlink()
    (shop / "settings.py").mkdir()

    outcome = lback("startapp", "orders", root=shop)

    assert 1 == outcome.returncode
    assert 1 == len(outcome.stderr.splitlines())
    assert not (shop / "orders").exists()


def test_full_disk_changes_nothing(
    shop: Path, spawn: Spawn, snapshot: Snapshot
) -> None:
    """When a file cannot be written the project stays as it was."""
    limit = ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh"]
    before = snapshot(shop)

    run = spawn(shop, "-B", "manage.py", "startapp", "orders", before=limit)
    _, err = run.communicate(timeout=60)

    assert 1 == run.returncode
    assert "File too large. Nothing was changed" in err
    assert before == snapshot(shop)


def test_of_many_runs_at_once_one_wins(shop: Path, spawn: Spawn) -> None:
    """Runs at the same moment for one app: it is made and wired exactly once."""
    runs = [spawn(shop, "manage.py", "startapp", "orders") for _ in range(5)]

    for run in runs:
        run.communicate(timeout=60)

    assert [0, 1, 1, 1, 1] == sorted(run.returncode for run in runs)
    assert 1 == (shop / "settings.py").read_text().count('"orders"')
    assert FILES == files_under(shop / "orders")
    assert [] == list(shop.rglob("*lback-new*"))


def test_modes_are_ordinary(shop: Path, lback: Lback, snapshot: Snapshot) -> None:
    """Every file of an app is 0644 and every folder 0755."""
    lback("startapp", "orders")

    assert {stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755} == {
        mode for mode, _ in snapshot(shop / "orders").values()
    }


@pytest.mark.parametrize("file", ["orders.txt", "orders.sqlite3", "orders.json"])
def test_a_file_that_is_no_module_is_in_nobodys_way(
    lback: Lback, shop: Path, file: str
) -> None:
    """Only modules and folders of the project take a name."""
    (shop / file).touch()

    assert 0 == lback("startapp", "orders").returncode


@pytest.mark.parametrize(
    "settings",
    [
        'INSTALLED_APPS = ["shop"]\nROOT_URLCONF = "shop.urls"\n',
        'DATABASES: dict = {}\nINSTALLED_APPS = ["shop"]\nROOT_URLCONF = "shop.urls"\n',
    ],
)
def test_a_project_without_a_database_gets_a_note(
    shop: Path, lback: Lback, settings: str
) -> None:
    """The app is made all the same, and the line that its model needs is printed."""
    (shop / "settings.py").write_text(settings)

    outcome = lback("startapp", "orders")

    assert 0 == outcome.returncode
    assert FILES == files_under(shop / "orders")
    assert outcome.stdout.endswith(f"{NO_DATABASE}{NEXT}")


@pytest.mark.parametrize(
    "line", ["from base import *", "DATABASES = read()", "DATABASES = dict(x='y')"]
)
def test_what_cannot_be_read_may_be_a_database(
    shop: Path, lback: Lback, line: str
) -> None:
    """Settings that are taken from elsewhere, or computed, get no note."""
    text = f'{line}\nINSTALLED_APPS = ["shop"]\nROOT_URLCONF = "shop.urls"\n'
    (shop / "settings.py").write_text(text)

    assert NO_DATABASE not in lback("startapp", "orders").stdout
