"""One receiver of one signal: who it is, and how it is called."""

import dataclasses
import functools
import inspect
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from enum import Enum
from types import CodeType
from types import FunctionType
from types import MethodType
from typing import Any
from typing import Literal
from typing import NamedTuple

from lback.core._payload import PayloadShape
from lback.core.exceptions import InvalidReceiver

OnError = Literal["log", "raise"]
When = Literal["now", "after_commit", "durable"]
Adapter = Callable[[Any], Callable[..., Any]]

_BY_VALUE = (str, int, Enum)
_Parameter = inspect.Parameter


class Origin(NamedTuple):
    """Where a function comes from.

    Attributes:
        module: The dotted name of its module.
        name: Its qualified name, such as ``"reserve_stock"`` or ``"Stock.reserve"``.
        file: The path of its source file, or an empty string.
        line: The line of its ``def``, or 0.
        spec: The spec of its module at the time; a reload brings another one.
    """

    module: str
    name: str
    file: str
    line: int
    spec: object


@dataclass(slots=True, eq=False)
class Receiver:
    """A connected receiver with the options it was connected with.

    Attributes:
        function: What was connected, or a weak reference to it.
        key: What makes this receiver the same one after a reload.
        adapter: Turns the function into a callable that takes sender and all fields.
        call: That callable; None for a weak receiver, which is adapted at each send.
        origin: Where the function comes from.
        number: Counts connections; the order where nothing else decides.
    """

    function: Any
    key: object
    adapter: Adapter
    call: Any
    origin: Origin
    number: int
    sender: Any = None
    order: int = 0
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    on_error: OnError = "log"
    when: When = "now"
    is_async: bool = False
    is_weak: bool = False
    code: CodeType | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The dotted name, such as ``"shop.listeners.reserve_stock"``."""
        return f"{self.origin.module}.{self.origin.name}"

    @property
    def place(self) -> str:
        """``file:line`` of the function."""
        return f"{self.origin.file}:{self.origin.line}" if self.origin.file else "?"

    def hold(self) -> "Receiver | None":
        """Return this receiver with its function held, or None if that is gone."""
        if not self.is_weak:
            return self
        target = self.function()
        if target is None:
            return None
        call = self.adapter(target)
        return dataclasses.replace(self, function=target, call=call, is_weak=False)

    def is_replaced_by(self, other: "Receiver") -> bool:
        """Tell whether *other* is this receiver after its module was executed again."""
        mine, its = self.origin, other.origin
        if (mine.file, mine.name) != (its.file, its.name):
            return False
        # NOTE: an interactive session has no spec; typing it again is meant.
        return mine.spec is not its.spec or its.file.startswith("<")

    def target(self) -> Any:
        """Return what was connected, or None if it was weak and is gone."""
        return self.function() if self.is_weak else self.function

    def wants(self, sender: Any) -> bool:
        """Tell whether the receiver is to hear what *sender* sends."""
        wanted = self.sender
        if wanted is None or wanted is sender:
            return True
        return isinstance(wanted, _BY_VALUE) and bool(wanted == sender)

    def describe(self) -> str:
        """Name the receiver and its place, for messages."""
        return f"{self.name} ({self.place})"


def origin_of(function: Any) -> Origin:
    """Find out where *function* comes from, through partials and decorators."""
    inner = _innermost(function)
    called = inspect.getattr_static(type(inner), "__call__", None)
    code = getattr(inner, "__code__", None) or getattr(called, "__code__", None)
    owner = inner if hasattr(inner, "__qualname__") else type(inner)
    name = owner.__qualname__
    if isinstance(function, MethodType) and inspect.isclass(function.__self__):
        # NOTE: an inherited class method is another receiver for each class.
        name = f"{function.__self__.__qualname__}.{function.__name__}"
    scope = getattr(inner, "__globals__", {})
    return Origin(
        module=str(getattr(owner, "__module__", None) or "?"),
        name=name,
        file=code.co_filename if code is not None else "",
        line=code.co_firstlineno if code is not None else 0,
        spec=scope.get("__spec__"),
    )


def identify(function: Any, origin: Origin) -> tuple[object, CodeType | None]:
    """Return what makes *function* the same receiver when it is connected again.

    A function of a module or a class is known by source file and qualified name, so
    that it is the same one after a reload. Everything else is known by the object
    itself; then its code object comes along, by which a leak can be noticed.
    """
    bound_to = function.__self__ if isinstance(function, MethodType) else None
    if bound_to is not None and not inspect.isclass(bound_to):
        return (id(bound_to), id(function.__func__)), function.__func__.__code__
    inner = inspect.unwrap(function)
    plain = isinstance(inner, FunctionType | MethodType)
    if not plain or "<" in origin.name:
        return id(function), getattr(inner, "__code__", None)
    return (origin.file, origin.name), None


def is_async(function: Any) -> bool:
    """Tell whether calling *function* is known to return a coroutine."""
    inner = _innermost(function)
    if inspect.iscoroutinefunction(inner):
        return True
    called = inspect.getattr_static(type(inner), "__call__", None)
    return not inspect.isroutine(inner) and inspect.iscoroutinefunction(called)


def weakly(function: Any, when_gone: Callable[[Any], object]) -> Any:
    """Return a weak reference to *function*.

    Raises:
        InvalidReceiver: Nothing else would keep *function* alive.
    """
    if isinstance(function, MethodType):
        return weakref.WeakMethod(function, when_gone)
    inner = inspect.unwrap(function)
    if isinstance(function, functools.partial) or "<" in getattr(
        inner, "__qualname__", ""
    ):
        raise InvalidReceiver(
            f"{function!r} cannot be connected with weak=True: nothing else keeps a "
            "lambda, a partial or an inner function alive, so it would be gone at "
            "once. Leave weak=True away."
        )
    return weakref.ref(function, when_gone)


def adapter_for(
    function: Any, shape: PayloadShape | None, signal: str | None
) -> Adapter:
    """Return what turns *function* into a callable that takes sender and all fields.

    Decided once, when the receiver is connected. The adapter does not hold
    *function*, so that a weak receiver stays weak.

    Raises:
        InvalidReceiver: *function* can never be called by this signal.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # a builtin that does not tell
        parameters = [_Parameter("sender", _Parameter.POSITIONAL_ONLY)]
    first, named, takes_all = _split(parameters)
    who = _describe(function)
    if first is None:
        raise InvalidReceiver(
            f"{who} takes no positional argument, but a receiver is called with the "
            f"sender first. Write it as: def {_short(function)}(sender, ...)."
        )
    _check_fields(who, first, named, shape, signal)
    wanted = frozenset(parameter.name for parameter in named)
    if takes_all or (shape is not None and wanted >= shape.names):
        return _as_it_is
    return _sender_only if not wanted else functools.partial(_filtering, wanted)


