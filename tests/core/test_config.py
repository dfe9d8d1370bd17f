"""Config: layers, types, problems, origins."""

import json
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

from lback.core.config import Config
from lback.core.config import load_config
from lback.core.config import Secret
from lback.core.config import settings
from lback.core.config import use_config
from lback.core.config_manager import load_settings
from lback.core.config_manager import load_settings_module
from lback.core.exceptions import MissingExtra
from lback.core.exceptions import SettingsBroken
from lback.core.exceptions import SettingsNotLoaded

CANARY = "canary-5f0e1c7d-never-show-this-text-anywhere-at-all-please"

Load = Callable[..., Config]


@pytest.fixture(autouse=True)
def _own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = dict(sys.modules)
    yield
    for name in [name for name in sys.modules if name.startswith("settings")]:
        del sys.modules[name]
    sys.modules.update({n: m for n, m in before.items() if n.startswith("settings")})


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Make a Config of the text of a settings.py and its surroundings."""

    def load(
        text: str,
        environ: dict[str, str] | None = None,
        dotenv: dict[str, str] | None = None,
    ) -> Config:
        path = tmp_path / "settings.py"
        path.write_text(text)
        module = load_settings_module(path)
        return Config.from_settings(module, environ=environ or {}, dotenv=dotenv)

    return load


def test_defaults_are_safe(load: Load) -> None:
    """Without any setting debug is off and no host is allowed."""
    config = load("")

    assert (False, []) == (config.DEBUG, config.ALLOWED_HOSTS)


def test_the_settings_file_wins_over_defaults(load: Load) -> None:
    """A value of settings.py replaces the default."""
    assert "/s/" == load("STATIC_URL = '/s/'").STATIC_URL


def test_dotenv_wins_over_the_settings_file(load: Load) -> None:
    """A variable of .env replaces the value of settings.py."""
    config = load("DEBUG = False", dotenv={"DEBUG": "on"})

    assert config.DEBUG is True


def test_the_environment_wins_over_dotenv(load: Load) -> None:
    """A variable of the environment replaces the one of .env."""
    config = load("", environ={"DEBUG": "no"}, dotenv={"LBACK_DEBUG": "yes"})

    assert config.DEBUG is False


def test_the_prefixed_variable_wins_over_the_bare_one(load: Load) -> None:
    """LBACK_DEBUG counts where DEBUG is set as well."""
    config = load("", environ={"DEBUG": "no", "LBACK_DEBUG": "yes"})

    assert config.DEBUG is True


def test_a_prefixed_variable_overrides_any_setting(load: Load) -> None:
    """LBACK_PAGE_SIZE overrides a setting that nothing annotates."""
    assert 20 == load("PAGE_SIZE = 10", environ={"LBACK_PAGE_SIZE": "20"}).PAGE_SIZE


def test_a_bare_variable_leaves_other_settings_alone(load: Load) -> None:
    """A variable HOME does not become the setting HOME that nothing annotates."""
    assert "mine" == load("HOME = 'mine'", environ={"HOME": "/root"}).HOME


def test_a_bare_variable_overrides_an_annotated_setting(load: Load) -> None:
    """An annotated name is overridden by the variable of the same name."""
    config = load("PAGE_SIZE: int = 10", environ={"PAGE_SIZE": "20"})

    assert 20 == config.PAGE_SIZE


def test_string_annotations_count(load: Load) -> None:
    """Annotations are understood under `from __future__ import annotations`."""
    text = "from __future__ import annotations\nPAGE_SIZE: int | None = None"

    assert 20 == load(text, environ={"PAGE_SIZE": "20"}).PAGE_SIZE


def test_a_declared_setting_gets_its_value_from_the_environment(load: Load) -> None:
    """A name that is only annotated takes what the environment has."""
    assert 8000 == load("PORT: int", environ={"PORT": "8000"}).PORT


def test_a_declared_setting_without_a_value_is_an_error_on_use(load: Load) -> None:
    """Reading a declared name that nobody set says where to set it."""
    config = load("STRIPE_KEY: str")

    with pytest.raises(AttributeError, match=r"STRIPE_KEY has no value.*\.env"):
        _ = config.STRIPE_KEY


@pytest.mark.parametrize("text", ["true", "yes", "on", "1", "TRUE", " On "])
def test_words_for_true(load: Load, text: str) -> None:
    """These words switch a setting on."""
    assert load("", environ={"DEBUG": text}).DEBUG is True


@pytest.mark.parametrize("text", ["false", "no", "off", "0", "No"])
def test_words_for_false(load: Load, text: str) -> None:
    """These words switch a setting off."""
    assert load("DEBUG = True", environ={"DEBUG": text}).DEBUG is False


@pytest.mark.parametrize("text", ["", "maybe", "2", "ja", "*"])
def test_other_words_for_a_bool_are_an_error(load: Load, text: str) -> None:
    """A word that is neither true nor false is refused, never taken as false."""
    with pytest.raises(SettingsBroken, match=r"environment DEBUG: .* true, false"):
        load("", environ={"DEBUG": text})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.org,b.org", ["a.org", "b.org"]),
        (" a.org , ", ["a.org"]),
        ('["a.org", "b.org"]', ["a.org", "b.org"]),
        ("", []),
    ],
)
def test_lists_are_json_or_comma_separated(
    load: Load, text: str, expected: list[str]
) -> None:
    """A list is read from the environment in both spellings."""
    assert expected == load("", environ={"ALLOWED_HOSTS": text}).ALLOWED_HOSTS


@pytest.mark.parametrize(
    ("line", "text", "expected"),
    [
        ("A: float = 1.0", "2.5", 2.5),
        ("A = 1", "2", 2),
        ("A = (1, 2)", "3,4", (3, 4)),
        ("A: set[int] = set()", "3,4", {3, 4}),
        ("A: tuple[str, int] = ('', 0)", "a,4", ("a", 4)),
        ("A: dict = {}", '{"a": 1}', {"a": 1}),
        ("A: Literal['x', 'y'] = 'x'", "y", "y"),
        ("A: Optional[int] = 1", "", None),
        ("A: int | None = 1", "none", None),
        ("A: int | str = 1", "word", "word"),
        ("A: Path = Path('.')", "/srv", Path("/srv")),
        ("A = Path('.')", "/srv", Path("/srv")),
        ("A: Secret = Secret('')", "x", Secret("x")),
        ("A: Final = 3", "4", 4),
        ("A = None", "word", "word"),
        ("A: list[int] = []", "[1, 2]", [1, 2]),
        ("A: Annotated[int, 'pages'] = 1", "2", 2),
        ("A: Mapping[str, int] = {}", '{"a": 1}', {"a": 1}),
        ("A: Sequence[int] = ()", "1,2", [1, 2]),
        ("A: None | int = 1", "2", 2),
        ("A: 'nowhere.Type' = 'x'", "y", "y"),
    ],
)
def test_values_are_read_by_type(
    load: Load, line: str, text: str, expected: object
) -> None:
    """The annotation, or the default's type, decides what a variable becomes."""
    head = (
        "from collections.abc import Mapping, Sequence\nfrom pathlib import Path\n"
        "from typing import Annotated, Final, Literal, Optional\n"
        "from lback.core.config import Secret\n"
    )

    assert expected == load(head + line, environ={"LBACK_A": text}).A


