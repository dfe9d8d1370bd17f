"""The dialect of Flask: signals of an application, with values by position.

::

    from lback.compat.flask import SignalsMixin

    class Shop(SignalsMixin): ...

    app = Shop()

    @app.signal("user_registered")
    def welcome(sender, username): ...

    app.signal("user_registered")(app, "ada")

Flask's own signals are here too, as signals of the blinker dialect: each is the
framework's signal of the same moment, or of the closest there is.
"""

from lback.compat._app_signal import AppSignal
from lback.compat.blinker import default_namespace

__all__ = [
    "AppSignal",
    "SignalsMixin",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "got_request_exception",
    "message_flashed",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "signal",
    "template_rendered",
]

request_started = default_namespace.signal("request_started")
request_finished = default_namespace.signal("request_finished")
before_render_template = default_namespace.signal("before_render_template")
template_rendered = default_namespace.signal("template_rendered")
got_request_exception = default_namespace.signal("got_request_exception")
message_flashed = default_namespace.signal("message_flashed")

# There is no context to push: a request has one from its start to the end of its body.
appcontext_pushed = request_started
request_tearing_down = default_namespace.signal("server_response_sent")
appcontext_tearing_down = request_tearing_down
appcontext_popped = request_tearing_down

_signals: dict[str, AppSignal] = {}


def signal(name: str) -> AppSignal:
    """Return the signal *name* of the process, always the same one.

    Raises:
        InvalidSignal: The name says nothing.
    """
    known = _signals.get(name)
    return known if known is not None else _signals.setdefault(name, AppSignal(name))


class SignalsMixin:
    """Gives an application the method ``signal``."""

    def signal(self, name: str) -> AppSignal:
        """Return the signal *name* of the process: decorate, call, or connect to it."""
        return signal(name)
