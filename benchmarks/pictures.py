#!/usr/bin/env python3
"""The boards as pictures: of a made-up repository, in a headless Chromium and in tmux.

    python benchmarks/pictures.py [--into build/pictures] [--docs]

Every page at four widths, by day and by night, printed, on a host that takes style and script away, and
served; the terminal at two sizes. With --docs the few that the documentation shows are written to
docs/assets/boards instead. What is not installed here (playwright, a Chromium, tmux) is left out by name.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tests import harbour
from tools.core import clock
from tools.core.board import digest, digest_text, github, view
from tools.core.board.lanes.lane import DAY
from tools.core.board.model import View
from tools.core.board.page import html
from tools.core.context import Context
from tools.core.workspace import Workspace

WIDTHS = (1440, 1024, 390, 320)
SWITCHES = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
STRICT = "sandbox; default-src 'none'; img-src 'self'; style-src 'self'"
IN_DOCS = ("board-1440-light", "board-1440-dark", "agents-5d-light", "task-1440-light", "top-120x40")
TERMINAL = (
    "<!DOCTYPE html><meta charset='utf-8'><style>body{{margin:0;background:#111214;color:#ececee}}"
    "pre{{display:inline-block;margin:12px;font:14px/1.2 'DejaVu Sans Mono',monospace}}{stylesheet}</style><pre>{code}</pre>"
)


def main() -> int:
    """Writes the pictures; 1 when something that makes them is absent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=CHECKOUT / "build/pictures")
    parser.add_argument("--docs", action="store_true")
    options = parser.parse_args()
    into: Path = options.into.resolve()
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="boards-") as folder:
        root = Path(folder) / "harbour"
        subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
        harbour.build(root, clock.now())
        board = view.take(Context(Workspace(str(root), str(root))), View())
        _texts(into, root, board)
        has_tmux = _terminal(into, root)
        has_browser = _pages(into, root, board)
    absent = [name for name, is_there in (("chromium", has_browser), ("tmux", has_tmux)) if not is_there]
    if options.docs:
        for path in into.iterdir():
            if path.stem in IN_DOCS and path.suffix == ".png":
                shutil.copy(path, CHECKOUT / "docs/assets/boards" / path.name)
    print(f"pictures in {into}" + (f"; absent here: {', '.join(absent)}" if absent else ""))
    return 1 if absent else 0


def _texts(into: Path, root: Path, board: view.BoardView) -> None:
    (into / "github.md").write_text(github.document(board), encoding="utf-8")
    context = Context(Workspace(str(root), str(root)))
    since = digest.Question(context.now - DAY, View())
    (into / "digest.txt").write_text(digest_text.text(digest.take(context, since)) + "\n", encoding="utf-8")
    (into / "board.html").write_text(html.document(board), encoding="utf-8")


def _pages(into: Path, root: Path, board: view.BoardView) -> bool:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        return False
    if path is None:
        return False
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=SWITCHES)
        address = (into / "board.html").as_uri()
        for scheme in ("light", "dark"):
            for width in WIDTHS:
                _shoot(browser, address, into / f"board-{width}-{scheme}.png", width, scheme)
                _shoot(browser, address, into / f"board-{width}-{scheme}-full.png", width, scheme, full_page=True)
            _agents(browser, address, into / f"agents-5d-{scheme}.png", scheme)
        _printed(browser, address, into)
        _strict(browser, into)
        _served(browser, into, root)
        for screen in into.glob("top-*.html"):
            with _tab(browser, screen.as_uri(), 1440, "dark") as tab:
                tab.locator("pre").screenshot(path=screen.with_suffix(".png"))
        browser.close()
    return True


@contextmanager
def _tab(browser: Any, address: str, width: int, scheme: str) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    tab.goto(address)
    yield tab
    context.close()


def _shoot(browser: Any, address: str, path: Path, width: int, scheme: str, *, full_page: bool = False) -> None:
    with _tab(browser, address, width, scheme) as tab:
        tab.screenshot(path=path, full_page=full_page)


def _agents(browser: Any, address: str, path: Path, scheme: str) -> None:
    with _tab(browser, address, 1440, scheme) as tab:
        tab.click("label[for=span-week]")
        tab.locator("#agents").screenshot(path=path)


def _printed(browser: Any, address: str, into: Path) -> None:
    with _tab(browser, address, 794, "dark") as tab:
        tab.pdf(path=into / "board.pdf", prefer_css_page_size=True)
        tab.emulate_media(media="print")
        tab.screenshot(path=into / "board-print.png", full_page=True)


def _strict(browser: Any, into: Path) -> None:
    context = browser.new_context(viewport={"width": 1100, "height": 1400})
    tab = context.new_page()
    body = (into / "board.html").read_text(encoding="utf-8")
    headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": STRICT}
    tab.route("**/*", lambda route: route.fulfill(body=body, headers=headers))
    tab.goto("http://board.invalid/")
    tab.screenshot(path=into / "board-strict-host.png")
    context.close()


def _served(browser: Any, into: Path, root: Path) -> None:
    command = [sys.executable, "-m", "tools.agent.serve", "--port", "0", "--json", "--allow-actions"]
    server = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True, env=_environment())
    try:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        for scheme, width in (("light", 1440), ("dark", 390)):
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
            tab = context.new_page()
            tab.goto(url)
            tab.screenshot(path=into / f"live-{width}-{scheme}.png")
            tab.goto(url.split("/?")[0] + "/task/QUEUE-015")
            tab.screenshot(path=into / f"task-{width}-{scheme}.png")
            context.close()
    finally:
        server.terminate()
        server.wait()


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TEOF_")}
    return {**kept, "PYTHONPATH": str(CHECKOUT), "LANG": "C.UTF-8"}


def _terminal(into: Path, root: Path) -> bool:
    if shutil.which("tmux") is None:
        return False
    for columns, rows, keys in ((120, 40, "jj"), (80, 24, "jj"), (80, 24, "3")):
        name = f"top-{columns}x{rows}" + ("-agents" if keys == "3" else "")
        plain, coloured = _screen(root, columns, rows, keys)
        (into / f"{name}.txt").write_text(plain, encoding="utf-8")
        console = Console(record=True, width=columns, file=io.StringIO())
        console.print(Text.from_ansi(coloured))
        (into / f"{name}.html").write_text(console.export_html(theme=MONOKAI, code_format=TERMINAL), encoding="utf-8")
    return True


def _screen(root: Path, columns: int, rows: int, keys: str) -> tuple[str, str]:
    """The screen as text, and with its colours."""
    socket = f"boards-{os.getpid()}"

    def tmux(*words: str) -> str:
        command = ["tmux", "-L", socket, "-f", "/dev/null", *words]
        return subprocess.run(command, cwd=root, env=_environment(), capture_output=True, text=True, check=True).stdout

    tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), f"{sys.executable} -m tools.agent.top")
    try:
        for _ in range(100):
            if "quit" in tmux("capture-pane", "-p"):
                break
            time.sleep(0.1)
        for key in keys:
            tmux("send-keys", key)
            time.sleep(0.3)
        return tmux("capture-pane", "-p"), tmux("capture-pane", "-p", "-e")
    finally:
        tmux("kill-server")


if __name__ == "__main__":
    sys.exit(main())