@pytest.mark.parametrize(
    ("line", "text", "reason"),
    [
        ("A: int = 1", "one", "'one' is not a whole number"),
        ("A: float = 1", "one", "'one' is not a number"),
        ("A: dict = {}", "[1]", r"'\[1\]' is not a JSON object"),
        ("A: list = []", "[1", r"'\[1' is not a JSON list"),
        ("A: tuple[int, int] = (1, 1)", "1", "'1' has 1 elements, not 2"),
        ("A: Literal['x', 'y'] = 'x'", "z", "'z' is not one of x, y"),
        ("A: int | bool = 1", "z", "not a whole number and is not one of true"),
        ("A: complex = 1j", "z", "of type complex, which cannot be read from"),
    ],
)
def test_texts_that_do_not_fit_are_named(
    load: Load, line: str, text: str, reason: str
) -> None:
    """The error has the variable, its text, and what would fit."""
    with pytest.raises(SettingsBroken, match=f"environment A: .*{reason}"):
        load("from typing import Literal\n" + line, environ={"A": text})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ALLOWED_HOSTS = 'a.org'", "ALLOWED_HOSTS must be of type list, not str"),
        ("DEBUG = 'yes'", "DEBUG must be of type bool, not str"),
        ("INSTALLED_APPS = [1]", r"INSTALLED_APPS \[0\] must be of type str, not int"),
        ("A: int = True", "A must be of type int, not bool"),
        ("A: int | None = 'x'", "A must be of type int or None, not str"),
        ("A: Literal[1] = 2", "A must be one of 1"),
        ("A: tuple[int, int] = (1,)", "A has 1 elements, not 2"),
        ("A: tuple[int, ...] = (1, 'x')", r"A \[1\] must be of type int, not str"),
        ("A: float = 'x'", "A must be of type float, not str"),
    ],
)
def test_values_of_the_wrong_type_are_named(load: Load, line: str, reason: str) -> None:
    """The error has file, line, name, the type wanted and the type seen."""
    with pytest.raises(SettingsBroken, match=rf"settings\.py:2: {reason}"):
        load("from typing import Literal\n" + line)


