"""Ways to lose data, each of which was found by trying."""

import asyncio
import os
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import OperationalError

from lback.core.exceptions import InsideAtomic
from lback.core.exceptions import OneWriter
from lback.core.exceptions import ServiceUnavailable
from lback.core.exceptions import SettingsBroken
from lback.core.exceptions import TransactionAborted
from lback.core.response import Response
from lback.core.signals import SignalDispatcher
from lback.db import atomic
from lback.db import databases
from lback.db import on_commit
from lback.db import separate_unit
from lback.db import session
from lback.db._errors import explained
from lback.db._errors import remedy_for


def fail() -> None:
    """Send a statement that the database refuses."""
    with pytest.raises(DBAPIError):
        session.execute(text("SELECT * FROM nowhere"))


def test_an_aborted_transaction_is_not_committed(
    postgresql: Any, models: SimpleNamespace, site: Any
) -> None:
    """Behind an error that was caught PostgreSQL stores nothing; it is no success."""
    called: list[str] = []

    def view(request: Any) -> Response:
        session.add(models.Basket(name="a"))
        session.flush()
        fail()
        on_commit(lambda: called.append("mail"))
        return Response("stored", 201)

    site.add("/", view, "POST")

    assert 500 == site.post("/").status_code
    assert ([], []) == (postgresql.names(), called)
    assert 0 == postgresql.taken()


def test_an_aborted_transaction_of_an_engine_is_not_committed(postgresql: Any) -> None:
    """The same holds for whoever uses an engine without a session."""
    with pytest.raises(TransactionAborted, match="with atomic"):  # noqa: SIM117, PT012
        with databases.engine().begin() as connection:
            with pytest.raises(DBAPIError):
                connection.execute(text("SELECT * FROM nowhere"))


@pytest.mark.usefixtures("postgresql")
def test_a_connection_is_of_use_behind_a_refused_commit() -> None:
    """Whoever keeps the connection finds no aborted transaction on it."""
    with databases.engine().connect() as connection:
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT 1/0"))
        with pytest.raises(TransactionAborted):
            connection.commit()
        connection.rollback()

        assert 1 == connection.execute(text("SELECT 1")).scalar()


def test_an_error_inside_atomic_aborts_only_the_block(
    store: Any, models: SimpleNamespace
) -> None:
    """What may fail is wrapped, and the rest is stored."""
    with separate_unit() as own:
        own.add(models.Basket(name="a"))
        with pytest.raises(DBAPIError), atomic():
            own.execute(text("SELECT * FROM nowhere"))

    assert ["a"] == store.names()


def test_a_lock_belongs_to_the_unit_whose_session_took_it(
    sqlite: Any, models: SimpleNamespace
) -> None:
    """A transaction of the engine, which has ended, is neither lent nor committed."""
    with separate_unit() as own:
        with databases.engine().begin() as connection:
            connection.execute(text("DELETE FROM dbtests_basket"))
        own.get(models.Basket, 1)
        with separate_unit() as other:
            other.add(models.Basket(name="other"))
        own.add(models.Basket(name="own"))

    assert ["other", "own"] == sorted(sqlite.names())


def test_a_refused_loan_gives_back_what_was_lent(
    sqlite: Any, models: SimpleNamespace, tmp_path: Any
) -> None:
    """Of two databases the one that was lent already is in its transaction again."""
    two = {"default": sqlite.setting, "reports": "sqlite:///reports.sqlite3"}
    databases.configure(two, tmp_path)
    with databases.engine("reports").begin() as connection:
        connection.execute(text("CREATE TABLE log (line TEXT)"))

    def write() -> None:
        with separate_unit() as own:
            own.get(models.Basket, 1)
            reports = own.connection(
                bind_arguments={"bind": databases.engine("reports")}
            )
            reports.execute(text("INSERT INTO log VALUES ('x')"))
            with pytest.raises(OneWriter), separate_unit():
                """Never run."""
            own.add(models.Basket(name="half"))
            own.flush()
            raise KeyError

    with pytest.raises(KeyError):
        write()

    assert [] == sqlite.names()


