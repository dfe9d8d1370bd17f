"""Functions whose results a cache keeps."""

import functools
import inspect
from collections.abc import Callable
from collections.abc import Hashable
from types import MethodType
from typing import Any
from typing import cast
from typing import Generic
from typing import overload
from typing import ParamSpec
from typing import Self
from typing import TYPE_CHECKING
from typing import TypeVar

from lback.core._cache_checks import is_hashable
from lback.core._cache_checks import name_of
from lback.core._cache_checks import refuse_once_only
from lback.core.exceptions import InvalidCacheKey

if TYPE_CHECKING:
    from lback.core.cache import Cache

P = ParamSpec("P")
R = TypeVar("R")


class CallKey:
    """The key of one call: the function, the values and the types of its arguments.

    It is equal for all spellings of a call, by position, by name or by default. Its
    text reads like the call, so that signals and messages tell what it is.
    """

    __slots__ = ("_hash", "_parts", "arguments", "function")

    def __init__(
        self, function: Callable[..., Any], arguments: inspect.BoundArguments
    ) -> None:
        self.function = function
        self.arguments = arguments
        named = tuple(sorted(arguments.kwargs.items()))
        values = (*arguments.args, *(value for _, value in named))
        # The types tell 1, 1.0 and True apart, which are equal.
        self._parts = (function, arguments.args, named, tuple(map(type, values)))
        self._hash = hash(self._parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CallKey) and self._parts == other._parts

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        told = [repr(value) for value in self.arguments.args]
        told += [f"{name}={value!r}" for name, value in self.arguments.kwargs.items()]
        return f"{name_of(self.function)}({', '.join(told)})"


class CachedFunction(Generic[P, R]):
    """A function whose results a cache keeps; made by ``Cache.cached``.

    Of a method, the object is the first argument: ``Shop.total.invalidate(shop, 7)``.
    """

    def __init__(
        self,
        cache: "Cache",
        function: Callable[P, R],
        ttl: float | None,
        key: Callable[..., Hashable] | None,
    ) -> None:
        refuse_once_only(function)
        # NOTE: first, as it copies the attributes of what is wrapped.
        functools.update_wrapper(cast("Callable[P, R]", self), function)
        self._cache = cache
        self._function = function
        self._signature = inspect.signature(function)
        self._ttl = ttl
        self._key = key

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the result of this call, from the cache if it is there."""
        return self._cache.get_or_set(
            self.key_of(*args, **kwargs),
            lambda: self._function(*args, **kwargs),
            self._ttl,
        )

    def key_of(self, *args: P.args, **kwargs: P.kwargs) -> Hashable:
        """Return the key by which the result of this call is kept.

        Raises:
            InvalidCacheKey: An argument cannot be part of a key.
        """
        if self._key is not None:
            return self._key(*args, **kwargs)
        arguments = self._signature.bind(*args, **kwargs)
        arguments.apply_defaults()
        try:
            return CallKey(self._function, arguments)
        except TypeError as error:
            raise InvalidCacheKey(self._blame(arguments)) from error

    def invalidate(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Forget the result of this call; tell whether there was one."""
        return self._cache.delete(self.key_of(*args, **kwargs))

    def invalidate_all(self) -> int:
        """Forget the results of all calls; return how many there were.

        Raises:
            InvalidCacheKey: The function was given keys of its own.
        """
        if self._key is not None:
            raise InvalidCacheKey(
                f"{name_of(self._function)}() has keys of its own. Forget them by a "
                'pattern, such as cache.invalidate("users:*").'
            )
        return self._cache.delete_if(
            lambda key: isinstance(key, CallKey) and key.function is self._function
        )

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(
        self, instance: object, owner: type | None = None
    ) -> Callable[..., R]: ...
    def __get__(self, instance: object | None, owner: type | None = None) -> Any:
        """Return the function itself, or bound to an object of its class."""
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<cached {name_of(self._function)}>"

    def _blame(self, arguments: inspect.BoundArguments) -> str:
        """Say which argument cannot be part of a key."""
        name, value = next(
            (name, value)
            for name, value in arguments.arguments.items()
            if not is_hashable(value)
        )
        return (
            f"{name_of(self._function)}() cannot be cached for {name}={value!r}: it "
            "may change, and so cannot be part of a key. Pass a tuple or a text, or "
            "say the key: cached(key=lambda ...: ...)."
        )
