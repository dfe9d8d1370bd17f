"""Types that views receive and routes use."""

from lback.core._converters import IntegerConverter
from lback.core._converters import TypeConverter
from lback.core._converters import UUIDConverter
from lback.core._http import HTTPMethod
from lback.core._request import AppSession
from lback.core._request import Request
from lback.core._uploads import UploadedFile

__all__ = [
    "AppSession",
    "HTTPMethod",
    "IntegerConverter",
    "Request",
    "TypeConverter",
    "UUIDConverter",
    "UploadedFile",
]
