"""What the services of both kinds share: their repository and their schemas."""

import inspect
from collections.abc import Iterable
from typing import Any
from typing import cast
from typing import ClassVar
from typing import ForwardRef
from typing import Generic
from typing import get_args
from typing import get_origin

from typing_extensions import TypeVar

from lback.db._schemas import Input
from lback.db._schemas import is_schema
from lback.db._schemas import shape
from lback.db._schemas import take
from lback.db.repository import Repository

ModelT = TypeVar("ModelT", default=Any)
CreateT = TypeVar("CreateT", default=Any)
UpdateT = TypeVar("UpdateT", default=Any)
ResponseT = TypeVar("ResponseT", default=ModelT)

HOOKS = (
    "validate_create",
    "validate_update",
    "before_create",
    "after_create",
    "before_update",
    "after_update",
    "before_delete",
    "after_delete",
)


class ServiceBase(Generic[ModelT, CreateT, UpdateT, ResponseT]):
    """The repository and the schemas of a service.

    Args:
        repository: Where the rows are.
        response_schema: What methods return instead of rows: a pydantic model, a
            dataclass or a TypedDict, filled from the attributes of the row. None
            returns the rows themselves.

    Attributes:
        create_schema: What checks the data of ``create``; it is taken from the brackets
            behind the base class, and None if there is none.
        update_schema: The same for ``update``.
        repository: Where the rows are.
        response_schema: What methods return instead of rows.

    Raises:
        TypeError: *repository* or *response_schema* is not what it should be.
    """

    create_schema: ClassVar[Any] = None
    update_schema: ClassVar[Any] = None

    def __init__(
        self,
        repository: Repository[ModelT],
        response_schema: type[ResponseT] | None = None,
    ) -> None:
        if not isinstance(repository, Repository):
            raise TypeError(
                f"{type(self).__name__} works on a repository, not on {repository!r}. "
                f"Use: {type(self).__name__}(Repository(Model))"
            )
        if response_schema is not None and not is_schema(response_schema):
            raise TypeError(
                f"response_schema={response_schema!r} is no pydantic model, dataclass "
                "or TypedDict. Give one of these, or None to return the rows."
            )
        self.repository = repository
        self.response_schema = response_schema

    def __init_subclass__(cls, **options: Any) -> None:
        """Take the schemas out of the brackets behind the base class."""
        super().__init_subclass__(**options)
        for base in getattr(cls, "__orig_bases__", ()):
            origin = get_origin(base)
            if isinstance(origin, type) and issubclass(origin, ServiceBase):
                _, create, update, *_ = (*get_args(base), None, None, None)
                for name, schema in (
                    ("create_schema", create),
                    ("update_schema", update),
                ):
                    if name not in vars(cls) and _is_meant(cls, name, schema):
                        setattr(cls, name, schema)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.repository.model.__name__}>"

    def _creation(self, data: Any) -> Input:
        return take(data, self.create_schema, is_partial=False)

    def _change(self, data: Any) -> Input:
        return take(data, self.update_schema, is_partial=True)

    def _response(self, row: ModelT) -> ResponseT:
        if self.response_schema is None:
            return cast("ResponseT", row)
        return cast("ResponseT", shape(row, self.response_schema))

    def _responses(self, rows: Iterable[ModelT]) -> list[ResponseT]:
        return [self._response(row) for row in rows]

    def _returned(self, hook: str, data: Any) -> dict[str, Any]:
        """Return what a hook returned, if it is data."""
        if not isinstance(data, dict):
            raise TypeError(
                f"{type(self).__name__}.{hook} returned {type(data).__name__}, not a "
                "dictionary. It has to return the data to write."
            )
        return data


def check_sync(cls: type) -> None:
    """Refuse async hooks in a service that nobody awaits.

    Raises:
        TypeError: A hook of *cls* is async.
    """
    for hook in HOOKS:
        if inspect.iscoroutinefunction(getattr(cls, hook)):
            raise TypeError(
                f"{cls.__name__}.{hook} is async, but a CrudService awaits nothing. "
                "Inherit from AsyncBaseCrudService."
            )


def _is_meant(cls: type, name: str, schema: Any) -> bool:
    """Tell whether data is to be checked by what stands in the brackets."""
    if isinstance(schema, ForwardRef | str):
        text = schema if isinstance(schema, str) else schema.__forward_arg__
        raise TypeError(
            f"{cls.__name__} names {text!r} as a text, so nothing could be checked by "
            f"it. Give the class itself, or None: {name} = None."
        )
    return is_schema(schema)
