"""The board on a real terminal: tmux at the two sizes it is drawn for."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import time

import pytest

pytest.importorskip("textual", reason="the extra [tui] is not installed")

from tests import harbour
from tools.core import clock
from tools.core.terminal.width import width

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Terminal:
    """A tmux server of its own with one window, in which a shell runs `top`."""

    def __init__(self, root, socket, columns, rows):
        self.root, self.socket = root, socket
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("TEOF_", "TMUX", "COLUMNS", "LINES"))
        }
        self.environment = {**kept, "PYTHONPATH": os.getcwd(), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        script = f"echo before; {sys.executable} -m tools.agent.top; echo ended $?; sleep 60"
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), f"sh -c '{script}'")

    def tmux(self, *words):
        command = ["tmux", "-L", self.socket, "-f", "/dev/null", *words]
        return subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def press(self, *keys):
        for key in keys:
            self.tmux("send-keys", key)

    def press_until(self, key, words):
        """Presses a key again each second until some words are on the screen: a busy machine may lose the first."""
        end = time.monotonic() + 30
        while not any(words in line for line in self.screen()):
            assert time.monotonic() < end, "\n".join(self.screen())
            self.press(key)
            time.sleep(1)

    def screen(self):
        return self.tmux("capture-pane", "-p").split("\n")[:-1]

    def until(self, words):
        """The screen once some words are on it."""
        end = time.monotonic() + 30
        while True:
            lines = self.screen()
            if any(words in line for line in lines):
                return lines
            assert time.monotonic() < end, "\n".join(lines)
            time.sleep(0.05)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tmux") / "harbour"
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    harbour.build(folder, clock.now())
    return folder


@pytest.fixture
def terminal(root, tmp_path):
    opened = []

    def start(columns, rows):
        opened.append(Terminal(root, f"teof-{os.getpid()}-{tmp_path.name}", columns, rows))
        return opened[-1]

    yield start
    for each in opened:
        subprocess.run(["tmux", "-L", each.socket, "kill-server"], capture_output=True)


@pytest.mark.parametrize(("columns", "rows"), [(120, 40), (80, 24)])
def test_the_board_fills_the_screen_and_goes_back_to_the_shell(terminal, columns, rows):
    shell = terminal(columns, rows)
    title = shell.tmux("display-message", "-p", "#{pane_title}")
    lines = shell.until("q quit")
    end = time.monotonic() + 30
    while not lines[-2].startswith(" $ python -m tools.") and time.monotonic() < end:  # it is drawn in parts
        time.sleep(0.1)
        lines = shell.screen()
    assert len(lines) == rows and max(map(width, lines)) <= columns
    assert lines[0].startswith(" harbour  ■ ") and lines[1].startswith(" [1 Needs ") and set(lines[2]) == {"─"}
    assert sum(line.startswith("▌") for line in lines) == 1 and lines[-2].startswith(" $ python -m tools.")
    assert any("WHO IS AT WHAT" in line for line in lines) == (columns == 120)
    assert shell.tmux("display-message", "-p", "#{pane_title}") == title
    shell.press("q")
    lines = shell.until("ended 0")
    assert lines[0] == "before" and not any("harbour" in line for line in lines)


def test_keys_reach_it_and_a_change_of_size_is_followed(terminal):
    shell = terminal(120, 40)
    shell.until("q quit")
    shell.press_until("3", "[3 Agents")
    shell.tmux("resize-window", "-x", "80", "-y", "24")
    shell.until("holds nothing")
    assert len(shell.screen()) == 24
    shell.press("2", "/", "r", "o", "u", "n", "d")
    shell.until("/ round█")
    shell.press("Escape")
    end = time.monotonic() + 30
    for columns in itertools.cycle((50, 49)):  # one change of size may come while the last is still being drawn
        shell.tmux("resize-window", "-x", str(columns), "-y", "12")
        time.sleep(1)
        if any("too small" in line for line in shell.screen()) or time.monotonic() > end:
            break
    assert any("too small" in line for line in shell.screen())


def test_a_record_of_another_seat_shows_by_itself(terminal, root):
    shell = terminal(80, 24)
    shell.until("q quit")
    shell.press_until("5", "[5 Log]")
    command = [sys.executable, "-m", "tools.agent.bus_event", "log", "--event", "note", "--summary", "the newcomer"]
    subprocess.run(command, cwd=root, env=shell.environment, check=True, stdout=subprocess.DEVNULL)
    shell.until("the newcomer")
