"""Keep config.json in step with the settings while the server runs."""

import threading
from collections.abc import Callable
from pathlib import Path

_CHECK_INTERVAL = 0.5


class ConfigSync:
    """Bring config.json up to date in the background, whenever asked to.

    A settings.py that is only a beginning of the one synced last is taken for a save
    that is still under way: the files saved with it are held back until it is whole,
    or ``lback settings sync`` has accepted it.

    Args:
        root: The project's folder.
        warn: Called with each warning of a synchronisation.
        fail: Called with the reason if the settings are broken or cut off.
        reload: Called with the saved files, from the thread that noticed them or
            from the own one.
    """

    def __init__(
        self,
        root: Path,
        *,
        warn: Callable[[str], None],
        fail: Callable[[str], None],
        reload: Callable[[list[Path]], None],
    ) -> None:
        self._settings = root.absolute() / "settings.py"
        self._config = root.absolute() / "config.json"
        self._warn = warn
        self._fail = fail
        self._reload = reload
        self._held: list[Path] = []
        self._holding = threading.Lock()
        self._wanted = threading.Event()
        self._cancel = threading.Event()
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        """Begin, with a first synchronisation; asked again, do nothing."""
        if self._thread.ident is None and not self._is_stopped:
            self._wanted.set()
            self._thread.start()

    def changed(self, paths: list[Path]) -> None:
        """Reload for saved files and synchronise, as soon as settings.py is whole."""
        with self._holding:
            self._held += [path for path in paths if path not in self._held]
            if self._settings in self._held:
                reason = self._cut_off()
                if reason:
                    self._fail(reason)
                    self._wanted.set()  # from now on it is looked at again
                    return
            self._let_go()

    def _let_go(self) -> None:
        held, self._held = self._held, []
        self._reload(held)
        # NOTE: one that is under way may be judging a file that hangs.
        self._wanted.set()
        self._cancel.set()

    def _cut_off(self) -> str:
        from lback.core._settings_sync import cut_off

        return cut_off(self._settings, self._config)

    def stop(self) -> None:
        """End, and the synchronisation that is under way with it."""
        self._is_stopped = True
        self._wanted.set()
        self._cancel.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._is_stopped:
            if not self._wanted.wait(_CHECK_INTERVAL if self._held else None):
                self._look_again()
                continue
            self._wanted.clear()
            self._cancel = threading.Event()
            if not self._is_stopped:
                self._sync()

    def _look_again(self) -> None:
        """Let go of what was held back once the beginning was accepted."""
        with self._holding:
            if self._held and not self._cut_off():
                self._let_go()

    def _sync(self) -> None:
        from lback.core._settings_sync import sync
        from lback.core._settings_sync import TIME_LIMIT
        from lback.core.exceptions import FrameworkException

        cancel = self._cancel
        try:
            result = sync(self._settings, self._config, TIME_LIMIT, cancel=cancel)
        except (FrameworkException, OSError) as error:
            if not cancel.is_set():
                self._fail(str(error))
            return
        for warning in result.warnings:
            self._warn(warning)
