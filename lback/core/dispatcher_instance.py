"""The process-wide dispatcher: the one that every ``Signal("name")`` registers on."""

from lback.core import catalogue
from lback.core.signals import dispatcher

__all__ = ["catalogue", "dispatcher"]
