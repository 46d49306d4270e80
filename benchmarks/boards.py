#!/usr/bin/env python3
"""What the boards cost: the page as a multiple of bare Python, the live page at rest and under watchers, the terminal.

    python benchmarks/boards.py [--check] [--repeat 7] [--watchers 200]

Figures are CPU seconds and peak memory of child processes over a made-up repository of eight agents and
sixty tasks; where valgrind is installed the page is counted in instructions as well, which no other load
of the machine changes. With --check the exit code is 1 when a budget is passed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from tests import harbour
from tools.core import clock

PAGE_BYTES, PAGE_CPU, PAGE_MIB = 400_000, 30.0, 90
START, MEMORY, REST, LATENCY, PUSH = 2.5, 60, 0.01, 1.0, 2.0
BUSY_MEMORY = 120
PAGE = ("-m", "tools.agent.coord_dashboard", "report", "--format", "html", "--output", "-")


def main() -> int:
    """Prints each figure beside its budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--watchers", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="boards-") as folder:
        root = Path(folder) / "harbour"
        subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
        harbour.build(root, clock.now())
        over = page(root, options.repeat) + served(root, options.watchers)
    print(f"{over} over their budget")
    return 1 if over and options.check else 0


def say(what: str, figure: float, unit: str, budget: float) -> int:
    """One line; 1 when the figure is over its budget."""
    is_over = figure > budget
    print(f"{what:44} {figure:10.3f} {unit:6} (budget {budget:g}){'  OVER' if is_over else ''}", flush=True)
    return int(is_over)


def environment() -> dict[str, str]:
    """The environment of a child, without what would change what it does."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TEOF_", "PYTHONDONT"))}
    return {**kept, "PYTHONPATH": str(CHECKOUT)}


def cost(root: Path, *words: str) -> tuple[float, float, int]:
    """CPU seconds, MiB and bytes of output of one child."""
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen([sys.executable, *words], cwd=root, env=environment(), stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0, words
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out.tell() or os.fstat(out.fileno()).st_size


def page(root: Path, repeat: int) -> int:
    """The page as one file."""
    bare = min(cost(root, "-c", "pass")[0] for _ in range(repeat))
    runs = [cost(root, *PAGE) for _ in range(repeat)]
    over = say("page, CPU over bare Python", min(run[0] for run in runs) / bare, "x", PAGE_CPU)
    if shutil.which("valgrind"):
        over += say(
            "page, instructions over bare Python",
            instructions(root, *PAGE) / instructions(root, "-c", "pass"),
            "x",
            PAGE_CPU,
        )
    over += say("page, memory", max(run[1] for run in runs), "MiB", PAGE_MIB)
    return over + say("page, size", runs[0][2], "bytes", PAGE_BYTES)


def instructions(root: Path, *words: str) -> int:
    """The instructions that a child takes."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    settled = {**environment(), "PYTHONHASHSEED": "0"}
    child = subprocess.run([*valgrind, sys.executable, *words], cwd=root, env=settled, capture_output=True, text=True)
    (count,) = re.findall(r"Collected : (\d+)", child.stderr)
    return int(count)


class Server:
    """A server in a process of its own."""

    def __init__(self, root: Path) -> None:
        begin = time.monotonic()
        command = [sys.executable, "-m", "tools.agent.serve", "--port", "0", "--json"]
        self.process = subprocess.Popen(command, cwd=root, env=environment(), stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.until(self.watch(), b"event: board")
        self.started = time.monotonic() - begin

    def watch(self) -> socket.socket:
        """One watcher."""
        line = socket.create_connection(("127.0.0.1", self.address["port"]), timeout=30)
        head = f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{self.address['port']}\r\nAuthorization: Bearer {self.address['token']}\r\n\r\n"
        line.sendall(head.encode())
        return line

    def until(self, line: socket.socket, words: bytes) -> bytes:
        """What a watcher reads until some words came."""
        text = b""
        while words not in text:
            block = line.recv(65536)
            assert block, "the stream ended"
            text += block
        return text

    def cpu(self) -> float:
        """CPU seconds so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """MiB that are resident."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


def served(root: Path, watchers: int) -> int:
    """The live page: its start, at rest, a record's way to a watcher, many watchers."""
    server = Server(root)
    try:
        over = say("serve, first board", server.started, "s", START)
        before, begin = server.cpu(), time.monotonic()
        time.sleep(10)
        over += say("serve, at rest", (server.cpu() - before) / (time.monotonic() - begin), "cores", REST)
        over += say("serve, memory", server.memory(), "MiB", MEMORY)
        over += say(
            "serve, a record to a watcher, median of 5",
            statistics.median(_latency(server, root) for _ in range(5)),
            "s",
            LATENCY,
        )
        over += _on_a_page(server, root)
        lines = [server.watch() for _ in range(watchers)]
        for line in lines:
            server.until(line, b"event: board")
        _note(root)
        begin = time.monotonic()
        for line in lines:
            server.until(line, b"event: board")
        over += say(f"serve, a record to {watchers} watchers", time.monotonic() - begin, "s", PUSH)
        return over + say(f"serve, memory with {watchers} watchers", server.memory(), "MiB", BUSY_MEMORY)
    finally:
        server.process.terminate()
        server.process.wait()


def _on_a_page(server: Server, root: Path) -> int:
    """From the end of a command to the row in the document of a browser."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None or find_spec("playwright") is None:
        print("serve, a record on a page: left out, for there is no Chromium or no playwright here")
        return 0
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page()
        tab.goto(server.address["url"])
        moments = [_until_on_page(tab, root, f"record {number}") for number in range(5)]
        browser.close()
    return say("serve, a record on a page, median of 5", statistics.median(moments), "s", LATENCY)


def _until_on_page(tab: Any, root: Path, summary: str) -> float:
    time.sleep(0.5)
    _note(root, summary)
    begin = time.monotonic()
    while summary not in tab.evaluate("document.querySelector('[data-k=log]').textContent"):
        assert time.monotonic() < begin + 20, "the record never came"
        time.sleep(0.01)
    return time.monotonic() - begin


def _note(root: Path, summary: str = "bench") -> None:
    words = ("-m", "tools.agent.bus_event", "log", "--event", "note", "--summary", summary)
    subprocess.run([sys.executable, *words], cwd=root, env=environment(), check=True, stdout=subprocess.DEVNULL)


def _latency(server: Server, root: Path) -> float:
    line = server.watch()
    server.until(line, b"event: board")
    time.sleep(0.5)
    _note(root)
    begin = time.monotonic()
    server.until(line, b"event: board")
    return time.monotonic() - begin


if __name__ == "__main__":
    sys.exit(main())
