"""Put the layers of settings on top of each other and collect every problem."""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any
from typing import Final

from lback.core._secrets import has_credentials
from lback.core._secrets import is_secret_name
from lback.core._secrets import Secret
from lback.core._settings_known import defaults
from lback.core._settings_known import KINDS
from lback.core._settings_known import near
from lback.core._settings_known import PREFIX
from lback.core._settings_values import kind_of
from lback.core._settings_values import Misfit
from lback.core._settings_values import misfit
from lback.core._settings_values import parse
from lback.core.exceptions import SettingsBroken

ENV_REFERENCE = "$env"
SETTINGS_REFERENCE = "$settings"


@dataclass(frozen=True)
class Given:
    """A text that a variable of an environment gives to a setting."""

    variable: str
    text: str
    origin: str


@dataclass
class Resolved:
    """The settings after all layers.

    Attributes:
        values: By name.
        origins: Where a value came from, if that was not the settings file.
        variables: The environment variable that gave a value, by name of the setting.
        missing: Why a name that is declared has no value.
        warnings: Names that look like slips.
    """

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Layers:
    """What settings are made of, from the weakest to the strongest.

    Attributes:
        base: The project's folder; defaults are made for it.
        found: The settings file's values.
        where: Tells which line of the settings file set a name.
        annotations: The types that the settings file writes down.
        dotenv: The variables of ``.env``.
        environ: The environment.
    """

    base: Path
    found: Mapping[str, Any]
    where: Callable[[str], str]
    annotations: Mapping[str, Any] = field(default_factory=dict)
    dotenv: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)

    def resolve(self) -> Resolved:
        """Return what is in force.

        Raises:
            SettingsBroken: Some values do not fit; the message has all of them.
        """
        resolved = Resolved()
        problems: list[str] = []
        default = defaults(self.base)
        for name in {**default, **self.annotations, **self.found}:
            try:
                self._settle(name, default, resolved)
            except Misfit as problem:
                problems.append(str(problem))
        resolved.warnings.extend(self._slips({*resolved.values, *resolved.missing}))
        if problems:
            raise SettingsBroken(_report(problems, resolved.warnings))
        return resolved

    def _settle(self, name: str, default: dict[str, Any], into: Resolved) -> None:
        """Find the value of one name."""
        given = self._given(name)
        if given is not None:
            into.values[name] = self._read(given, name)
            into.origins[name] = given.origin
            into.variables[name] = given.variable
        elif name in self.found and _reference(self.found[name]):
            self._follow(name, into)
        elif name in self.found:
            into.values[name] = self._checked(name, self.found[name])
        elif name in default:
            into.values[name] = default[name]
            into.origins[name] = "default"
        else:
            into.missing[name] = (
                f"{name} has no value: it is only declared. Set {name} in the "
                "environment or in .env."
            )

    def _given(self, name: str) -> Given | None:
        """Return what the environment, else ``.env``, gives to a name."""
        variables = [PREFIX + name]
        if name in KINDS or name in self.annotations:
            variables.append(name)
        for variable in variables:
            if variable in self.environ:
                text = self.environ[variable]
                return Given(variable, text, f"environment {variable}")
        for variable in variables:
            if variable in self.dotenv:
                return Given(variable, self.dotenv[variable], ".env")
        return None

    def _kind(self, name: str) -> Any:
        written = self.annotations.get(name, Any)
        if written not in (Any, Final):
            return written
        if name in KINDS:
            return KINDS[name]
        return kind_of(self.found.get(name))

    def _read(self, given: Given, name: str) -> Any:
        try:
            return parse(given.text, self._kind(name))
        except Misfit as wrong:
            shown = repr(given.text)
            if is_secret_name(name) or has_credentials(given.text):
                shown = "its value"
            source = ".env " + given.variable if given.origin == ".env" else ""
            raise Misfit(f"{source or given.origin}: {shown} {wrong}.") from None

    def _checked(self, name: str, value: Any) -> Any:
        kind = self._kind(name)
        if isinstance(value, str) and kind in (Secret, Path):
            return kind(value)
        wrong = misfit(value, kind)
        if wrong:
            raise Misfit(f"{self.where(name)}: {name} {wrong}.")
        return value

    def _follow(self, name: str, into: Resolved) -> None:
        """Look up what a snapshot refers to instead of holding a secret."""
        kind, target = _reference(self.found[name]) or ("", "")
        if kind == ENV_REFERENCE and target in self.environ:
            given = Given(target, self.environ[target], f"environment {target}")
            wanted = KINDS.get(name, Secret)
            into.values[name] = parse(given.text, wanted)
            into.origins[name] = given.origin
            into.variables[name] = target
            return
        remedy = (
            f"set {target} in the environment"
            if kind == ENV_REFERENCE
            else f"read it from settings.py, or set {PREFIX}{name} in the environment"
        )
        into.missing[name] = (
            f"{name} is a secret that {self.where(name)} only refers to: {remedy}."
        )

    def _slips(self, names: set[str]) -> list[str]:
        """Name the settings and variables that are probably misspelt."""
        slips = [
            f"{self.where(name)}: {name} is not a setting of Lback. "
            f"Did you mean {other}?"
            for name in self.found
            if name not in KINDS and (other := near(name, KINDS))
        ]
        for source in (self.environ, self.dotenv):
            slips += [
                f"{variable} overrides no setting. Did you mean {PREFIX}{other}?"
                for variable in source
                if variable.startswith(PREFIX)
                and variable.removeprefix(PREFIX) not in names
                and (other := near(variable.removeprefix(PREFIX), names))
            ]
        return slips


def _reference(value: Any) -> tuple[str, str] | None:
    if isinstance(value, dict) and len(value) == 1:
        kind, target = next(iter(value.items()))
        if kind in (ENV_REFERENCE, SETTINGS_REFERENCE) and isinstance(target, str):
            return kind, target
    return None


def _report(problems: list[str], warnings: list[str]) -> str:
    lines = [*problems, *warnings]
    if len(lines) == 1:
        return lines[0]
    count = len(problems)
    head = "1 setting is wrong:" if count == 1 else f"{count} settings are wrong:"
    return "\n".join([head, *(f"  {line}" for line in lines)])
