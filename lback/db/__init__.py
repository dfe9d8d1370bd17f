"""The data layer: what models, views, receivers and commands import."""

from typing import TYPE_CHECKING

from lback._door import open_door

if TYPE_CHECKING:
    from lback.core._ref import Ref
    from lback.db.async_services import AsyncBaseCrudService
    from lback.db.engines import databases
    from lback.db.lookups import get_object_or_404
    from lback.db.mixins import SoftDeleteMixin
    from lback.db.mixins import TimestampMixin
    from lback.db.models import Model
    from lback.db.pagination import Page
    from lback.db.pagination import paginate
    from lback.db.repository import Repository
    from lback.db.services import CrudService
    from lback.db.session import session
    from lback.db.transactions import atomic
    from lback.db.transactions import commit_on
    from lback.db.transactions import on_commit
    from lback.db.transactions import separate_unit
    from lback.db.types import UTCDateTime

_HOMES = {
    "AsyncBaseCrudService": "lback.db.async_services",
    "CrudService": "lback.db.services",
    "Model": "lback.db.models",
    "Page": "lback.db.pagination",
    "Ref": "lback.core._ref",
    "Repository": "lback.db.repository",
    "SoftDeleteMixin": "lback.db.mixins",
    "TimestampMixin": "lback.db.mixins",
    "UTCDateTime": "lback.db.types",
    "atomic": "lback.db.transactions",
    "commit_on": "lback.db.transactions",
    "databases": "lback.db.engines",
    "get_object_or_404": "lback.db.lookups",
    "on_commit": "lback.db.transactions",
    "paginate": "lback.db.pagination",
    "separate_unit": "lback.db.transactions",
    "session": "lback.db.session",
}

__all__ = [
    "AsyncBaseCrudService",
    "CrudService",
    "Model",
    "Page",
    "Ref",
    "Repository",
    "SoftDeleteMixin",
    "TimestampMixin",
    "UTCDateTime",
    "atomic",
    "commit_on",
    "databases",
    "get_object_or_404",
    "on_commit",
    "paginate",
    "separate_unit",
    "session",
]


__getattr__, __dir__ = open_door(__name__, _HOMES)
