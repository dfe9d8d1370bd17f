"""Dialects: the spelling of other signal libraries over Lback's signals.

A dialect's signal is a thin face of a native one, which it holds as ``.signal``. Both
have the same receivers, and every tool for signals works on both.
"""
