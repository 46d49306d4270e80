"""What a newcomer does first: installs the wheel as a tool into an empty home, and runs it without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.test_installing import wheel  # noqa: F401  # a fixture

pytestmark = pytest.mark.slow

OFFLINE = ["unshare", "--net"] if os.geteuid() == 0 and shutil.which("unshare") else []
"""What starts a command without a network, where that can be had."""


@pytest.fixture(scope="module")
def home(wheel, tmp_path_factory):  # noqa: F811
    """An empty home into which uv has installed the wheel from a folder of wheels."""
    if find_spec("uv") is None:
        pytest.skip("uv is not installed (make setup installs it)")
    folder = tmp_path_factory.mktemp("first-minute")
    wheels = folder / "wheels"
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(wheels), str(wheel)], capture_output=True
    )
    if fetched.returncode:
        pytest.skip("the dependencies' wheels cannot be fetched here")
    command = ["-m", "uv", "tool", "install", "--no-index", "--find-links", str(wheels), "--python", sys.executable]
    start(folder, sys.executable, *command, str(wheel))
    return folder


def start(home, *command):
    environment = {"HOME": str(home), "PATH": f"{home}/.local/bin:{os.environ['PATH']}", "LANG": "C.UTF-8"}
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demonstration_runs_from_the_tool_alone(home):
    played = start(home, *OFFLINE, "teof", "demo")
    assert "all as expected" in played and os.path.exists(played.rstrip().rpartition(": ")[2])


def test_doctor_and_the_version_answer_in_a_new_repository(home):
    start(home, "git", "init", "-q", "-b", "main", "project")
    start(home, *OFFLINE, "teof", "init", "--root", "project", "--agent", "codex-1")
    assert start(home, *OFFLINE, "teof", "doctor", "--root", "project")
    assert start(home, *OFFLINE, "teof", "--version").startswith("teof ")
