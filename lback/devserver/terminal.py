"""Where the development server says what it does."""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field

Print = Callable[[str], None]


@dataclass
class Terminal:
    """Functions that print, and a memory of what they printed.

    Attributes:
        say: Prints a line of news.
        warn: Prints a warning.
        complain: Prints an error, which may have several lines.
    """

    say: Print
    warn: Print
    complain: Print
    _warnings: set[str] = field(default_factory=set)
    _errors: set[str] = field(default_factory=set)

    def warn_once(self, text: str) -> None:
        """Print a warning unless it was given before."""
        if text not in self._warnings:
            self._warnings.add(text)
            self.warn(text)

    def complain_once(self, text: str) -> None:
        """Print an error unless one with the same first paragraph is known.

        Two processes may find the same mistake in one save.
        """
        headline = text.partition("\n\n")[0]
        if headline not in self._errors:
            self._errors.add(headline)
            self.complain(text)

    def forget_errors(self) -> None:
        """Begin anew: the same error after another save is news."""
        self._errors.clear()