def test_separate_units_may_be_nested(store: Any, models: SimpleNamespace) -> None:
    """A lock that is lent already is not lent again."""
    with separate_unit() as own:
        own.get(models.Basket, 1)
        with separate_unit() as second:
            second.get(models.Basket, 1)
            with separate_unit() as third:
                third.add(models.Basket(name="third"))
        own.add(models.Basket(name="own"))

    assert ["own", "third"] == sorted(store.names())


@pytest.mark.parametrize("what", ["commit", "rollback"])
def test_a_block_is_not_ended_by_hand(
    store: Any, models: SimpleNamespace, what: str
) -> None:
    """A commit or a rollback amid atomic() is refused before anything is stored."""
    called: list[str] = []

    def write() -> None:
        with separate_unit(), atomic() as own:
            own.add(models.Basket(name="a"))
            on_commit(lambda: called.append("mail"))
            getattr(own, what)()

    with pytest.raises(InsideAtomic, match=what):
        write()

    assert ([], []) == (store.names(), called)


def test_async_with_awaits_what_waits_for_its_commit(
    store: Any, models: SimpleNamespace, dispatcher: SignalDispatcher
) -> None:
    """In a running loop a unit of its own awaits its async receivers."""
    heard: list[int] = []

    async def later(sender: Any, number: int) -> None:
        await asyncio.sleep(0)
        heard.append(number)

    stored = dispatcher.signal("stored")
    stored.connect(later, when="after_commit")

    async def work() -> None:
        async with separate_unit() as own:
            own.add(models.Basket(name="a"))
            stored.send("test", number=1)

    asyncio.run(work())

    assert ([1], ["a"]) == (heard, store.names())


def test_separate_unit_decorates_coroutines(
    store: Any, models: SimpleNamespace
) -> None:
    """The unit of a decorated coroutine lasts until that has ended."""

    @separate_unit()
    async def work() -> None:
        await asyncio.sleep(0)
        session.add(models.Basket(name="a"))

    asyncio.run(work())

    assert ["a"] == store.names()


def test_a_block_without_brackets_says_so() -> None:
    """``@atomic`` is what users of other frameworks write first."""
    with pytest.raises(TypeError, match=r"@atomic\(\)"):

        @atomic  # type: ignore[arg-type]  # the point of the test
        def view() -> None:
            """Never run."""


def test_a_block_around_a_generator_is_refused() -> None:
    """Its body would run when the block is over."""
    with pytest.raises(TypeError, match="is a generator"):

        @atomic()
        def rows() -> Any:
            yield 1


@dataclass
class Doubling:
    """A payload that is not the same when it is made again."""

    amount: int
    seen: list[int] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.amount *= 2


@dataclass
class Holding:
    """A payload with such a value."""

    value: Doubling


def test_a_frozen_dataclass_is_not_made_again(
    store: Any, dispatcher: SignalDispatcher
) -> None:
    """A later receiver sees the values that were sent, also those made at init."""
    heard: list[Any] = []
    stored = dispatcher.signal("stored", payload=Holding)

    def later(sender: Any, value: Doubling) -> None:
        heard.append((value.amount, value.seen))

    stored.connect(later, when="after_commit")
    sent = Doubling(5)
    sent.seen.append(1)
    with separate_unit():
        stored.send(value=sent)
        sent.seen.append(2)

    assert [(10, [1])] == heard


def test_a_child_cannot_go_on_with_the_session_of_its_parent(
    postgresql: Any, models: SimpleNamespace
) -> None:
    """A session that a fork has copied refuses before it uses the connection."""
    with separate_unit() as own:
        own.add(models.Basket(name="a"))
        own.flush()
        child = os.fork()
        if child == 0:
            try:
                own.execute(text("SELECT 1"))
            except RuntimeError as error:
                os._exit(0 if "parent process" in str(error) else 2)
            os._exit(1)
        _, status = os.waitpid(child, 0)

    assert 0 == os.waitstatus_to_exitcode(status)
    assert ["a"] == postgresql.names()


