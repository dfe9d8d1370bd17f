"""Apps are added to settings and urls as text, and nothing else changes."""

from pathlib import Path

import pytest

from lback_cli._splice import UnusualShape
from lback_cli._wiring import add_include
from lback_cli._wiring import add_installed_app
from lback_cli._wiring import declared_names
from lback_cli._wiring import project_package

LONG = "a" * 60

APPS = [
    ('INSTALLED_APPS = ["shop"]\n', 'INSTALLED_APPS = ["shop", "orders"]\n'),
    ('INSTALLED_APPS = ["shop",]\n', 'INSTALLED_APPS = ["shop", "orders"]\n'),
    ("INSTALLED_APPS = ['shop']\n", "INSTALLED_APPS = ['shop', 'orders']\n"),
    ("INSTALLED_APPS = []\n", 'INSTALLED_APPS = ["orders"]\n'),
    ("INSTALLED_APPS = ()\n", 'INSTALLED_APPS = ("orders",)\n'),
    ('INSTALLED_APPS = ("shop",)', 'INSTALLED_APPS = ("shop", "orders")'),
    ('INSTALLED_APPS = (["shop"])\n', 'INSTALLED_APPS = (["shop", "orders"])\n'),
    (
        'INSTALLED_APPS: list[str] = ["shop"]  # mine\n',
        'INSTALLED_APPS: list[str] = ["shop", "orders"]  # mine\n',
    ),
    (
        'INSTALLED_APPS = [\n    "shop",\n]\n',
        'INSTALLED_APPS = [\n    "shop",\n    "orders",\n]\n',
    ),
    (
        'INSTALLED_APPS = [\n    "shop"\n]\n',
        'INSTALLED_APPS = [\n    "shop",\n    "orders"\n]\n',
    ),
    (
        'INSTALLED_APPS = [\n\t"shop",  # first, yes\n\t# "debug",\n]\n',
        'INSTALLED_APPS = [\n\t"shop",  # first, yes\n\t"orders",\n\t# "debug",\n]\n',
    ),
    (
        'INSTALLED_APPS = [\n    "shop"  # no, comma\n]\n',
        'INSTALLED_APPS = [\n    "shop",  # no, comma\n    "orders"\n]\n',
    ),
    (
        'INSTALLED_APPS = [\n    "shop",\n    "blog"]\n',
        'INSTALLED_APPS = [\n    "shop",\n    "blog",\n    "orders"]\n',
    ),
    (
        'INSTALLED_APPS = ["shop",\n                  "blog"]\n',
        (
            'INSTALLED_APPS = ["shop",\n                  "blog",\n'
            '                  "orders"]\n'
        ),
    ),
    (
        "INSTALLED_APPS = [\n    # none yet\n]\n",
        'INSTALLED_APPS = [\n    "orders",\n    # none yet\n]\n',
    ),
    (
        'INSTALLED_APPS = [\r\n    "shop",\r\n]\r\n',
        'INSTALLED_APPS = [\r\n    "shop",\r\n    "orders",\r\n]\r\n',
    ),
    (
        '\ufeffINSTALLED_APPS = ["sh\u00f6p", "\U0001f600"]  # \u00fc',
        '\ufeffINSTALLED_APPS = ["sh\u00f6p", "\U0001f600", "orders"]  # \u00fc',
    ),
    (
        'X = "\x0c \u2028"\nINSTALLED_APPS = ["shop"]\n',
        'X = "\x0c \u2028"\nINSTALLED_APPS = ["shop", "orders"]\n',
    ),
    (
        'INSTALLED_APPS = [("shop")  # x)\n    , # y\n]\n',
        'INSTALLED_APPS = [("shop")  # x)\n    , "orders" # y\n]\n',
    ),
    (
        'INSTALLED_APPS = ["shop"]\nif DEBUG:\n    INSTALLED_APPS += ["bar"]\n',
        (
            'INSTALLED_APPS = ["shop", "orders"]\nif DEBUG:\n'
            '    INSTALLED_APPS += ["bar"]\n'
        ),
    ),
    ("INSTALLED_APPS = 'a', 'b'\n", "INSTALLED_APPS = 'a', 'b', 'orders'\n"),
    (
        'A = 1; INSTALLED_APPS = ["shop"]; B = 2\n',
        'A = 1; INSTALLED_APPS = ["shop", "orders"]; B = 2\n',
    ),
    (
        '# -*- coding: utf-8 -*-\nINSTALLED_APPS = ["shop"]\n',
        '# -*- coding: utf-8 -*-\nINSTALLED_APPS = ["shop", "orders"]\n',
    ),
]

