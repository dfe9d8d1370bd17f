"""Secrets: the holder, and how other secrets are recognised."""

import copy
import json
import logging
import pickle
import traceback

import pytest

from lback.core._secrets import has_credentials
from lback.core._secrets import is_secret_name
from lback.core._secrets import mask
from lback.core._secrets import must_be_hidden
from lback.core._secrets import secret_texts
from lback.core.config import Secret

CANARY = "canary-5f0e1c7d-never-show"


def test_reveal_gives_the_text() -> None:
    """The one way to the text is reveal()."""
    assert CANARY == Secret(CANARY).reveal()


@pytest.mark.parametrize(
    "shown",
    [
        repr(Secret(CANARY)),
        str(Secret(CANARY)),
        f"{Secret(CANARY)}",
        f"{Secret(CANARY):>80}",
        f"{Secret(CANARY)!r}",
        "%s %r" % (Secret(CANARY), Secret(CANARY)),  # noqa: UP031  # one of the ways
        repr({"a": [Secret(CANARY)]}),
    ],
)
def test_a_secret_is_never_shown(shown: str) -> None:
    """No way of making text of a Secret has its text."""
    assert CANARY not in shown


def test_a_secret_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A Secret among the arguments of a log call is masked."""
    logging.getLogger("test").error("the key is %s", Secret(CANARY))

    assert ["the key is ***"] == caplog.messages


def test_a_secret_is_not_in_a_traceback() -> None:
    """The local variables that a traceback may print do not show it."""

    def fail(key: Secret) -> None:
        raise ValueError(key)

    with pytest.raises(ValueError, match=r"\*\*\*") as caught:
        fail(Secret(CANARY))

    trace = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    )
    assert CANARY not in "".join(trace.format())


def test_a_secret_is_not_serialised_as_json() -> None:
    """json.dumps() refuses a Secret instead of writing it."""
    with pytest.raises(TypeError):
        json.dumps(Secret(CANARY))


def test_a_secret_is_not_pickled() -> None:
    """Pickling a Secret is refused with the remedy."""
    with pytest.raises(TypeError, match=r"pass on reveal\(\)"):
        pickle.dumps(Secret(CANARY))


def test_a_secret_is_copied_as_itself() -> None:
    """A deep copy of settings keeps the same Secret."""
    secret = Secret(CANARY)

    assert secret is copy.deepcopy([copy.copy(secret)])[0]


@pytest.mark.parametrize("other", [Secret("x"), "x"])
def test_secrets_compare_by_value(other: object) -> None:
    """A Secret equals another, or a str, of the same text."""
    assert other == Secret("x")


@pytest.mark.parametrize("other", [Secret("y"), "y", b"x", None])
def test_secrets_of_other_values_differ(other: object) -> None:
    """A Secret equals nothing else."""
    assert other != Secret("x")


def test_equal_secrets_have_one_hash() -> None:
    """A Secret can be looked up in a set."""
    assert 2 == len({Secret("x"), Secret("x"), Secret("y")})


@pytest.mark.parametrize(("text", "expected"), [("", False), ("x", True)])
def test_an_empty_secret_is_false(text: str, expected: bool) -> None:
    """`if not settings.SECRET_KEY` works."""
    assert expected is bool(Secret(text))


def test_a_secret_holds_a_str() -> None:
    """Anything but a str is refused, and its value is not repeated."""
    with pytest.raises(TypeError, match="holds a str, not a bytes"):
        Secret(b"x")  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "STRIPE_API_KEY",
        "DB_PASSWORD",
        "API_TOKEN",
        "SENTRY_DSN",
        "AWS_CREDENTIALS",
        "PASSWORD",
        "clientSecret",
        "api-key",
        "apiKey",
        "GITHUB_TOKENS",
        "MY_PASSPHRASE",
        "Authorization",
        "MYSQL_PWD",
        "DB_PW",
        "DOOR_PASSCODE",
        "PROXY_AUTH",
        "basicAuth",
        "SERVICE_JWT",
    ],
)
def test_names_of_secrets(name: str) -> None:
    """These names say that the value is a secret."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "DEBUG",
        "KEYBOARD",
        "MONKEY",
        "AUTHOR",
        "AUTHORS",
        "OAUTHLIB",
        "PWA",
        "PWA_NAME",
        "COMPASS",
        "STATIC_URL",
    ],
)
def test_names_of_other_settings(name: str) -> None:
    """These names only look like it."""
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:pw@db/shop",
        "redis://:pw@localhost/0",
        "postgresql://me:p@ss/w:rd@db/shop",
        "https://0123456789abcdef0123456789@git.example.org/x",
        "https://api.example.org/?api_key=" + "x" * 5,
        "host=db password=x",
        "https://tok3n@git.example.org/x",
        "redis://a1b2c3d4@localhost/0",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMIIB\n",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    ],
)
def test_texts_with_credentials(text: str) -> None:
    """A password or token inside a text is seen."""
    assert has_credentials(text)


@pytest.mark.parametrize(
    "text", ["https://example.org:8080/", "ssh://git@example.org/x", "a@b.org", "x: y"]
)
def test_texts_without_credentials(text: str) -> None:
    """Ports, users and addresses are no credentials."""
    assert not has_credentials(text)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PASSWORD_MIN_LENGTH", 12, False),
        ("API_TOKEN", 12345, True),
        ("USE_TOKEN", True, False),
        ("API_TOKEN", "", False),
        ("API_TOKEN", b"x", True),
        ("HEADER", "Bearer " + CANARY, True),
        ("TITLE", "Shop", False),
        ("TITLE", Secret("x"), True),
    ],
)
def test_what_must_be_hidden(name: str, value: object, *, expected: bool) -> None:
    """Name, type and content decide together."""
    assert expected is must_be_hidden(name, value, {CANARY})


def test_secret_texts_are_collected() -> None:
    """Texts are found in Secrets, under secret names, deep down, and in URLs."""
    found = secret_texts(
        {
            "A": Secret("secret-one"),
            "API_TOKEN": "secret-two",
            "DATABASES": {"default": {"PASSWORD": "secret-three"}},
            "BROKERS": ["amqp://me:secret-four@mq/"],
            "KEY_PREFIX": "not-this-one",
            "SHORT_TOKEN": "short",
        }
    )

    assert {"secret-one", "secret-two", "secret-three", "secret-four"} == found


def test_mask_replaces_secrets_and_passwords() -> None:
    """Known secrets and the password of any URL are replaced."""
    text = f"{CANARY} and redis://me:pw@host/0"

    assert "*** and redis://me:***@host/0" == mask(text, {CANARY})


def test_the_folder_of_a_shell_is_no_secret() -> None:
    """PWD is a folder there, and a password anywhere else."""
    assert frozenset() == secret_texts({"PWD": "/home/ada/shop", "OLDPWD": "/home/ada"})
    assert {"correct horse"} == secret_texts({"PWD": "correct horse"})