def _as_it_is(function: Any) -> Callable[..., Any]:
    call: Callable[..., Any] = function
    return call


def _sender_only(function: Any) -> Callable[..., Any]:
    return lambda sender, /, **_: function(sender)


def _filtering(wanted: frozenset[str], function: Any) -> Callable[..., Any]:
    """Wrap *function* so that it gets only the fields it names."""

    def call(sender: Any, /, **fields: Any) -> Any:
        if not fields.keys() <= wanted:
            fields = {name: fields[name] for name in fields.keys() & wanted}
        return function(sender, **fields)

    return call


def _split(
    parameters: list[_Parameter],
) -> tuple[_Parameter | None, list[_Parameter], bool]:
    """Split parameters into the sender's, the fields' and "takes any field"."""
    first: _Parameter | None = None
    named = []
    takes_all = False
    for parameter in parameters:
        if parameter.kind is _Parameter.VAR_KEYWORD:
            takes_all = True
        elif parameter.kind is _Parameter.VAR_POSITIONAL:
            first = first or parameter
        elif parameter.kind is _Parameter.KEYWORD_ONLY or first is not None:
            named.append(parameter)
        else:
            first = parameter
    return first, named, takes_all


def _check_fields(
    who: str,
    first: _Parameter,
    named: list[_Parameter],
    shape: PayloadShape | None,
    signal: str | None,
) -> None:
    """Refuse a receiver whose arguments can never be filled."""
    needed = [p for p in named if p.default is _Parameter.empty]
    for parameter in needed:
        if parameter.kind is _Parameter.POSITIONAL_ONLY:
            raise InvalidReceiver(
                f"{who} has the positional-only argument {parameter.name!r}, but "
                "fields are passed by name. Take the / out or move it."
            )
    if shape is None:
        return
    declared = ", ".join(sorted(shape.names)) or "none"
    if first.name in shape.names and first.kind is not _Parameter.VAR_POSITIONAL:
        raise InvalidReceiver(
            f"The first argument of {who} is {first.name!r}, a field of signal "
            f"{signal!r}, but a receiver is called with the sender first. "
            "Put an argument 'sender' in front."
        )
    for parameter in needed:
        if parameter.name not in shape.names:
            raise InvalidReceiver(
                f"{who} wants {parameter.name!r}, which signal {signal!r} does not "
                f"have. Its fields are: {declared}."
            )


def _innermost(function: Any) -> Any:
    """Look through partials, decorators and bound methods."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    return function.__func__ if isinstance(function, MethodType) else function


def _describe(function: Any) -> str:
    origin = origin_of(function)
    where = f" ({origin.file}:{origin.line})" if origin.file else ""
    return f"{origin.module}.{origin.name}{where}"


def _short(function: Any) -> str:
    return str(getattr(_innermost(function), "__name__", "receiver"))