def test_a_type_that_cannot_be_checked_fits(load: Load) -> None:
    """A protocol that is not for run time accepts every value."""
    text = "from typing import Protocol\nclass P(Protocol): pass\nA: P = 3"

    assert 3 == load(text).A


def test_an_imported_module_is_no_setting(load: Load) -> None:
    """A module under an upper-case name is left out."""
    assert "JSON" not in load("import json as JSON").names()


def test_a_tuple_does_where_a_list_is_wanted(load: Load) -> None:
    """INSTALLED_APPS may be written as a tuple."""
    config = load("INSTALLED_APPS = ('a', 'b')")

    assert "a,b" == ",".join(config.INSTALLED_APPS)


def test_all_problems_are_reported_at_once(load: Load) -> None:
    """One error names every wrong value."""
    text = "DEBUG = 'x'\nALLOWED_HOSTS = 'y'\nPAGE_SIZE: int = 1"

    with pytest.raises(SettingsBroken) as caught:
        load(text, environ={"PAGE_SIZE": "z"})

    expected = """3 settings are wrong:
  settings.py:1: DEBUG must be of type bool, not str.
  environment PAGE_SIZE: 'z' is not a whole number.
  settings.py:2: ALLOWED_HOSTS must be of type list, not str."""
    assert sorted(expected.splitlines()) == sorted(str(caught.value).splitlines())


def test_a_slip_in_a_name_is_a_warning(load: Load) -> None:
    """A near-miss of a known name is kept, and the warning names the right one."""
    config = load("\nINSTALED_APPS = ['a']")

    expected = (
        "settings.py:2: INSTALED_APPS is not a setting of Lback. "
        "Did you mean INSTALLED_APPS?"
    )
    assert (expected,) == config.warnings


def test_a_slip_in_a_variable_is_a_warning(load: Load) -> None:
    """A prefixed variable that overrides nothing names the one that would."""
    config = load("", environ={"LBACK_DEBGU": "1"})

    expected = "LBACK_DEBGU overrides no setting. Did you mean LBACK_DEBUG?"
    assert (expected,) == config.warnings


def test_names_of_the_user_are_kept_without_a_warning(load: Load) -> None:
    """A name that is near to nothing is the user's own."""
    config = load("PAYMENT_PROVIDER = 'acme'")

    assert ("acme", ()) == (config.PAYMENT_PROVIDER, config.warnings)


def test_imported_classes_and_modules_are_no_settings(load: Load) -> None:
    """Upper-case names that were only imported are left out."""
    config = load("from uuid import UUID\nfrom typing import TYPE_CHECKING\n")

    assert not {"UUID", "TYPE_CHECKING"} & set(config.names())


