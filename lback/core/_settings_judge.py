"""Judge a settings.py in a process of its own, so that it can do no harm.

A file that hangs, ends the program, prints, or takes a gigabyte does so in a child
that is killed after a time limit, with everything it started.
"""

import contextlib
import faulthandler
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from lback.core._settings_source import is_of_project
from lback.core.exceptions import FrameworkException
from lback.core.exceptions import SettingsBroken
from lback.core.exceptions import SettingsNotFound

# The child says where it hangs at the limit; one that cannot is killed a little later.
_GRACE = 0.5
_CANCEL_CHECK = 0.05
_LARGEST_REPORT = 4 * 1024 * 1024
_FRAME = re.compile(r'File "(.+?)", line (\d+)')
_CHILD = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from lback.core._settings_judge import judge_and_report; judge_and_report()"
)


@dataclass
class Verdict:
    """What a child found out about a settings.py.

    Attributes:
        values: What config.json may hold, secrets as references.
        warnings: What was left out, and names that look like slips.
        files: The project's files that the settings are made of.
        is_blank: Whether the file has nothing in it.
        marks: By which a beginning of the file is recognised.
        error: Why the file is broken; empty if it is not.
    """

    values: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    is_blank: bool = False
    marks: str = ""
    error: str = ""


def judge(
    settings_path: Path, limit: float, *, cancel: threading.Event | None = None
) -> Verdict:
    """Run a settings.py in a child and return what it defines.

    Args:
        settings_path: The file.
        limit: How many seconds it may take.
        cancel: Ends the child when it is set, from any thread.

    Raises:
        SettingsNotFound: There is no such file.
        SettingsBroken: It does not run, does not end, values do not fit, or it was
            cancelled.
    """
    if not settings_path.is_file():
        raise SettingsNotFound(f"There is no settings file {settings_path}.")
    cancel = cancel or threading.Event()
    data, status = _run_child(settings_path, limit, cancel)
    if status is None and cancel.is_set():
        raise SettingsBroken(f"{settings_path}: cancelled; it was not synced.")
    if data.startswith(b"{") and data.endswith(b"\n"):
        verdict = Verdict(**json.loads(data))
        if verdict.error:
            raise SettingsBroken(verdict.error)
        return verdict
    if len(data) > _LARGEST_REPORT:
        raise SettingsBroken(
            f"{settings_path}: the settings are larger than "
            f"{_LARGEST_REPORT // 1024**2} MiB. Keep large data in files of its own."
        )
    if data.startswith(b"Timeout") or status is None:
        raise SettingsBroken(
            f"{_last_place(data, settings_path)}: still running after {limit:g} s; "
            "it was stopped."
        )
    raise SettingsBroken(
        f"{settings_path}: the file ended the process that read it ({_died(status)})."
    )


def _run_child(
    settings_path: Path, limit: float, cancel: threading.Event
) -> tuple[bytes, int | None]:
    """Return what the child reported and its exit status; None if it was killed."""
    reader, writer = os.pipe()
    library = str(Path(__file__).parents[2])
    words = [library, str(settings_path.absolute()), str(writer), str(limit)]
    try:
        child = subprocess.Popen(  # noqa: S603  # our own interpreter and code
            [sys.executable, "-P", "-c", _CHILD, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[writer],
            start_new_session=True,
        )
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    try:
        data, is_over = _receive(reader, time.monotonic() + limit + _GRACE, cancel)
        if is_over:
            # NOTE: it has closed the pipe or reported, so it is about to end; its
            # status is only worth having if it ends by itself.
            with contextlib.suppress(subprocess.TimeoutExpired):
                _wait_unreaped(child.pid, 0.5)
    finally:
        os.close(reader)
        # NOTE: before wait(): until then the number cannot belong to anybody else.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        status = child.wait()
    return data, status if is_over else None


def _wait_unreaped(pid: int, seconds: float) -> None:
    """Wait until a child has ended, without taking its status."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
            return
        time.sleep(0.002)


def _receive(
    reader: int, deadline: float, cancel: threading.Event
) -> tuple[bytes, bool]:
    """Read a report; answer also whether the child was done by the deadline."""
    data = bytearray()
    while len(data) <= _LARGEST_REPORT:
        left = deadline - time.monotonic()
        if left <= 0 or cancel.is_set():
            return bytes(data), False
        if not select.select([reader], [], [], min(left, _CANCEL_CHECK))[0]:
            continue
        chunk = os.read(reader, 65536)
        data += chunk
        if not chunk or (data.startswith(b"{") and data.endswith(b"\n")):
            break
    return bytes(data), True


def _last_place(data: bytes, settings_path: Path) -> str:
    """Find the line of the project that was running, in what faulthandler wrote."""
    root = str(settings_path.absolute().parent)
    escaped = root.encode("ascii", "backslashreplace").decode()
    for match in _FRAME.finditer(data.decode("ascii", "replace")):
        file = match[1].replace(escaped, root, 1)
        if is_of_project(file, Path(root)):
            return f"{file}:{match[2]}"
    return str(settings_path)


def _died(status: int) -> str:
    if status >= 0:
        return f"exit code {status}"
    return f"signal {signal.Signals(-status).name}"


def judge_and_report() -> None:  # pragma: no cover  # ends its process
    """Run in the child: load the file named on the command line, report, and end."""
    path, writer, limit = Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    sys.argv = [str(path)]
    os.set_inheritable(writer, False)  # noqa: FBT003  # no keyword there
    faulthandler.dump_traceback_later(limit, exit=True, file=writer)
    report = json.dumps(asdict(verdict_on(path))).encode() + b"\n"
    faulthandler.cancel_dump_traceback_later()
    while report:
        report = report[os.write(writer, report) :]
    # NOTE: threads that settings.py started, and atexit functions, are not waited for.
    os._exit(0)


def verdict_on(path: Path) -> Verdict:
    """Load a settings file in this process and say what was found."""
    from lback.core._settings_cut import marks_of
    from lback.core._settings_load import dotenv_path
    from lback.core._settings_load import load_file
    from lback.core._settings_source import project_files
    from lback.core._settings_source import source_of

    try:
        loaded = load_file(path)
    except FrameworkException as error:
        return Verdict(error=str(error))
    verdict = Verdict(warnings=list(loaded.config.warnings))
    source = source_of(loaded.module)
    verdict.is_blank, verdict.marks = not source.strip(), marks_of(source)
    verdict.files = [str(file) for file in project_files(loaded.module)]
    if dotenv_path(path).exists():
        verdict.files.append(str(dotenv_path(path)))
    variables = {**loaded.dotenv, **loaded.environ}
    _take_snapshot(loaded.config, variables, verdict)
    return verdict


def _take_snapshot(config: Any, variables: Mapping[str, str], verdict: Verdict) -> None:
    from lback.core._secrets import secret_texts
    from lback.core._settings_snapshot import NotForJson
    from lback.core._settings_snapshot import snapshot_value

    values = {n: config.get(n) for n in config.names() if not config.is_default(n)}
    secrets = secret_texts(values, variables)
    for name, value in values.items():
        try:
            verdict.values[name] = snapshot_value(
                name, value, variable=config.variable(name), secrets=secrets
            )
        except NotForJson as reason:
            verdict.warnings.append(f"{reason}; it is not in the snapshot.")