def test_a_write_behind_a_stale_read_says_what_to_do(
    sqlite: Any, models: SimpleNamespace, site: Any
) -> None:
    """To try again would never help, so it is no 503."""

    def view(request: Any) -> str:
        session.get(models.Basket, 1)
        with separate_unit() as other:
            other.add(models.Basket(name="other"))
        session.add(models.Basket(name="own"))
        return "never"

    site.add("/", view)

    assert 500 == site.ask("/").status_code
    assert ["other"] == sqlite.names()


@pytest.mark.parametrize(
    "said",
    [
        "FATAL:  sorry, too many clients already",
        "FATAL:  remaining connection slots are reserved",
        "FATAL:  the database system is starting up",
    ],
)
def test_a_full_server_is_a_503(said: str) -> None:
    """A server that has no connection to give is busy, like a pool."""
    error = OperationalError("connect", None, Exception(said))

    assert isinstance(explained(error), ServiceUnavailable)


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("sqlite:///no/such/folder.db", "its folder is not"),
        ("postgresql://127.0.0.1:1/shop", "Is the server running"),
        ("postgresql://no-such-host.invalid/shop", "Is the server running"),
    ],
)
def test_a_database_that_cannot_be_reached_names_the_remedy(
    tmp_path: Path, url: str, remedy: str
) -> None:
    """What the driver says is there, and below it what may be done."""
    databases.configure({"default": url}, tmp_path)
    with pytest.raises(OperationalError) as caught:
        databases.engine().connect()

    explained(caught.value)

    assert remedy in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ('FATAL:  database "my db;ls" does not exist', "Make it: createdb 'my db;ls'"),
        ("connection is bad: Name or service not known", "Is the server running"),
        ('FATAL:  role "nobody" does not exist', "Are USER and PASSWORD"),
        ("fe_sendauth: no password supplied", "Are USER and PASSWORD"),
    ],
)
def test_what_a_server_says_has_a_remedy(said: str, remedy: str) -> None:
    """Each of the errors that a first connection meets."""
    error = OperationalError(None, None, Exception(said))

    assert str(remedy_for(error)).startswith(remedy)


def test_a_statement_is_no_connection() -> None:
    """What a statement says is not taken for words of the server."""
    error = OperationalError("SELECT", None, Exception("authentication failed for"))

    assert remedy_for(error) is None


def test_a_database_that_is_not_there_names_the_remedy(
    postgresql_url: str, tmp_path: Path
) -> None:
    """PostgreSQL's own command makes it."""
    url = make_url(postgresql_url).set(database="nobodys")
    where = url.render_as_string(hide_password=False)
    databases.configure({"default": where}, tmp_path)
    with pytest.raises(OperationalError) as caught:
        databases.engine().connect()

    explained(caught.value)

    assert ["Make it: createdb nobodys"] == caught.value.__notes__


@pytest.mark.parametrize(
    "url",
    ["postgresql://h/d?password=canary-1", "postgresql://me:canary-1@h/d"],
)
def test_a_password_is_hidden_wherever_it_stands(tmp_path: Any, url: str) -> None:
    """Also in the query of a URL."""
    databases.configure({"default": url}, tmp_path)
    said = f"{databases.engine()!r} {databases.url()} {databases!r}"
    databases.configure({}, tmp_path)

    assert "canary-1" not in said


def test_an_at_sign_in_a_password_is_noticed(tmp_path: Any) -> None:
    """Half of the password would be taken for the host, and shown."""
    databases.configure({"default": "postgresql://me:can@ary@h/d"}, tmp_path)
    with pytest.raises(SettingsBroken, match="%40") as caught:
        databases.url()
    databases.configure({}, tmp_path)

    assert "ary" not in str(caught.value)