UNUSUAL_APPS = [
    "",
    "DEBUG = True\n",
    'INSTALLED_APPS = ["a"]\nINSTALLED_APPS = ["b"]\n',
    'INSTALLED_APPS = ["a"] + MORE\n',
    'INSTALLED_APPS = [*BASE, "a"]\n',
    'INSTALLED_APPS = list(("a",))\n',
    'INSTALLED_APPS = [name for name in ("a",)]\n',
    'INSTALLED_APPS = ("a"), ("b")\n',
    'INSTALLED_APPS = APPS = ["a"]\n',
    'INSTALLED_APPS, X = ["a"], 1\n',
    "INSTALLED_APPS: list[str]\n",
    'INSTALLED_APPS = ["a"]\nINSTALLED_APPS += MORE\n',
    'INSTALLED_APPS = ["a"]\nINSTALLED_APPS.append("b")\n',
    'INSTALLED_APPS = ["a"]\ndel INSTALLED_APPS[0]\n',
    'INSTALLED_APPS = ["a"]\ndef f():\n    global INSTALLED_APPS\n',
    'INSTALLED_APPS = ["a"]\nfrom .local import INSTALLED_APPS\n',
    'INSTALLED_APPS = ["a"]\nimport x as INSTALLED_APPS\n',
    'if True:\n    INSTALLED_APPS = ["a"]\n',
    'INSTALLED_APPS = ["a"\n',
    "INSTALLED_APPS = []\x00\n",
    '# coding: latin-1\nINSTALLED_APPS = ["a"]\n',
]

URLS = [
    (
        "from lback import path\nurlpatterns = [\n    path('/', home),\n]\n",
        (
            "from lback import include, path\nurlpatterns = [\n    path('/', home),\n"
            "    include('orders.urls', prefix='/orders'),\n]\n"
        ),
    ),
    (
        "from lback import include, path\nurlpatterns = []\n",
        (
            "from lback import include, path\n"
            'urlpatterns = [include("orders.urls", prefix="/orders")]\n'
        ),
    ),
    (
        "from lback import Request\nurlpatterns = []\n",
        (
            "from lback import Request, include\n"
            'urlpatterns = [include("orders.urls", prefix="/orders")]\n'
        ),
    ),
    (
        "from lback import (\n    Request,\n    path,  # p\n)\nurlpatterns = []\n",
        (
            "from lback import (\n    Request,\n    include,\n    path,  # p\n)\n"
            'urlpatterns = [include("orders.urls", prefix="/orders")]\n'
        ),
    ),
    (
        "from lback import (\n    Request,\n    Response\n)\nurlpatterns = []\n",
        (
            "from lback import (\n    Request,\n    Response,\n    include\n)\n"
            'urlpatterns = [include("orders.urls", prefix="/orders")]\n'
        ),
    ),
    (
        "from lback.core.urls_utils import path\nurlpatterns = []\n",
        (
            "from lback.core.urls_utils import include, path\n"
            'urlpatterns = [include("orders.urls", prefix="/orders")]\n'
        ),
    ),
    (
        "from lback import Request\nfrom lback import path\nurlpatterns = []\n",
        (
            "from lback import Request\nfrom lback import include\n"
            "from lback import path\n"
            'urlpatterns = [include("orders.urls", prefix="/orders")]\n'
        ),
    ),
    (
        "from lback import Request\nfrom lback import Response\nurlpatterns = []\n",
        (
            "from lback import Request\nfrom lback import Response\n"
            "from lback import include\n"
            'urlpatterns = [include("orders.urls", prefix="/orders")]\n'
        ),
    ),
    (
        "from lback import *\nurlpatterns = ()\n",
        (
            "from lback import *\n"
            'urlpatterns = (include("orders.urls", prefix="/orders"),)\n'
        ),
    ),
    (
        '"""Urls."""\n\nfrom __future__ import annotations\n\nurlpatterns = []\n',
        (
            '"""Urls."""\n\nfrom __future__ import annotations\n\n'
            "from lback import include\n\n"
            'urlpatterns = [include("orders.urls", prefix="/orders")]\n'
        ),
    ),
    (
        "#!/usr/bin/python\n# c\nurlpatterns = []\n",
        (
            "#!/usr/bin/python\n# c\nfrom lback import include\n\n"
            'urlpatterns = [include("orders.urls", prefix="/orders")]\n'
        ),
    ),
    (
        "import lback\r\nurlpatterns = []\r\n",
        (
            "from lback import include\r\n\r\nimport lback\r\n"
            'urlpatterns = [include("orders.urls", prefix="/orders")]\r\n'
        ),
    ),
]

UNUSUAL_URLS = [
    "urlpatterns = make()\n",
    "def include(x):\n    return x\nurlpatterns = []\n",
    "from other import include\nurlpatterns = []\n",
    "from other import x as include\nurlpatterns = []\n",
    "include = 3\nurlpatterns = []\n",
    "from lback import path as include\nurlpatterns = []\n",
    "@decorated\ndef home(): ...\nurlpatterns = []\n",
]


