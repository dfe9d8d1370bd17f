"""settings.py as a file: find it, run it, and know which line set what."""

import importlib.util
import sys
import types
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from io import StringIO
from pathlib import Path
from typing import Any
from typing import get_type_hints

from lback.core._secrets import mask
from lback.core._secrets import secret_texts
from lback.core.exceptions import SettingsBroken
from lback.core.exceptions import SettingsNotFound

MODULE = "settings"
FILE = "settings.py"


class _FreshLoader(SourceFileLoader):
    """Run a file from its source alone.

    A cached byte code is judged by size and whole seconds, so a quick second save of
    the same length would run the old code.
    """

    code: types.CodeType | None = None
    source = b""

    def get_code(self, fullname: str) -> types.CodeType:
        self.source = self.get_data(self.path)
        self.code = self.source_to_code(self.source, self.path)
        return self.code


def find_up(start: Path) -> Path | None:
    """Return the nearest folder with a settings.py, from *start* upward."""
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    return None


def run_settings(path: Path, environ: Mapping[str, str]) -> types.ModuleType:
    """Run the file *path* as the module ``settings`` and return it.

    The module counts as a package of its own folder, so ``from .base import *`` finds
    the ``base.py`` beside it. If it fails, the modules of the last good run stay.

    Args:
        path: The file.
        environ: Where secrets may come from that an error must not repeat.

    Raises:
        SettingsNotFound: There is no such file.
        SettingsBroken: It does not run; the message has the last line of the project.
    """
    path = path.absolute()
    if not path.is_file():
        raise SettingsNotFound(
            f"There is no settings file {path}. Run the command from the project's "
            "folder, or make a project with: lback startproject NAME"
        )
    root = path.parent
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    loader = _FreshLoader(MODULE, str(path))
    spec = importlib.util.spec_from_file_location(
        MODULE, path, loader=loader, submodule_search_locations=[str(root)]
    )
    if spec is None:  # pragma: no cover  # only without a loader
        raise SettingsNotFound(f"{path} cannot be loaded as a module.")
    module = importlib.util.module_from_spec(spec)
    before = _take_out_of_cache()
    importlib.invalidate_caches()
    sys.modules[MODULE] = module
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # becomes ours below
        _take_out_of_cache()
        sys.modules.update(before)
        # NOTE: not "from error": a traceback prints the line, and what stands there
        # may be a secret.
        raise SettingsBroken(_failure(error, path, environ)) from None
    return module


def _take_out_of_cache() -> dict[str, types.ModuleType]:
    names = [n for n in sys.modules if n == MODULE or n.startswith(f"{MODULE}.")]
    return {name: sys.modules.pop(name) for name in names}


def is_of_project(file: str, root: Path) -> bool:
    """Tell whether *file* was written by the project's people."""
    inside = file.startswith(f"{root}/") or Path(file).is_relative_to(root)
    return inside and "site-packages" not in file


def _failure(error: BaseException, path: Path, environ: Mapping[str, str]) -> str:
    """Say where and why settings.py failed, in one sentence."""
    file, line = str(path), 0
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if is_of_project(name, path.parent):
            file, line = name, trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        # NOTE: only msg; str(error) is the same, but .text is the line itself.
        file, line, reason = error.filename, error.lineno or 0, error.msg
    elif isinstance(error, SystemExit):
        reason = "it ends the program"
    else:
        reason = str(error) or "no message"
    secrets = secret_texts(environ)
    first = mask(reason, secrets).strip().partition("\n")[0]
    line = line or nul_line(Path(file))
    where = f"{file}:{line}" if line else file
    return f"{where}: {type(error).__name__}: {first}"


def nul_line(path: Path) -> int:
    """Return the line of the first null byte in a file; 0 if there is none.

    Python says that there is one, but not where.
    """
    try:
        before, null, _ = path.read_bytes().partition(b"\0")
    except OSError:
        return 0
    return before.count(b"\n") + 1 if null else 0


