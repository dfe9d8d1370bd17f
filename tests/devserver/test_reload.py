"""What happens to requests, processes and the terminal when a file is saved."""

import http.client
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

ROUNDS = 20


def hammer(port: int, stop: threading.Event, found: list[str], *, reuse: bool) -> None:
    """Send requests until *stop*; note every answer, and every failure by name."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while not stop.is_set():
        try:
            headers = {} if reuse else {"Connection": "close"}
            connection.request("GET", "/", headers=headers)
            response = connection.getresponse()
            found.append(f"{response.status} {response.read().decode()}")
        except (OSError, http.client.HTTPException) as error:
            found.append(repr(error))
            connection.close()
        if not reuse:
            connection.close()
    connection.close()


def test_no_request_is_lost_in_twenty_reloads(project: Any) -> None:
    """While the code changes twenty times every request gets a 200, none a reset."""
    project.start()
    project.answers(200, "one")
    stop = threading.Event()
    found: dict[bool, list[str]] = {True: [], False: []}
    clients = [
        threading.Thread(
            target=hammer,
            args=(project.port, stop, found[reuse]),
            kwargs={"reuse": reuse},
        )
        for reuse in (True, False)
    ]
    for client in clients:
        client.start()
    try:
        for number in range(ROUNDS):
            project.replace(
                "shop/views.py", f'"{_text(number)}"', f'"{_text(number + 1)}"'
            )
            project.says("Reloaded", times=number + 1)
            project.answers(200, _text(number + 1))
    finally:
        stop.set()
        for client in clients:
            client.join()

    allowed = {f"200 {_text(number)}" for number in range(ROUNDS + 1)}
    assert set() == set(found[True]) - allowed
    assert set() == set(found[False]) - allowed
    assert min(map(len, found.values())) > ROUNDS


def _text(number: int) -> str:
    """Texts of equal length, which only their content tells apart."""
    return "one" if number == 0 else f"{number:03}"


def test_a_request_in_flight_is_answered_by_the_code_it_met(project: Any) -> None:
    """A slow request that began before a save ends well after the reload."""
    project.start()
    project.answers(200, "one")
    answers: list[tuple[int, str]] = []
    client = threading.Thread(target=lambda: answers.append(project.get("/slow")))
    client.start()
    project.exists("slow-began")
    project.replace("shop/views.py", '"one"', '"two"')
    project.says("Reloaded")
    project.write("slow-may-end", "")
    client.join()

    assert [(200, "slow")] == answers


def test_a_kept_connection_meets_the_new_code(project: Any) -> None:
    """The next request on a connection from before the save is served anew."""
    project.start()
    project.answers(200, "one")
    connection = http.client.HTTPConnection("127.0.0.1", project.port, timeout=30)
    connection.request("GET", "/")
    before = connection.getresponse().read()
    old = connection.sock
    project.replace("shop/views.py", '"one"', '"two"')
    project.says("Reloaded")
    project.gone(project.workers()[0])

    connection.request("GET", "/")
    after = connection.getresponse().read()

    assert (b"one", b"two") == (before, after)
    assert old is connection.sock
    connection.close()


def test_the_old_worker_ends(project: Any) -> None:
    """After a reload the supervisor and one worker are left."""
    project.start()
    project.answers(200, "one")
    project.replace("shop/views.py", '"one"', '"two"')
    project.says("Reloaded")
    project.gone(project.workers()[0])

    assert {project.process.pid, project.workers()[1]} == project.processes()


def test_a_touch_is_not_a_change(project: Any) -> None:
    """A file that is written again with the same content reloads nothing."""
    project.start()
    project.answers(200, "one")
    project.write("shop/views.py", (project.root / "shop/views.py").read_text())
    (project.root / "shop/views.py").touch()
    project.replace("shop/urls.py", "from shop", "from  shop")
    project.says("Reloaded")

    assert "(shop/urls.py changed)" in project.log()


def _rename_over(file: Path, text: str) -> None:
    fresh = file.with_name("views.py.tmp.1234")
    fresh.write_text(text)
    fresh.replace(file)


def _move_away_and_write(file: Path, text: str) -> None:
    file.rename(file.with_name("views.py~"))
    file.write_text(text)


def _delete_and_write(file: Path, text: str) -> None:
    file.unlink()
    file.write_text(text)


def _move_in_from_elsewhere(file: Path, text: str) -> None:
    fresh = file.parents[2] / "fresh.py"
    fresh.write_text(text)
    fresh.replace(file)


@pytest.mark.parametrize(
    "save",
    [
        Path.write_text,
        _rename_over,
        _move_away_and_write,
        _delete_and_write,
        _move_in_from_elsewhere,
    ],
)
def test_every_way_of_saving_is_seen(project: Any, save: Any) -> None:
    """Editors that write, rename, back up, delete or move in: all reload."""
    project.start()
    project.answers(200, "one")
    file = project.root / "shop" / "views.py"
    save(file, file.read_text().replace('"one"', '"two"'))

    project.answers(200, "two")
    project.says("views.py")


def test_a_new_package_is_watched(project: Any) -> None:
    """A folder that is added while the server runs is watched like the others."""
    project.start()
    project.answers(200, "one")
    (project.root / "extra").mkdir()
    project.write("extra/__init__.py", "TEXT = 'new'\n")
    project.says("extra/__init__.py changed")
    project.replace("shop/views.py", '"one"', "__import__('extra').TEXT")
    project.answers(200, "new")
    project.write("extra/__init__.py", "TEXT = 'newer'\n")

    project.answers(200, "newer")


def test_a_virtual_environment_is_not_watched(project: Any) -> None:
    """Installing packages into a venv inside the project reloads nothing."""
    (project.root / "env").mkdir()
    project.write("env/pyvenv.cfg", "home = /usr/bin\n")
    project.start()
    project.answers(200, "one")
    project.write("env/package.py", "")
    project.replace("shop/views.py", '"one"', '"two"')
    project.answers(200, "two")

    assert "package.py" not in project.log()


def test_a_changed_environment_file_reloads(project: Any) -> None:
    """A save of .env starts a worker that reads it."""
    project.replace(
        "shop/views.py", 'return "one"', "return __import__('lback').settings.GREETING"
    )
    project.write("settings.py", project.read("settings.py") + 'GREETING: str = ""\n')
    project.write(".env", "GREETING=hello\n")
    project.start()
    project.answers(200, "hello")
    project.write(".env", "GREETING=goodbye\n")

    project.answers(200, "goodbye")


def test_config_json_follows_the_settings(project: Any) -> None:
    """The snapshot is there soon after the start, and follows every save."""
    project.start()
    project.contains("config.json", '"ROOT_URLCONF"')
    project.write("settings.py", project.read("settings.py") + "FLAVOUR = 'plum'\n")

    project.contains("config.json", '"FLAVOUR": "plum"')


def test_a_storm_of_saves_ends_with_the_last_one(project: Any) -> None:
    """Of many quick saves the last one is served, without a reload for each."""
    project.start()
    project.answers(200, "one")
    for number in range(200):
        project.write("shop/extra.py", f"NUMBER = {number}\n")
    project.replace("shop/views.py", '"one"', '"two"')
    project.answers(200, "two")

    assert project.log().count("Reloaded") <= 3


def test_without_reload_saves_are_ignored(project: Any) -> None:
    """With --no-reload the code of the start is served until the end."""
    project.start("--no-reload")
    project.answers(200, "one")
    project.write("shop/views.py", "import os; os.abort()\n")
    project.answers(200, "one")
    project.process.terminate()

    assert 0 == project.process.wait(30)
    assert 1 == len(project.workers())


def test_reloads_leave_no_descriptor_open(project: Any) -> None:
    """The supervisor has no more descriptors after six reloads than after one."""
    project.start()
    project.answers(200, "one")
    descriptors = Path(f"/proc/{project.process.pid}/fd")
    project.replace("shop/views.py", '"one"', '"two"')
    project.says("Reloaded")
    before = len(list(descriptors.iterdir()))
    for number in range(2, 7):
        project.write("shop/extra.py", f"NUMBER = {number}\n")
        project.says("Reloaded", times=number)
    project.until(lambda: len(list(descriptors.iterdir())) <= before)

    assert 7 == len(project.workers())


def test_the_supervisor_imports_nothing_of_the_project(project: Any) -> None:
    """Settings and apps run in workers only."""
    project.write(
        "settings.py",
        project.read("settings.py")
        + "import os, pathlib\n"
        + "pathlib.Path(__file__).with_name('settings-by').open('a')"
        + ".write(f'{os.getpid()}\\n')\n",
    )
    project.start()
    project.answers(200, "one")
    project.exists("config.json")

    assert project.process.pid not in project.workers()
    assert str(project.process.pid) not in project.read("settings-by").split()


def test_the_supervisor_loads_no_heavy_library() -> None:
    """Templates, database and server library stay out of the supervisor."""
    code = """
import sys
import lback.core.config_manager
import lback.devserver.runserver
import lback_cli.commands.runserver
print(*{"jinja2", "sqlalchemy", "alembic", "werkzeug"} & sys.modules.keys())
"""
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True)

    assert "" == loaded.strip()
