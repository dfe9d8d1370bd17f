"""Look at a project from both sides: what has been loaded, and what its source says."""

import os
import sys
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from typing import Any
from typing import NamedTuple
from typing import TYPE_CHECKING

from lback_cli._console import short_place
from lback_cli._console import warn
from lback_cli._signal_files import Folder
from lback_cli._signal_files import read_files
from lback_cli._signal_files import Role
from lback_cli._signal_files import Source
from lback_cli._signal_files import Unread
from lback_cli._signal_finder import find_uses
from lback_cli._signal_index import Index
from lback_cli._signal_scopes import Outline
from lback_cli._signal_uses import Loose
from lback_cli._signal_uses import May
from lback_cli._signal_uses import Send
from lback_cli._signal_uses import Uses
from lback_cli._signal_values import Channel

if TYPE_CHECKING:
    from lback.core._receiver_order import AppOrder
    from lback.core._startup import Project
    from lback.core.signals import Signal

BLIND_SPOTS = (
    "Not seen in the source: signals reached through getattr, containers, parameters "
    "or attributes of objects, and names that are built at run time."
)


class Survey(NamedTuple):
    """What is known about the signals of a project.

    Attributes:
        root: The folder of the project.
        uses: What the source says.
        sources: The files that were read, by path.
        known: The signals in variables of loaded modules, by module and variable.
        loaded: The names of the loaded modules by file.
        unread: The files that could not be read.
        apps: The installed apps.
    """

    root: Path
    uses: Uses
    sources: Mapping[str, Source]
    known: Mapping[tuple[str, str], Channel]
    loaded: Mapping[str, str]
    unread: list[Unread]
    apps: "AppOrder"

    def sends_of(self, signal: str, *, by_tests: bool = False) -> list[Send]:
        """Return the places that send *signal*, either those in tests or the others."""
        return [
            send
            for send in self.uses.sends
            if send.signal == signal
            and (send.spot.source.role is Role.TEST) is by_tests
        ]

    def loose_ends_of(self, signal: str, may: May) -> list[Loose]:
        """Return the places behind which something may happen to *signal*."""
        return [
            loose
            for loose in self.uses.loose
            if loose.may in {may, "be both"} and fnmatchcase(signal, loose.signals)
        ]

    def may(self, signal: str, may: May) -> bool:
        """Tell whether something may happen to *signal* where it is not seen."""
        if self.loose_ends_of(signal, may) or not self.homes_of(signal) <= self.modules:
            return True
        words = {signal.rpartition(".")[2]}
        words |= {name for (_, name), it in self.known.items() if it.name == signal}
        return any(not words.isdisjoint(unread.words) for unread in self.unread)

    @property
    def modules(self) -> set[str]:
        """The names of the modules that were read."""
        return {source.module for source in self.sources.values()}

    def declares(self, signal: str) -> bool:
        """Tell whether the source may declare *signal*, be it loaded or not."""
        return any(fnmatchcase(signal, pattern) for pattern in self.uses.declared)

    def homes_of(self, signal: str) -> set[str]:
        """Name the modules that have *signal* in a variable."""
        return {home for (home, _), it in self.known.items() if it.name == signal}

    def is_own(self, file: str) -> bool:
        """Tell whether a file is the project's own code."""
        source = self.sources.get(os.path.realpath(file))
        return source is not None and source.role is Role.PROJECT

    def label_of(self, module: str) -> str | None:
        """Return the label of the app that a module belongs to, or None."""
        return self.apps.label_of(module)

    def has_app(self, name: str) -> bool:
        """Tell whether *name* is the label, or begins the path, of an app."""
        packages = {package.partition(".")[0] for package in self.apps.labels}
        return name in packages or name in self.apps.labels.values()


