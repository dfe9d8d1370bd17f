"""What ``lback check`` says of models and databases, without connecting to one."""

import subprocess
import sys
from pathlib import Path

import pytest

SETTINGS = """
DEBUG = True
SECRET_KEY = "x" * 50
ALLOWED_HOSTS = ["localhost"]
INSTALLED_APPS = ["books"]
DATABASES = {databases}
"""

HEAD = """
from lback.db import Model
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

class Author(Model):
    id: Mapped[int] = mapped_column(primary_key=True)
"""

MISSING_CLASS = '    books: Mapped[list["Bok"]] = relationship()\n'
MISSING_TABLE = """
class Book(Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("books_autor.id"))
"""
OTHER_DATABASE = """
class Book(Model):
    __database__ = "reports"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("books_author.id"))
"""
ONE = '{"default": "sqlite:///db.sqlite3"}'
TWO = '{"default": "sqlite:///db.sqlite3", "reports": "sqlite:///reports.sqlite3"}'


def check(root: Path, models: str, databases: str) -> subprocess.CompletedProcess[str]:
    """Run ``lback check`` in a project with one app."""
    (root / "settings.py").write_text(SETTINGS.format(databases=databases))
    (root / "books").mkdir()
    (root / "books" / "__init__.py").write_text("")
    (root / "books" / "models.py").write_text(models)
    return subprocess.run(
        [sys.executable, "-m", "lback_cli", "check"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_models_that_fit_are_no_finding(tmp_path: Path) -> None:
    """A project in order has no mistakes."""
    done = check(tmp_path, HEAD, ONE)

    assert (0, "No mistakes found.\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (MISSING_CLASS, "failed to locate a name ('Bok')"),
        (MISSING_TABLE, "could not find table 'books_autor'"),
        (OTHER_DATABASE, "No foreign key leads from one to the other"),
    ],
)
def test_relations_that_lead_nowhere_are_found(
    tmp_path: Path, more: str, said: str
) -> None:
    """What would fail at the first query is an error of the check."""
    done = check(tmp_path, HEAD + more, TWO)

    assert 1 == done.returncode
    assert said in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("db.sqlite3", "cannot be read"),
        ("postgresq://h/d", "SQLAlchemy does not know"),
        ("mysql://h/d", "is not installed"),
        ("postgresql://me:a@b@h/d", "written %40"),
    ],
)
def test_databases_that_cannot_be_used_are_found(
    tmp_path: Path, url: str, said: str
) -> None:
    """A URL that no engine can be made of is an error of the check."""
    done = check(tmp_path, HEAD, repr({"default": url}))

    assert 1 == done.returncode
    assert said in done.stdout + done.stderr
    assert "a@b" not in done.stdout + done.stderr
