"""Running the command in a process of its own, for the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROBLEMS = ROOT / "problems"
GRAPH = PROBLEMS / "graphs/product.yaml"
CALCULUS = PROBLEMS / "calculus/sigmoid.yaml"
INVALID = "kind: graph\ngiven: {x: 2}\nlines:\n  - f = x * y\n"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, /dev/full or a terminal")

Result = subprocess.CompletedProcess[str]


def command(*args: object) -> list[str]:
    return [sys.executable, "-m", "stepsolve", *map(str, args)]


def environment(**changes: str) -> dict[str, str]:
    """The variables of this process, without those that say how a page is to look."""
    dropped = ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM", "PYTHONIOENCODING")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **changes}


def run(*args: object, **options: object) -> Result:
    """One command with its output; whatever happens, it shows no traceback."""
    given = {"capture_output": True, "env": environment(), "timeout": 120, **options}
    found = subprocess.run(command(*args), encoding="utf-8", **given)  # type: ignore[call-overload]
    assert "Traceback" not in (found.stderr or "") + (found.stdout or "")
    return found