def survey(project: "Project") -> Survey:
    """Look through the source of a loaded project, of its apps and of Lback."""
    from lback.core._receiver_order import AppOrder
    from lback.core.dispatcher_instance import dispatcher

    def find(name: str) -> str | None:
        signal = dispatcher.get(name)
        return signal.name if signal is not None else None

    loaded = _loaded_files()
    files = read_files(_folders(project), loaded)
    outlines = [Outline(source) for source in files.sources]
    known = dict(_known_signals())
    return Survey(
        root=project.root,
        uses=find_uses(outlines, Index(outlines, known, find)),
        sources={source.file: source for source in files.sources},
        known=known,
        loaded=loaded,
        unread=files.unread,
        apps=AppOrder(project.apps.labels),
    )


def tell_unread(unread: Sequence[Unread]) -> None:
    """Warn of files that could not be read, in one line."""
    if unread:
        first = unread[0]
        more = f", nor could {len(unread) - 1} more" if len(unread) > 1 else ""
        place = short_place(first.file, first.line)
        warn(f"{place} could not be read ({first.reason}){more}.")


def _folders(project: "Project") -> Iterator[Folder]:
    """Yield every folder in which signals may be declared, sent or received."""
    import lback
    from lback.core._blame import is_of_the_project

    def folder(path: Path, package: str) -> Folder:
        is_own = is_of_the_project(os.path.join(path, ""))  # noqa: PTH118  # keeps the /
        return Folder(path, package, Role.PROJECT if is_own else Role.OTHER)

    for app in project.apps:
        yield folder(app.path, app.name)
    # NOTE: with sources in a folder such as src/, modules are named from there.
    for entry in sorted(map(Path, sys.path), key=lambda p: len(p.parts), reverse=True):
        below = folder(entry, "")
        if entry.is_relative_to(project.root) and below.role is Role.PROJECT:
            yield below
    yield Folder(project.root)
    for package in _declaring_packages():
        for path in package.__path__:
            yield folder(Path(path), package.__name__)
    for path in lback.__path__:
        yield Folder(Path(path), "lback", Role.FRAMEWORK)


def _declaring_packages() -> Iterator[ModuleType]:
    """Yield the packages that declare a signal or hold a receiver, outermost ones."""
    from lback.core.dispatcher_instance import dispatcher

    modules = {s.declaration.module for s in dispatcher if s.declaration is not None}
    modules |= {r.origin.module for s in dispatcher for r in s.receivers}
    for name in sorted({module.partition(".")[0] for module in modules} - {"lback"}):
        package = sys.modules.get(name)
        if package is not None and hasattr(package, "__path__"):
            yield package


def _loaded_files() -> dict[str, str]:
    """Return the names of all loaded modules by file."""
    found: dict[str, str] = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and name != "__main__":
            found.setdefault(os.path.realpath(file), name)
    return found


def _known_signals() -> Iterator[tuple[tuple[str, str], Channel]]:
    """Yield the registered signals in the variables of loaded modules."""
    from lback.core.dispatcher_instance import dispatcher

    modules: list[tuple[str, object]] = list(sys.modules.items())
    for name, module in modules:
        # NOTE: anything may stand there, such as what imports only when it is asked.
        if not isinstance(module, ModuleType):
            continue
        for variable, value in list(vars(module).items()):
            signal = _signal_in(value)
            if signal is not None and dispatcher.get(str(signal.name)) is signal:
                is_native = signal is value and _is_plain(signal)
                yield (name, variable), Channel(str(signal.name), is_native)


def _signal_in(value: Any) -> "Signal[..., Any] | None":
    """Return *value*, or what a dialect's signal stands before, if it is a signal."""
    from lback.core.signals import Signal

    # NOTE: by type; asking a proxy for its attributes may run anything.
    if issubclass(type(value), Signal):
        return value  # type: ignore[no-any-return]  # just looked at
    # NOTE: as text, since the types of some compilers have no text there.
    if str(type(value).__module__).startswith("lback.compat."):
        return _signal_in(getattr(value, "signal", None))
    return None


def _is_plain(signal: "Signal[..., Any]") -> bool:
    """Tell whether *signal* sends as every Signal does, whatever its class is."""
    from lback.core.signals import Signal

    kinds = type(signal).__mro__
    special = kinds[: kinds.index(Signal)]
    return all({"asend", "send"}.isdisjoint(vars(kind)) for kind in special)
