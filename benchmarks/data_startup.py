"""How long a project of 100 apps with 500 models takes to start.

It is compared, in one run and each in a new process, with a bare script that imports
the same models and does nothing else. Run it with ``make bench``, or alone:
``.venv-bench/bin/python benchmarks/data_startup.py``.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _compare import interleaved
from _compare import report

APPS, MODELS = 100, 5
ROUNDS = 11
MILLISECONDS = ("milliseconds a start", 1000.0)
REACH = {"import": 1.3}

SETTINGS = '''"""The settings of the project that is started."""

DEBUG = True
SECRET_KEY = "x" * 50
DATABASES = {{"default": "sqlite:///db.sqlite3"}}
INSTALLED_APPS = {apps!r}
'''
MODEL = '''

class Model{number}(Model):
    """A row."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[int]
    is_sold: Mapped[bool]
    made_at: Mapped[datetime]
'''
HEAD = '''"""The models of an app."""

from datetime import datetime

from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

from lback.db import Model
'''
START = "from lback.core.wsgi_entry import create_wsgi_app; create_wsgi_app({root!r})"


def make_project(root: Path) -> list[str]:
    """Write the project and return the names of its apps."""
    apps = [f"app{number:03}" for number in range(APPS)]
    for app in apps:
        (root / app).mkdir()
        (root / app / "__init__.py").write_text('"""An app."""\n')
        models = "".join(MODEL.format(number=number) for number in range(MODELS))
        (root / app / "models.py").write_text(HEAD + models)
    (root / "settings.py").write_text(SETTINGS.format(apps=apps))
    return apps


def runner(code: str, root: Path) -> Callable[[], float]:
    """Return what runs *code* in a new process and answers the seconds it takes."""

    def run() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
        return time.perf_counter() - began

    return run


def main() -> int:
    """Compare both; the exit code says whether the ratio is reached."""
    with tempfile.TemporaryDirectory(prefix="lback-bench-") as folder:
        root = Path(folder)
        apps = make_project(root)
        imports = "\n".join(f"import {app}.models" for app in apps)
        measures = {
            "start": runner(START.format(root=folder), root),
            "import": runner(imports, root),
        }
        seconds = interleaved(measures, ROUNDS)
    title = f"{APPS} apps with {APPS * MODELS} models"
    return 0 if report(title, seconds, unit=MILLISECONDS, reach=REACH) else 1


if __name__ == "__main__":
    sys.exit(main())
