"""The rules of ``lback signals check``.

A rule that rests on not having found something is silent about a signal that may be
used out of sight, and a rule about a place is silent where it may mean something else.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import TYPE_CHECKING

from lback_cli._console import short_place
from lback_cli._signal_files import Role
from lback_cli._signal_findings import at_declaration
from lback_cli._signal_findings import at_receiver
from lback_cli._signal_findings import at_spot
from lback_cli._signal_findings import Finding
from lback_cli._signal_loading import never_imported
from lback_cli._signal_misfits import misfit
from lback_cli._signal_survey import Survey
from lback_cli._signal_uses import Reception
from lback_cli._signal_uses import Send

if TYPE_CHECKING:
    from lback.core._receivers import Receiver
    from lback.core.signals import Signal


# How alike two names have to be, from 0 to 1; that of the app they often share.
_NEAR = 0.8
_VERY_NEAR = 0.9


def find_mistakes(survey: Survey, *, is_whole: bool) -> list[Finding]:
    """Return what is wrong with the signals of a project, by place.

    Args:
        survey: What is known about them.
        is_whole: The project could be loaded; else nothing is said about modules that
            are not.
    """
    rules = [*_RULES, *([receiver_never_loaded] if is_whole else [])]
    found = {finding for rule in rules for finding in rule(survey)}
    return sorted(found, key=lambda f: (f.file or "", f.line or 0, f.id, f.text))


def receiver_never_loaded(survey: Survey) -> Iterator[Finding]:
    """Yield the receivers in modules of apps that nothing imports."""
    lost = never_imported(survey)
    for reception in survey.uses.receptions:
        module = reception.spot.source.module
        if module in lost and reception.is_at_import and reception.is_certain:
            yield at_spot(
                "receiver-never-loaded",
                reception.spot,
                f"{reception.receiver} never receives {reception.signal!r}: nothing "
                f"imports {module}. Move it to the app's listeners.py, or import the "
                "module there.",
            )


def never_sent(survey: Survey) -> Iterator[Finding]:
    """Yield the signals that no place sends."""
    for signal, name in _own_signals(survey):
        if survey.sends_of(name) or survey.may(name, "be sent"):
            continue
        tests = survey.sends_of(name, by_tests=True)
        hint = ""
        if tests:
            spot = tests[0].spot
            hint = f" Only tests do: {short_place(spot.source.file, spot.line)}."
        yield at_declaration(
            "never-sent",
            signal,
            f"No place was found that sends {name!r}.{hint} Send it, or take the "
            "declaration out.",
        )


def never_received(survey: Survey) -> Iterator[Finding]:
    """Yield the signals that nobody receives."""
    received = {
        reception.signal
        for reception in survey.uses.receptions
        if reception.spot.source.role is not Role.TEST
    }
    for signal, name in _own_signals(survey):
        if signal.receivers or name in received or survey.may(name, "be received"):
            continue
        yield at_declaration(
            "never-received",
            signal,
            f"Nobody receives {name!r}. Connect a receiver in an app's listeners.py, "
            "or take the declaration out.",
        )


def unknown_name(survey: Survey) -> Iterator[Finding]:
    """Yield the names that are sent or received and that nobody declares."""
    from lback.core._near import did_you_mean
    from lback.core.catalogue import AWAITED
    from lback.core.dispatcher_instance import dispatcher

    declared = {str(s.name) for s in dispatcher if s.declaration is not None}
    known = {*declared, *AWAITED}
    told = set()
    uses: list[Send | Reception] = [*survey.uses.sends, *survey.uses.receptions]
    for use in uses:
        if not (use.is_by_name and use.is_certain and _is_own(use)):
            continue
        if use.signal in known or survey.declares(use.signal):
            continue
        told.add(use.signal)
        done = "sent" if isinstance(use, Send) else "received"
        hint = did_you_mean(use.signal, known)
        yield at_spot(
            "unknown-name",
            use.spot,
            f"{use.signal!r} is {done}, but no signal is called so.{hint} "
            "Correct the name, or declare the signal.",
        )
    for signal in dispatcher:
        name = str(signal.name)
        if name in known or name in told or survey.declares(name):
            continue
        for receiver in _own_receivers(survey, signal):
            yield at_receiver(
                "unknown-name",
                receiver,
                f"{receiver.name} receives {name!r}, but no signal is called so."
                f"{did_you_mean(name, known)} Correct the name, or declare the signal.",
            )


def awaited_name(survey: Survey) -> Iterator[Finding]:
    """Yield the receivers of documented names that nothing sends yet."""
    from lback.core.catalogue import AWAITED
    from lback.core.dispatcher_instance import dispatcher

    for name, what in AWAITED.items():
        signal = dispatcher.get(name)
        if signal is None or signal.declaration is not None:
            continue
        for receiver in _own_receivers(survey, signal):
            yield at_receiver(
                "awaited-name",
                receiver,
                f"{receiver.name} receives {name!r}, which nothing sends yet: it comes "
                f"with {what}. Until then the receiver is not called.",
            )


def wrong_fields(survey: Survey) -> Iterator[Finding]:
    """Yield the places that send what the declared payload does not have."""
    from lback.core.dispatcher_instance import dispatcher

    for send in survey.uses.sends:
        signal = dispatcher.get(send.signal)
        if signal is None or send.is_caught or not (send.is_certain and _is_own(send)):
            continue
        wrong = misfit(send, signal.payload)
        if wrong:
            text = f"{send.signal!r} is sent with wrong fields: {wrong}"
            yield at_spot("wrong-fields", send.spot, text)


def unknown_target(survey: Survey) -> Iterator[Finding]:
    """Yield what ``before=`` and ``after=`` name and what is no receiver."""
    from difflib import get_close_matches

    from lback.core.dispatcher_instance import dispatcher

    receivers = [receiver for signal in dispatcher for receiver in signal.receivers]
    names = {
        name
        for receiver in receivers
        for name in _names(survey, receiver.origin.module, receiver.origin.name)
    }
    existing = names.union(*(_names(survey, *f) for f in survey.uses.functions))
    for receiver in receivers:
        named = [("before", n) for n in receiver.before]
        named += [("after", n) for n in receiver.after]
        for option, target in named:
            if target in existing or not survey.is_own(receiver.origin.file):
                continue
            # NOTE: an app that is not installed may be meant; that is no mistake.
            is_installed = survey.has_app(target.partition(".")[0])
            alike = _NEAR if is_installed else _VERY_NEAR
            others = names - _names(
                survey, receiver.origin.module, receiver.origin.name
            )
            near = get_close_matches(target, others, n=1, cutoff=alike)
            if not near and not is_installed:
                continue
            hint = f" Did you mean {near[0]!r}?" if near else ""
            yield at_receiver(
                "unknown-target",
                receiver,
                f"{option}={target!r} of {receiver.name} names no receiver and changes "
                f"nothing.{hint} Correct the name, or take it out.",
            )


def _own_signals(survey: Survey) -> Iterator[tuple["Signal[..., Any]", str]]:
    """Yield the signals that the project declares in a variable of a module."""
    from lback.core.dispatcher_instance import dispatcher

    for signal in dispatcher:
        declared = signal.declaration
        name = str(signal.name)
        if declared is None or not survey.is_own(declared.file):
            continue
        if declared.module in survey.homes_of(name):
            yield signal, name


def _own_receivers(survey: Survey, signal: "Signal[..., Any]") -> "Iterator[Receiver]":
    return (r for r in signal.receivers if survey.is_own(r.origin.file))


def _is_own(use: Send | Reception) -> bool:
    return use.spot.source.role is Role.PROJECT


def _names(survey: Survey, module: str, name: str) -> set[str]:
    from lback.core._receiver_order import names_of

    return names_of(module, name, survey.apps)


_RULES: tuple[Callable[[Survey], Iterable[Finding]], ...] = (
    awaited_name,
    never_received,
    never_sent,
    unknown_name,
    unknown_target,
    wrong_fields,
)
