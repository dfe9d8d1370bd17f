"""What ``lback shell`` has at hand, and how it runs what is typed."""

import code
import importlib
import sys
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from lback_cli._console import say

if TYPE_CHECKING:
    from lback.apps import Apps
    from lback.db.models import Model

Namespace = dict[str, Any]


def models_by_name(apps: "Apps") -> Mapping[str, "type[Model]"]:
    """Return the models of a project by the names that a shell has for them.

    A name that several apps use is that of none of them: each has its label before
    it, as in ``shop_Order`` and ``stock_Order``.
    """
    from lback.db.models import app_of
    from lback.db.models import Model

    labels = {app.name: app.label for app in apps}
    order = {name: place for place, name in enumerate(labels)}
    found = [
        (app_of(mapper.class_), mapper.class_) for mapper in Model.registry.mappers
    ]
    found.sort(key=lambda pair: order.get(pair[0], len(order)))
    names = [model.__name__ for _, model in found]
    prefixes = [labels.get(app, app.replace(".", "_")) for app, _ in found]
    return {
        name if names.count(name) == 1 else f"{prefix}_{name}": model
        for name, prefix, (_, model) in zip(names, prefixes, found, strict=True)
    }


def banner(namespace: Namespace, models: Mapping[str, "type[Model]"]) -> str:
    """Return what a shell says first: what it has, and how changes are kept."""
    others = [name for name in namespace if name not in models and name[0] != "_"]
    lines = [f"At hand: {', '.join(others)}."]
    if models:
        lines.append(f"Models: {', '.join(models)}.")
    if "session" in namespace:
        lines.append("Changes are kept by session.commit(), and not without it.")
    return "\n".join(lines)


class Script(code.InteractiveInterpreter):
    """Run a script in a namespace; what it raises is shown like Python does.

    Attributes:
        error: What the last script raised, or None.
    """

    error: BaseException | None = None

    def run(self, source: str) -> bool:
        """Run *source*; tell whether it came to its end."""
        self.error = None
        try:
            compiled = compile(source, "<shell>", "exec")
        except (SyntaxError, ValueError, OverflowError) as error:
            self.error = error
            self.showsyntaxerror("<shell>")
        else:
            self.runcode(compiled)
        return self.error is None

    def showtraceback(self) -> None:
        """Show what the script raised, with what mends it."""
        self.error = _explained()
        super().showtraceback()


class Console(code.InteractiveConsole):
    """Python's own prompt, which tells what it has run."""

    def __init__(self, namespace: Namespace, ran: Callable[[], None]) -> None:
        super().__init__(namespace)
        self._ran = ran

    def runcode(self, code: Any) -> None:
        """Run one input."""
        super().runcode(code)
        try:
            self._ran()
        except SQLAlchemyError:  # the database is gone; the prompt stays
            self.showtraceback()

    def showtraceback(self) -> None:
        """Show what the input raised, with what mends it."""
        _explained()
        super().showtraceback()


def interact(namespace: Namespace, text: str, ran: Callable[[], None]) -> None:
    """Ask for input until the user leaves, with IPython where that is installed.

    Args:
        namespace: The names at hand.
        text: What to say first.
        ran: Called behind every input.

    Raises:
        SystemExit: The user left by ``exit()``.
    """
    ipython = _ipython()
    if ipython is None:
        _python(namespace, text, ran)
        return
    app = ipython.TerminalIPythonApp.instance(user_ns=namespace, display_banner=False)
    app.initialize(argv=[])
    app.shell.events.register("post_run_cell", lambda _: ran())
    say(text)
    app.start()


def _ipython() -> Any:
    """Return IPython's application module, or None where it is not installed."""
    # NOTE: apart from its use, or each error at the prompt would show this one, too.
    try:
        return importlib.import_module("IPython.terminal.ipapp")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "IPython":
            raise
        return None


def _python(namespace: Namespace, text: str, ran: Callable[[], None]) -> None:
    """Ask for input with Python's own prompt, history and completion."""
    set_up = getattr(sys, "__interactivehook__", None)
    if set_up is not None:
        set_up()
    try:
        import readline
        from rlcompleter import Completer
    except ModuleNotFoundError as error:
        if error.name != "readline":
            raise
    else:
        readline.set_completer(Completer(namespace).complete)
    Console(namespace, ran).interact(banner=text, exitmsg="")


def _explained() -> BaseException | None:
    """Return the exception being handled, with a note if we know what mends it."""
    from lback.core._unit_of_work import current_unit

    error, unit = sys.exception(), current_unit()
    if isinstance(error, Exception) and unit is not None:
        unit.explain(error)
    return error
