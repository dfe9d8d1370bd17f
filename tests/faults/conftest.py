"""A settings.py whose snapshot is written."""

from pathlib import Path

import pytest

from lback.core.config_manager import sync_settings_to_config


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Return a settings.py whose snapshot is written."""
    path = tmp_path / "settings.py"
    path.write_text("A = {'x': 1}")
    sync_settings_to_config(path)
    return path


@pytest.fixture
def config(settings: Path) -> Path:
    """Return the snapshot of the settings."""
    return settings.with_name("config.json")
