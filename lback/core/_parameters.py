"""What a receiver can be called with, and how it is called with it.

A receiver is called with the sender and with those fields that it names. Which these
are is decided once, when the field names of a signal are known; a send then passes
them by position where it can, which costs less than passing them by name.
"""

import functools
import inspect
from collections.abc import Callable
from collections.abc import Sequence
from operator import itemgetter
from types import FunctionType
from typing import Any
from typing import NamedTuple

_Parameter = inspect.Parameter
_VARIADIC = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS

# Takes a tuple of the values of all fields, returns the tuple to pass by position.
Pick = Callable[[tuple[Any, ...]], tuple[Any, ...]]


class Parameters(NamedTuple):
    """The parameters of a callable.

    Attributes:
        first: The name of the one that gets the sender, or None if there is none;
            empty if it is a ``*args``.
        by_position: Those behind it that can be passed by position, in order.
        by_name: Those that can be passed by name only.
        needed: Those that have no default.
        unreachable: Those that have no default and can only be passed by position.
        takes_all: There is a ``**kwargs``.
    """

    first: str | None
    by_position: tuple[str, ...] = ()
    by_name: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()
    unreachable: tuple[str, ...] = ()
    takes_all: bool = False


class Way(NamedTuple):
    """How a receiver is called when the field names are known.

    Attributes:
        pick: What to pass by position, or None to pass fields by name.
        only: The fields to pass by name, or None for all.
    """

    pick: Pick | None
    only: frozenset[str] | None = None

    def of(self, function: Any) -> Any:
        """Return what to call in place of *function*."""
        only = self.only
        if only is None:
            return function

        def call(sender: Any, /, **fields: Any) -> Any:
            return function(sender, **{name: fields[name] for name in only})

        return call


_PASS_ALL = Way(None)
_PASS_NONE = Way(itemgetter(slice(0, 0)))


def parameters_of(function: Any) -> Parameters:
    """Read the parameters of *function*, through decorators and partials."""
    if type(function) is FunctionType and not function.__dict__:
        return _of_plain(function)
    try:
        found = _of_any(tuple(inspect.signature(function).parameters.values()))
    except ValueError:  # a builtin that does not tell
        return Parameters(first="sender")
    if not hasattr(function, "__wrapped__") or isinstance(function, staticmethod):
        return found
    outer = inspect.signature(function, follow_wrapped=False).parameters.values()
    return _as_outer_takes(found, tuple(outer))


def way_for(parameters: Parameters, names: Sequence[str]) -> Way:
    """Decide how a receiver is called when the fields *names* are sent."""
    if parameters.takes_all:
        return _PASS_ALL
    wanted = [name for name in parameters.by_position if name in names]
    by_name = parameters.by_name.intersection(names)
    is_prefix = tuple(wanted) == parameters.by_position[: len(wanted)]
    if not wanted and not by_name:
        return _PASS_NONE
    if is_prefix and not by_name:
        return Way(_picker([names.index(name) for name in wanted]))
    only = by_name.union(wanted)
    return Way(None, None if only.issuperset(names) else only)


def _picker(places: list[int]) -> Pick:
    """Make what takes the values at *places* out of a tuple, always as a tuple."""
    first, last = places[0], places[-1]
    if places == list(range(first, last + 1)):
        return itemgetter(slice(first, last + 1))
    return itemgetter(*places)


def _of_plain(function: FunctionType) -> Parameters:
    """Read the parameters off the code of a plain function.

    PERF: inspect.signature takes twenty times as long, and a project connects
    hundreds of receivers while it starts. Most of them look alike.
    bench: benchmarks/signals.py::connect_disconnect
    """
    code = function.__code__
    count = code.co_argcount + code.co_kwonlyargcount
    return _of_code(
        code.co_varnames[:count],
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_flags & _VARIADIC,
        len(function.__defaults__ or ()),
        tuple(function.__kwdefaults__ or ()),
    )


@functools.lru_cache(maxsize=1024)
def _of_code(  # noqa: PLR0913, PLR0917  # what a code object says, to be remembered
    names: tuple[str, ...],
    count: int,
    by_position_only: int,
    flags: int,
    optional: int,
    defaults: tuple[str, ...],
) -> Parameters:
    """Sort the parameters of a function.

    Args:
        names: All of them, those by name only last.
        count: How many of them can be passed by position.
        by_position_only: How many of these cannot be passed by name.
        flags: Which of ``*args`` and ``**kwargs`` there are.
        optional: How many that can be passed by position have a default.
        defaults: Those by name only that have one.
    """
    named, keyword_only = names[:count], names[count:]
    first = named[0] if named else ("" if flags & inspect.CO_VARARGS else None)
    required = named[1 : max(count - optional, 1)]
    positional_only = named[1:by_position_only]
    by_position = named[max(1, by_position_only) :]
    return _made(
        first=first,
        by_position=by_position,
        by_name=frozenset(keyword_only),
        needed=frozenset(name for name in by_position if name in required).union(
            name for name in keyword_only if name not in defaults
        ),
        positional_only=positional_only,
        unreachable=tuple(name for name in positional_only if name in required),
        takes_all=bool(flags & inspect.CO_VARKEYWORDS),
    )


def _of_any(found: tuple[_Parameter, ...]) -> Parameters:
    """Sort the parameters of a signature."""
    kinds = [parameter.kind for parameter in found]
    first: str | None = None
    rest: list[_Parameter] = []
    for parameter in found:
        if parameter.kind is _Parameter.VAR_POSITIONAL:
            first = "" if first is None else first
        elif parameter.kind is _Parameter.VAR_KEYWORD:
            continue
        elif parameter.kind is _Parameter.KEYWORD_ONLY or first is not None:
            rest.append(parameter)
        else:
            first = parameter.name
    needed = [p for p in rest if p.default is _Parameter.empty]
    return _made(
        first=first,
        by_position=_names(rest, _Parameter.POSITIONAL_OR_KEYWORD),
        by_name=frozenset(_names(rest, _Parameter.KEYWORD_ONLY)),
        needed=frozenset(
            p.name for p in needed if p.kind is not _Parameter.POSITIONAL_ONLY
        ),
        positional_only=_names(rest, _Parameter.POSITIONAL_ONLY),
        unreachable=_names(needed, _Parameter.POSITIONAL_ONLY),
        takes_all=_Parameter.VAR_KEYWORD in kinds,
    )


def _as_outer_takes(inner: Parameters, outer: tuple[_Parameter, ...]) -> Parameters:
    """Pass the fields that a wrapped function names as its wrapper can take them."""
    takes = _of_any(outer)
    is_open = any(parameter.kind is _Parameter.VAR_POSITIONAL for parameter in outer)
    if is_open or takes.by_position[: len(inner.by_position)] == inner.by_position:
        return inner
    by_name = inner.by_name.union(inner.by_position)
    return inner._replace(by_position=(), by_name=by_name)


def _made(
    *,
    by_position: tuple[str, ...],
    by_name: frozenset[str],
    positional_only: tuple[str, ...],
    **others: Any,
) -> Parameters:
    """Make parameters; what stands behind a positional-only one goes by name."""
    if positional_only:
        by_position, by_name = (), by_name.union(by_position)
    return Parameters(by_position=by_position, by_name=by_name, **others)


def _names(parameters: list[_Parameter], kind: Any) -> tuple[str, ...]:
    return tuple(p.name for p in parameters if p.kind is kind)
