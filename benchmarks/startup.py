"""How long commands take, beside django-admin and flask.

Run it with ``make bench``, or alone: ``.venv-bench/bin/python benchmarks/startup.py``.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from _compare import interleaved
from _compare import report

BIN = Path(sys.executable).parent
MILLISECONDS = ("ms of processor time", 1000.0)

APPS = 100
RECEIVERS = 10

_BARE = """
import importlib, sys
sys.path.insert(0, {root!r})
for number in range({apps}):
    for module in ("signals", "listeners"):
        importlib.import_module(f"app{{number}}.{{module}}")
for number in range({lines}):
    print(f"app.done  app  app.listeners.receive_{{number}}  app/listeners.py:4")
"""


def command(*words: object, folder: Path) -> Callable[[], float]:
    """Return what runs a command and answers the processor time it took, in seconds."""
    line = [str(word) for word in words]

    def measure() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(line, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)

    return measure


def fresh(tool: Path, folder: Path) -> Callable[[], float]:
    """Return what measures *tool* making a project in a folder without one."""
    measure = command(tool, "startproject", "shop", folder=folder)

    def measure_and_clear() -> float:
        taken = measure()
        shutil.rmtree(folder / "shop")
        return taken

    return measure_and_clear


def bench_help(scratch: Path) -> bool:
    """Compare ``--help``."""
    contestants = {
        "lback": command(BIN / "lback", "--help", folder=scratch),
        "django-admin": command(BIN / "django-admin", "--help", folder=scratch),
        "flask": command(BIN / "flask", "--help", folder=scratch),
    }
    seconds = interleaved(contestants)
    return report("--help", seconds, unit=MILLISECONDS, reach={"django-admin": 0.8})


def bench_startproject(scratch: Path) -> bool:
    """Compare making a project."""
    folders = {name: scratch / name for name in ("ours", "django")}
    for folder in folders.values():
        folder.mkdir()
    contestants = {
        "lback": fresh(BIN / "lback", folders["ours"]),
        "django-admin": fresh(BIN / "django-admin", folders["django"]),
    }
    seconds = interleaved(contestants)
    return report(
        "startproject", seconds, unit=MILLISECONDS, reach={"django-admin": 0.8}
    )


def bench_signals_list(scratch: Path) -> bool:
    """Compare listing 1,000 receivers with a script that imports them and prints."""
    root = make_large_project(scratch)
    script = scratch / "bare.py"
    script.write_text(
        _BARE.format(root=str(root), apps=APPS, lines=APPS * RECEIVERS), "utf-8"
    )
    contestants = {
        "lback": command(BIN / "lback", "signals", "list", folder=root),
        "bare script": command(sys.executable, script, folder=root),
    }
    seconds = interleaved(contestants)
    return report(
        f"signals list, {APPS} apps, {APPS * RECEIVERS} receivers",
        seconds,
        unit=MILLISECONDS,
        reach={"bare script": 1.5},
    )


def make_large_project(scratch: Path) -> Path:
    """Make a project whose apps each have a signal and some receivers."""
    subprocess.run([BIN / "lback", "startproject", "big"], cwd=scratch, check=True)
    root = scratch / "big"
    names = [f"app{number}" for number in range(APPS)]
    for name in names:
        (root / name).mkdir()
        (root / name / "__init__.py").touch()
        (root / name / "signals.py").write_text(
            f'from lback import Signal\n\ndone = Signal("{name}.done")\n', "utf-8"
        )
        (root / name / "listeners.py").write_text(listeners(), "utf-8")
    settings = root / "settings.py"
    text = settings.read_text("utf-8")
    settings.write_text(f"{text}\nINSTALLED_APPS = {names!r}\n", "utf-8")
    return root


def listeners() -> str:
    """Write a module of receivers."""
    head = "from lback import receiver\nfrom .signals import done\n"
    return head + "".join(
        f"\n@receiver(done)\ndef receive_{number}(sender, total):\n    return total\n"
        for number in range(RECEIVERS)
    )


def main() -> int:
    """Run every comparison; the exit code says whether all ratios are reached."""
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""
    with tempfile.TemporaryDirectory(prefix="lback-bench-") as folder:
        scratch = Path(folder)
        reached = [
            bench(scratch)
            for bench in (bench_help, bench_startproject, bench_signals_list)
        ]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