@pytest.mark.parametrize(("before", "after"), APPS)
def test_app_is_added_in_the_files_own_way(before: str, after: str) -> None:
    """The new app stands last in the list, written as its neighbours are."""
    result = add_installed_app(before.encode(), "orders")

    assert after == result.decode()


@pytest.mark.parametrize(
    "source",
    [
        'INSTALLED_APPS = ["shop", "orders"]\n',
        'INSTALLED_APPS = ["orders.apps.OrdersConfig"]\n',
        'INSTALLED_APPS = ["shop"]\nif DEBUG:\n    INSTALLED_APPS += ["orders"]\n',
    ],
)
def test_installed_app_is_not_added_again(source: str) -> None:
    """A list that names the app already stays as it is."""
    assert source.encode() == add_installed_app(source.encode(), "orders")


@pytest.mark.parametrize("source", UNUSUAL_APPS)
def test_unusual_settings_are_refused(source: str) -> None:
    """Where it is not certain what the list will be, nothing is changed."""
    with pytest.raises(UnusualShape):
        add_installed_app(source.encode(), "orders")


def test_bytes_that_are_not_utf8_are_refused() -> None:
    """A file in another encoding is left alone, declared or not."""
    with pytest.raises(UnusualShape):
        add_installed_app(b'INSTALLED_APPS = ["sh\xf6p"]\n', "orders")


@pytest.mark.filterwarnings("error")
def test_warnings_of_the_users_file_are_not_repeated() -> None:
    """An old escape sequence in settings.py is no business of startapp."""
    result = add_installed_app(b'INSTALLED_APPS = []\nX = "\\d"\n', "orders")

    assert result.endswith(b'X = "\\d"\n')


@pytest.mark.parametrize(("before", "after"), URLS)
def test_urls_are_included_and_include_is_imported(before: str, after: str) -> None:
    """The app is mounted at its name, and the import is put where it belongs."""
    result = add_include(before.encode(), "orders")

    assert after == result.decode()


def test_included_urls_are_not_included_again() -> None:
    """Urls that mount the app already stay as they are."""
    source = (
        b'from lback import include\nurlpatterns = [include("orders.urls", "/o")]\n'
    )

    assert source == add_include(source, "orders")


@pytest.mark.parametrize("source", UNUSUAL_URLS)
def test_unusual_urls_are_refused(source: str) -> None:
    """Where the list or the name include is in doubt, nothing is changed."""
    with pytest.raises(UnusualShape):
        add_include(source.encode(), "orders")


def test_long_entry_is_folded() -> None:
    """An entry that is too long for a line is written as a formatter would."""
    source = b"from lback import path\n\nurlpatterns = [\n    path('/', home),\n]\n"

    result = add_include(source, LONG)

    assert (
        f"    include(\n        '{LONG}.urls',\n        prefix='/{LONG}',\n    ),\n"
    ) in result.decode()


@pytest.mark.parametrize(
    ("source", "package"),
    [
        ('ROOT_URLCONF = "shop.urls"\n', "shop"),
        ('ROOT_URLCONF: str = "shop.urls"\n', "shop"),
        ("ROOT_URLCONF = make()\n", None),
        ('ROOT_URLCONF = "urls"\n', None),
        ('ROOT_URLCONF = "a.b.urls"\n', "a.b"),
        ('ROOT_URLCONF = "a.1.urls"\n', None),
        ('ROOT_URLCONF = "shop.routes"\n', None),
        ("ROOT_URLCONF: str\n", None),
        ("DEBUG = True\n", None),
        ("DEBUG = (\n", None),
    ],
)
def test_project_package_is_read_off_the_settings(
    source: str, package: str | None
) -> None:
    """The package that holds the root urls is found without running settings.py."""
    assert package == project_package(source.encode())


def test_declared_names_are_those_assigned_at_the_top(tmp_path: Path) -> None:
    """Only what a module assigns itself counts as declared."""
    module = tmp_path / "signals.py"
    module.write_text("from x import a\nb = 1\nc: int = 2\ndef d():\n    e = 3\n")

    assert {"b", "c"} == declared_names(module)


def test_unreadable_module_declares_nothing(tmp_path: Path) -> None:
    """A module that is missing or broken declares nothing."""
    (tmp_path / "broken.py").write_text("a = (\n")

    assert set() == declared_names(tmp_path / "missing.py")
    assert set() == declared_names(tmp_path / "broken.py")


def test_an_include_by_keyword_is_recognised() -> None:
    """However the argument is written, an app is not mounted twice."""
    source = (
        b"from lback import include\n"
        b'urlpatterns = [include(module_path="orders.urls", prefix="/o")]\n'
    )

    assert source == add_include(source, "orders")