def test_a_missing_name_suggests_the_nearest(load: Load) -> None:
    """Reading a name that does not exist names the one that was meant."""
    with pytest.raises(AttributeError, match=r"no setting 'DEBUGG'.*mean 'DEBUG'"):
        _ = load("").DEBUGG


def test_get_gives_the_default_for_a_missing_name(load: Load) -> None:
    """get() answers with the default where there is no setting."""
    assert 7 == load("").get("NOTHING", 7)


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("A", "settings.py:4"),
        ("DEBUG", "environment LBACK_DEBUG"),
        ("STATIC_URL", ".env"),
        ("APPEND_SLASH", "default"),
        ("INSTALLED_APPS", "base.py:2"),
    ],
)
def test_origin_says_where_a_value_came_from(
    load: Load, tmp_path: Path, name: str, origin: str
) -> None:
    """Every value knows its line, its file, or its variable."""
    (tmp_path / "base.py").write_text("\nINSTALLED_APPS = ['a']\n")
    text = "from .base import *\nA = 1\nif A:\n    A = 2\n"
    environ = {"LBACK_DEBUG": "1"}
    config = load(text, environ=environ, dotenv={"STATIC_URL": "/x/"})

    assert origin == config.origin(name)


def test_origin_of_a_missing_name_is_an_error(load: Load) -> None:
    """Asking for the origin of a name that does not exist suggests the nearest."""
    with pytest.raises(AttributeError, match="mean 'DEBUG'"):
        load("").origin("DEBGU")


def test_repr_shows_names_only(load: Load) -> None:
    """No value of any setting is in the repr."""
    config = load(f"PLAIN_NAME = {CANARY!r}\nSECRET_KEY = {CANARY!r}")

    assert CANARY not in repr(config)


def test_a_wrong_secret_is_not_repeated(load: Load) -> None:
    """The error about a secret's variable does not show its text."""
    with pytest.raises(SettingsBroken) as caught:
        load("PIN_TOKEN: int = 0", environ={"PIN_TOKEN": CANARY})

    expected = "environment PIN_TOKEN: its value is not a whole number."
    assert expected == str(caught.value)


def test_the_secret_key_is_a_secret_wherever_it_is_from(load: Load) -> None:
    """A SECRET_KEY written as a plain string is held as a Secret."""
    assert Secret("x") == load("SECRET_KEY = 'x'").SECRET_KEY


# A Config of its own: environment over file over defaults.


def test_a_file_wins_over_defaults(tmp_path: Path) -> None:
    """Config(file) takes what the JSON file says."""
    (tmp_path / "config.json").write_text('{"DEBUG": true}')

    assert Config(tmp_path / "config.json").DEBUG is True


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Config(file) lets a variable override the file."""
    (tmp_path / "config.json").write_text('{"PAGE_SIZE": 10}')
    monkeypatch.setenv("LBACK_PAGE_SIZE", "20")

    assert 20 == Config(tmp_path / "config.json").PAGE_SIZE


def test_a_missing_file_gives_defaults(tmp_path: Path) -> None:
    """Config of a file that does not exist has the defaults."""
    assert "/static/" == Config(tmp_path / "none.json").STATIC_URL


def test_a_yaml_file_is_read(tmp_path: Path) -> None:
    """Config reads YAML as it reads JSON."""
    (tmp_path / "config.yaml").write_text("ALLOWED_HOSTS:\n  - a.org\n")

    assert ["a.org"] == Config(tmp_path / "config.yaml").ALLOWED_HOSTS


def test_yaml_without_the_extra_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A YAML file without PyYAML names the extra that brings it."""
    (tmp_path / "config.yml").write_text("A: 1\n")
    monkeypatch.delitem(sys.modules, "yaml", raising=False)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(MissingExtra, match=r"pip install 'lback\[yaml\]'"):
        load_config(tmp_path / "config.yml")


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("config.json", '{\n"A": 1\n"B"}', "config.json:3: not valid JSON"),
        ("config.json", "", "config.json:1: not valid JSON"),
        ("config.json", "[]", "config.json:1: .* one mapping .* not list"),
        ("config.json", '{"A": NaN}', "config.json: NaN is not JSON"),
        ("config.json", "[" * 100_000, "config.json: nested too deeply"),
        ("config.yaml", "A: 1\nB: [", "config.yaml:2: not valid YAML"),
        ("config.yaml", "1: 2\n", "config.yaml:1: .* one mapping"),
    ],
)
def test_a_broken_file_is_an_error_with_its_line(
    tmp_path: Path, name: str, text: str, place: str
) -> None:
    """A file that cannot be read is never taken for an empty one."""
    (tmp_path / name).write_text(text)

    with pytest.raises(SettingsBroken, match=place):
        Config(tmp_path / name)


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    """A file in another encoding is refused with the remedy."""
    (tmp_path / "config.json").write_bytes(b'{"A": "\xe4"}')

    with pytest.raises(SettingsBroken, match="save it as UTF-8"):
        load_config(tmp_path / "config.json")


