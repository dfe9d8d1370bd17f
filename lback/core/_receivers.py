"""One receiver of one signal: who it is, and where it comes from."""

import functools
import inspect
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from types import BuiltinMethodType
from types import CodeType
from types import FunctionType
from types import MethodType
from typing import Any
from typing import Literal
from typing import NamedTuple

from lback.core._parameters import Parameters
from lback.core.exceptions import InvalidReceiver

OnError = Literal["log", "raise"]
When = Literal["now", "after_commit", "durable"]

# NOTE: a member of an enum is equal to itself only, unless it is one of these, too.
_BY_VALUE = (str, int)


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

    @property
    def label(self) -> str:
        """The dotted name, such as ``"shop.listeners.reserve_stock"``."""
        return f"{self.module}.{self.name}"

    def describe(self) -> str:
        """Name the function and its place, for messages."""
        return f"{self.label} ({self.file}:{self.line})" if self.file else self.label


@dataclass(slots=True, eq=False)
class Receiver:
    """A connected receiver with the options it was connected with.

    Attributes:
        held: What was connected, or a weak reference to it.
        key: What makes this receiver the same one after a reload.
        parameters: What it can be called with.
        origin: Where the function comes from.
        number: Counts connections; the order where nothing else decides.
        is_async: Calling it is known to return a coroutine.
        is_weak: It is held weakly.
        code: What is counted to notice a leak, if it is known by object only.
    """

    held: Any
    key: object
    parameters: Parameters
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
        return self.origin.label

    @property
    def place(self) -> str:
        """``file:line`` of the function."""
        return f"{self.origin.file}:{self.origin.line}" if self.origin.file else "?"

    def target(self) -> Any:
        """Return what was connected, or None if it was weak and is gone."""
        return self.held() if self.is_weak else self.held

    def is_replaced_by(self, other: "Receiver") -> bool:
        """Tell whether *other* is this receiver after its module was executed again."""
        mine, its = self.origin, other.origin
        if mine.name != its.name:
            return False
        # NOTE: an interactive session has no spec, and a number for each input;
        # typing it again is meant.
        if mine.file.startswith("<") and its.file.startswith("<"):
            return mine.module == its.module
        return mine.file == its.file and mine.spec is not its.spec

    def wants(self, sender: Any) -> bool:
        """Tell whether the receiver is to hear what *sender* sends."""
        return self.sender is None or sender_key(self.sender) == sender_key(sender)

    def describe(self) -> str:
        """Name the receiver and its place, for messages."""
        return f"{self.name} ({self.place})"


def sender_key(sender: Any) -> object:
    """Return what is equal for senders that are the same to a filter.

    Strings and integers are compared by value, everything else, such as objects,
    classes and members of an enum, by identity. A class that has a name of its own to
    be filtered by, such as a model with ``"app.Model"``, is the same as that name.
    """
    if isinstance(sender, _BY_VALUE):
        return sender
    if isinstance(sender, type):
        # NOTE: its own name, not one that it has inherited.
        return sender.__dict__.get("__sender_key__") or (id(sender),)
    return (id(sender),)


class Identity(NamedTuple):
    """What is known of a callable when it is connected.

    Attributes:
        origin: Where it comes from.
        known_by: What makes it the same receiver when it is connected again.
        code: What is counted to notice a leak, if it is known by object only.
        is_async: Calling it is known to return a coroutine.
    """

    origin: Origin
    known_by: object
    code: CodeType | None
    is_async: bool


def identify(function: Any) -> Identity:
    """Find out who *function* is, through partials and decorators.

    A function of a module or a class is known by source file and qualified name, so
    that it is the same one after a reload. Everything else is known by the object
    itself; then its code object comes along, by which a leak can be noticed.
    """
    if type(function) is FunctionType and not function.__dict__:
        # PERF: most receivers are plain functions, and looking through what others
        # are wrapped in takes longer than all the rest.
        # bench: benchmarks/signals.py::connect_disconnect
        return _identify_plain(function)
    inner = _innermost(function)
    is_async = _is_async(function)
    origin = _origin_of(function, inner, _code_of(inner))
    bound_to = function.__self__ if isinstance(function, MethodType) else None
    if bound_to is not None and not inspect.isclass(bound_to):
        known_by: object = (id(bound_to), id(function.__func__))
        return Identity(origin, known_by, function.__func__.__code__, is_async)
    if isinstance(function, BuiltinMethodType) and _is_instance(function.__self__):
        # NOTE: received.append is another object each time it is asked for.
        known_by = (id(function.__self__), function.__name__)
        return Identity(origin, known_by, None, is_async)
    is_named = isinstance(inner, FunctionType) and "<" not in origin.name
    if is_named and not isinstance(function, functools.partial):
        return Identity(origin, _name_of(origin), None, is_async)
    return Identity(origin, id(function), getattr(inner, "__code__", None), is_async)


