"""Keep config.json in step with the settings while the server runs."""

import threading
from collections.abc import Callable
from pathlib import Path


class ConfigSync:
    """Bring config.json up to date in the background, whenever asked to.

    Args:
        root: The project's folder.
        warn: Called with each warning of a synchronisation.
        fail: Called with the reason if the settings are broken.
    """

    def __init__(
        self, root: Path, *, warn: Callable[[str], None], fail: Callable[[str], None]
    ) -> None:
        self._root = root
        self._warn = warn
        self._fail = fail
        self._wanted = threading.Event()
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        """Begin, with a first synchronisation."""
        self.request()
        self._thread.start()

    def request(self) -> None:
        """Ask for a synchronisation; one that has not begun yet serves all."""
        self._wanted.set()

    def stop(self) -> None:
        """End after the synchronisation that is under way."""
        self._is_stopped = True
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._is_stopped:
                return
            self._sync()

    def _sync(self) -> None:
        from lback.core.config_manager import sync_settings_to_config
        from lback.core.exceptions import FrameworkException

        try:
            result = sync_settings_to_config(
                self._root / "settings.py", self._root / "config.json"
            )
        except (FrameworkException, OSError) as error:
            self._fail(str(error))
            return
        for warning in result.warnings:
            self._warn(warning)