def settings_in(module: types.ModuleType) -> dict[str, Any]:
    """Return the settings of *module*: its upper-case names.

    Modules, and classes and functions that were only imported (``UUID``, ``ABC``),
    are not settings.
    """
    return {
        name: value
        for name, value in vars(module).items()
        if name.isupper()
        and not name.startswith("_")
        and name != "TYPE_CHECKING"
        and not _is_imported(name, value, module)
    }


def _is_imported(name: str, value: Any, module: types.ModuleType) -> bool:
    if isinstance(value, types.ModuleType):
        return True
    return (
        isinstance(value, type | types.FunctionType)
        and value.__name__ == name
        and value.__module__ != module.__name__
    )


def annotations_of(module: types.ModuleType) -> dict[str, Any]:
    """Return the types that settings.py, and what it was split into, write down.

    An annotation that cannot be evaluated counts as none.
    """
    found: dict[str, Any] = {}
    for part in (*_splits(), module):
        for name, kind in getattr(part, "__annotations__", {}).items():
            if name.isupper():
                found[name] = _evaluated(name, kind, part)
    return found


def _splits() -> list[types.ModuleType]:
    return [m for n, m in sys.modules.items() if n.startswith(f"{MODULE}.")]


def _evaluated(name: str, kind: Any, module: types.ModuleType) -> Any:
    if not isinstance(kind, str):
        return kind
    holder = types.SimpleNamespace(__annotations__={name: kind})
    try:
        return get_type_hints(holder, vars(module), include_extras=True)[name]
    except (NameError, SyntaxError, TypeError, AttributeError):
        return Any


def project_files(module: types.ModuleType) -> list[Path]:
    """List the project's files that running settings.py has loaded, itself first."""
    main = Path(module.__file__ or FILE)
    files = {
        Path(file)
        for other in list(sys.modules.values())
        if isinstance(file := getattr(other, "__file__", None), str)
        and is_of_project(file, main.parent)
    }
    return [main, *sorted(files - {main})]


def source_of(module: types.ModuleType) -> bytes:
    """Return the text that was run as the settings file."""
    return bytes(getattr(module.__loader__, "source", b""))


def line_of(module: types.ModuleType, name: str) -> str:
    """Return ``settings.py:12``, the line that gave *name* its value last."""
    for part in (module, *_splits()):
        line = _last_store(part, name)
        if line:
            return f"{Path(part.__file__ or FILE).name}:{line}"
    return Path(module.__file__ or FILE).name


def _last_store(module: types.ModuleType, name: str) -> int:
    # NOTE: here, because only a wrong value or a question for its origin needs it.
    import dis

    loader = module.__loader__
    code = getattr(loader, "code", None)
    if code is None and isinstance(loader, SourceFileLoader):
        code = loader.get_code(module.__name__)
    if code is None:
        return 0
    line = found = 0
    for step in dis.get_instructions(code):
        positions = step.positions
        line = (positions.lineno if positions else None) or line
        if step.opname in ("STORE_NAME", "STORE_GLOBAL") and step.argval == name:
            found = line
    return found


def read_dotenv(path: Path) -> dict[str, str]:
    """Read the variables of a ``.env`` file; none if it does not exist.

    Raises:
        SettingsBroken: It cannot be read, is not UTF-8, or has a broken line.
    """
    if not path.exists():
        return {}
    if path.is_dir():
        raise SettingsBroken(f"{path} cannot be read: it is a folder.")
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingsBroken(f"{path} cannot be read: {reason}.") from None
    for part in parse_stream(StringIO(text)):
        if part.error:  # python-dotenv would log it, and leave the line out
            told = part.original.string
            line = part.original.line + told[: -len(told.lstrip())].count("\n")
            raise SettingsBroken(
                f"{path}:{line}: the line is not NAME=value. Mend it, or put a # "
                "before it."
            )
    values = dotenv_values(stream=StringIO(text))
    return {name: value for name, value in values.items() if value is not None}


@contextmanager
def lent_to_environment(
    environ: dict[str, str] | Any, extra: Mapping[str, str]
) -> Iterator[None]:
    """Put *extra* into *environ* for a while, without replacing what is there."""
    added = {name: value for name, value in extra.items() if name not in environ}
    environ.update(added)
    try:
        yield
    finally:
        for name, value in added.items():
            if environ.get(name) == value:
                del environ[name]