def _identify_plain(function: FunctionType) -> Identity:
    code, name = function.__code__, function.__qualname__
    file = code.co_filename
    spec = function.__globals__.get("__spec__")
    origin = Origin(
        str(function.__module__ or "?"), name, file, code.co_firstlineno, spec
    )
    is_async = bool(code.co_flags & inspect.CO_COROUTINE)
    if "<" in name:
        return Identity(origin, id(function), code, is_async)
    return Identity(origin, _name_of(origin), None, is_async)


def _name_of(origin: Origin) -> tuple[str, str]:
    """Return what a named function is known by: its file and its qualified name."""
    if origin.file.startswith("<"):  # typed in, or made of a text
        return f"<{origin.module}>", origin.name
    return origin.file, origin.name


def _is_instance(owner: object) -> bool:
    """Tell whether a builtin of *owner* is a method of it, not of a module or class."""
    return not (owner is None or inspect.ismodule(owner) or inspect.isclass(owner))


def _code_of(inner: Any) -> CodeType | None:
    """Return the code that runs when *inner* is called, if it is written in Python."""
    called = inspect.getattr_static(type(inner), "__call__", None)
    return getattr(inner, "__code__", None) or getattr(called, "__code__", None)


def _is_async(function: Any) -> bool:
    """Tell whether calling *function* is known to return a coroutine.

    It is enough that one of those is async that are wrapped in each other.
    """
    while not inspect.iscoroutinefunction(function):
        if isinstance(function, functools.partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        else:
            called = inspect.getattr_static(type(function), "__call__", None)
            is_object = not inspect.isroutine(function)
            return is_object and inspect.iscoroutinefunction(called)
    return True


def _origin_of(function: Any, inner: Any, code: CodeType | None) -> Origin:
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


class _WeakMethod:
    """A weak reference to a bound method: alive as long as its object.

    PERF: unlike weakref.WeakMethod it holds the function itself, which lives as long
    as its class, so that asking for the method is one step.
    bench: benchmarks/signals.py::weak_receivers
    """

    __slots__ = ("_function", "_reference")

    def __init__(self, method: MethodType, when_gone: Callable[[Any], object]) -> None:
        self._function = method.__func__
        self._reference = weakref.ref(method.__self__, when_gone)

    def __call__(self) -> MethodType | None:
        owner = self._reference()
        return None if owner is None else MethodType(self._function, owner)


def reference_to(function: Any, when_gone: Callable[[Any], object]) -> Any:
    """Return a weak reference to *function*.

    Raises:
        InvalidReceiver: *function* cannot be referred to weakly.
    """
    try:
        if isinstance(function, MethodType):
            return _WeakMethod(function, when_gone)
        return weakref.ref(function, when_gone)
    except TypeError as error:
        raise InvalidReceiver(
            f"{function!r} cannot be connected weakly: its type does not allow weak "
            "references. Leave weak=True away."
        ) from error


def refuse_fleeting(function: Any) -> None:
    """Refuse to hold weakly what nothing else would keep alive.

    Raises:
        InvalidReceiver: *function* is a lambda, a partial or an inner function.
    """
    inner = inspect.unwrap(function)
    name = getattr(inner, "__qualname__", "")
    is_method = isinstance(function, MethodType)
    if isinstance(function, functools.partial) or ("<" in name and not is_method):
        raise InvalidReceiver(
            f"{function!r} cannot be connected with weak=True: nothing else keeps a "
            "lambda, a partial or an inner function alive, so it would be gone at "
            "once. Leave weak=True away."
        )


def short_name(function: Any) -> str:
    """Return the name that stands behind ``def``, for messages."""
    return str(getattr(_innermost(function), "__name__", "receiver"))


def _innermost(function: Any) -> Any:
    """Look through partials, decorators and bound methods."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    return function.__func__ if isinstance(function, MethodType) else function