def test_a_folder_is_not_a_config_file(tmp_path: Path) -> None:
    """A folder in the file's place is an error that names it."""
    with pytest.raises(SettingsBroken, match="cannot be read: Is a directory"):
        load_config(tmp_path)


def test_a_relative_file_belongs_to_the_settings_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """config.json is looked for beside settings.py, not in the current folder."""
    (tmp_path / "settings.py").touch()
    (tmp_path / "config.json").write_text('{"STATIC_URL": "/beside/"}')
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")

    assert "/beside/" == Config().STATIC_URL


def test_a_reference_to_a_variable_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that the snapshot refers to is read from the environment."""
    (tmp_path / "config.json").write_text('{"API_TOKEN": {"$env": "MY_TOKEN"}}')
    monkeypatch.setenv("MY_TOKEN", CANARY)

    assert Secret(CANARY) == Config(tmp_path / "config.json").API_TOKEN


@pytest.mark.parametrize("kind", ["$env", "$settings"])
def test_a_reference_that_leads_nowhere_is_an_error_on_use(
    tmp_path: Path, kind: str
) -> None:
    """A secret that is out of reach is never taken for an empty one."""
    (tmp_path / "c.json").write_text(json.dumps({"SECRET_KEY": {kind: "NOWHERE_X"}}))
    config = Config(tmp_path / "c.json")

    with pytest.raises(
        AttributeError, match=r"SECRET_KEY is a secret that c\.json only"
    ):
        _ = config.SECRET_KEY


# DATABASE_URI


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        (
            {
                "ENGINE": "postgresql",
                "NAME": "shop",
                "USER": "me",
                "PASSWORD": "p@ss/w:rd",
                "HOST": "db",
                "PORT": 5432,
            },
            "postgresql+psycopg://me:p%40ss%2Fw%3Ard@db:5432/shop",
        ),
        (
            {"ENGINE": "django.db.backends.postgresql", "NAME": "a", "HOST": "::1"},
            "postgresql+psycopg://[::1]/a",
        ),
        (
            {
                "ENGINE": "mysql+pymysql",
                "USER": "u",
                "NAME": "n",
                "OPTIONS": {"charset": "utf8mb4"},
            },
            "mysql+pymysql://u@/n?charset=utf8mb4",
        ),
        ({"ENGINE": "sqlite3", "NAME": ":memory:"}, "sqlite://"),
        ({"ENGINE": "sqlite", "NAME": "/srv/a.db"}, "sqlite:////srv/a.db"),
        ({"URL": Secret("postgresql://a:b@c/d")}, "postgresql+psycopg://a:b@c/d"),
        ("postgres://a:b@c/d?x=y", "postgresql+psycopg://a:b@c/d?x=y"),
        ("postgresql+psycopg2://a/d", "postgresql+psycopg2://a/d"),
        ("sqlite:////srv/x.db", "sqlite:////srv/x.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite://"),
    ],
)
def test_database_uri(load: Load, database: object, expected: str) -> None:
    """The URI has every part of the default database, quoted."""
    config = load("")
    config.DATABASES = {"default": database}

    assert expected == config.DATABASE_URI


@pytest.mark.parametrize("url", ["sqlite:///data/x.db", "sqlite3:///data/x.db"])
def test_a_relative_file_is_in_the_project_folder(
    load: Load, tmp_path: Path, url: str
) -> None:
    """A relative file name of a URL belongs to the project, wherever we are."""
    config = load("")
    config.DATABASES = {"default": url}

    assert f"sqlite:///{tmp_path}/data/x.db" == config.DATABASE_URI


def test_the_default_database_is_in_the_project_folder(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without DATABASES the file is beside settings.py, wherever we are."""
    monkeypatch.chdir("/")

    assert f"sqlite:///{tmp_path}/db.sqlite3" == load("").DATABASE_URI


def test_an_empty_part_of_a_database_is_left_out(load: Load) -> None:
    """None in the place of a part counts as nothing."""
    config = load("")
    database = {"ENGINE": "mysql", "NAME": "n", "HOST": "h", "PASSWORD": None}
    config.DATABASES = {"default": database}

    assert "mysql://h/n" == config.DATABASE_URI


def test_a_password_out_of_reach_has_no_uri(load: Load) -> None:
    """A reference in the password's place is an error, not part of a URI."""
    config = load("")
    reference = {"$settings": "DATABASES.default.PASSWORD"}
    config.DATABASES = {"default": {"ENGINE": "mysql", "PASSWORD": reference}}

    with pytest.raises(SettingsBroken, match=r"PASSWORD.* must be a text, not dict"):
        _ = config.DATABASE_URI


def test_databases_that_are_no_dictionary_have_no_uri(load: Load) -> None:
    """DATABASES of another type is an error that shows the right shape."""
    config = load("")
    config.DATABASES = []  # type: ignore[assignment]  # the point of the test

    with pytest.raises(SettingsBroken, match="DATABASES must be a dictionary such as"):
        _ = config.DATABASE_URI


# What a server must not start with

GOOD = f"ALLOWED_HOSTS = ['a.org']\nSECRET_KEY = {CANARY!r}\n"


def test_good_settings_are_valid(load: Load) -> None:
    """Settings with a key and hosts may serve others."""
    assert Config.validate(load(GOOD), bind="0.0.0.0") is None  # noqa: S104


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "is not set"),
        ("short", "has 5 characters, fewer than 50"),
        ("abc" * 20, "has fewer than 5 different characters"),
        ("django-insecure-" + CANARY, "is a placeholder"),
        ("change-me-" + CANARY, "is a placeholder"),
    ],
)
def test_a_bad_key_is_refused_outside_debug(load: Load, key: str, reason: str) -> None:
    """A key that is missing, short, monotonous or a placeholder is refused."""
    with pytest.raises(SettingsBroken, match=f"SECRET_KEY {reason}"):
        Config.validate(load(f"{GOOD}SECRET_KEY = {key!r}"))


def test_the_key_is_not_in_the_error(load: Load) -> None:
    """The error about a bad key does not repeat it."""
    with pytest.raises(SettingsBroken) as caught:
        Config.validate(load(f"SECRET_KEY = 'insecure-{CANARY}'"))

    assert CANARY not in str(caught.value)


def test_no_hosts_are_refused_outside_debug(load: Load) -> None:
    """An empty ALLOWED_HOSTS is refused when debug is off."""
    with pytest.raises(SettingsBroken, match="ALLOWED_HOSTS is empty"):
        Config.validate(load(f"{GOOD}ALLOWED_HOSTS = []"))


def test_validate_reports_every_problem(load: Load) -> None:
    """Key and hosts are both in the one error."""
    with pytest.raises(SettingsBroken, match=r"(?s)2 settings .*SECRET_KEY.*ALLOWED_H"):
        Config.validate(load(""))


def test_validate_checks_types_again(load: Load) -> None:
    """A value that was set to a wrong type afterwards is found."""
    config = load(GOOD)
    config.STATIC_URL = 3  # type: ignore[assignment]  # the point of the test

    with pytest.raises(SettingsBroken, match="STATIC_URL must be of type str, not int"):
        Config.validate(config)


@pytest.mark.parametrize("bind", ["127.0.0.1", "localhost", "::1", "[::1]", None])
def test_debug_needs_neither_key_nor_hosts_on_loopback(
    load: Load, bind: str | None
) -> None:
    """In debug, on an address of this machine, nothing has to be set."""
    assert Config.validate(load("DEBUG = True"), bind=bind) is None


@pytest.mark.parametrize("bind", ["0.0.0.0", "192.0.2.1", "", "example.org", "::"])  # noqa: S104
def test_debug_on_a_public_address_is_refused(load: Load, bind: str) -> None:
    """Debug where others can reach it is refused."""
    with pytest.raises(SettingsBroken, match="DEBUG is on while the server would"):
        Config.validate(load(GOOD + "DEBUG = True"), bind=bind)


# The process-wide handle


@pytest.fixture
def _nothing_in_use() -> Iterator[None]:
    previous = use_config(None)
    yield
    use_config(previous)


@pytest.mark.usefixtures("_nothing_in_use")
def test_settings_before_start_up_are_an_error() -> None:
    """Reading a setting too early says what to do."""
    with pytest.raises(SettingsNotLoaded, match="'DEBUG' was read before"):
        _ = settings.DEBUG


@pytest.mark.usefixtures("_nothing_in_use")
def test_get_before_start_up_is_an_error() -> None:
    """get() too early does not pretend that the default is set."""
    with pytest.raises(SettingsNotLoaded):
        settings.get("DEBUG", default=True)


@pytest.mark.usefixtures("_nothing_in_use")
def test_settings_give_what_is_in_use(load: Load) -> None:
    """After use_config() the handle has the values of the Config."""
    use_config(load("PAGE_SIZE = 3"))

    assert 3 == settings.PAGE_SIZE


@pytest.mark.usefixtures("_nothing_in_use")
def test_get_of_settings_gives_what_is_in_use(load: Load) -> None:
    """get() of the handle reads the Config in use."""
    use_config(load("PAGE_SIZE = 3"))

    assert 3 == settings.get("PAGE_SIZE")


@pytest.mark.usefixtures("_nothing_in_use")
def test_settings_have_the_methods_of_a_config(load: Load, tmp_path: Path) -> None:
    """The handle answers origin() as the Config does."""
    use_config(load("PAGE_SIZE = 3"))

    assert "settings.py:1" == settings.origin("PAGE_SIZE")


@pytest.mark.usefixtures("_nothing_in_use")
def test_settings_suggest_the_nearest_name(load: Load) -> None:
    """A missing name is an AttributeError, as on the Config."""
    use_config(load(""))

    with pytest.raises(AttributeError, match="mean 'DEBUG'"):
        _ = settings.DEBGU


@pytest.mark.usefixtures("_nothing_in_use")
def test_use_config_returns_what_was_in_use(load: Load) -> None:
    """A test can put back what was in use before."""
    first = load("")
    use_config(first)

    assert first is use_config(None)


@pytest.mark.usefixtures("_nothing_in_use")
def test_repr_of_settings_shows_no_value(load: Load) -> None:
    """The handle shows names only."""
    use_config(load(f"A = {CANARY!r}"))

    assert CANARY not in repr(settings)


def test_lback_offers_the_same_settings() -> None:
    """`from lback import settings` is the handle of core.config."""
    import lback

    assert settings is lback.settings


def test_the_environment_of_the_process_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """load_settings() lets the process's environment win over .env."""
    (tmp_path / "settings.py").write_text("A: str = 'file'")
    (tmp_path / ".env").write_text("A=dotenv\n")
    monkeypatch.setenv("A", "environment")

    assert "environment" == load_settings(tmp_path).A
