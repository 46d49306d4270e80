"""A real browser, where there is one: Chromium by its path, nothing downloaded; axe-core from `tests/browser`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests import harbour
from tests.core.board.conftest import NOW
from tests.core.board.test_page import hostile_view
from tools.core.board import view
from tools.core.board.model import View
from tools.core.board.page import html
from tools.core.board.view import BoardView
from tools.core.context import Context
from tools.core.workspace import Workspace

AXE = Path(os.environ.get("TEOF_TEST_AXE", Path(__file__).with_name("node_modules") / "axe-core/axe.min.js"))
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Tab:
    """A page that is open, and what it did that it should not."""

    page: Any
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window; skipped where it or playwright is absent.

    It ends with the module, since playwright keeps a loop in this thread that no other test's loop runs beside.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium here")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=SWITCHES)
        yield started
        started.close()


@pytest.fixture
def open_tab(browser: Any) -> Iterator[Any]:
    """Opens an address: `open_tab(url, width=390, dark=True, at=NOW)`; `at` sets the browser's clock."""
    contexts = []

    def tab(
        address: str,
        *,
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        at: datetime | None = None,
        **more: Any,
    ) -> Tab:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", **more
        )
        contexts.append(context)
        made = Tab(context.new_page())
        if at is not None:
            made.page.clock.install(time=at)
        made.page.on("request", lambda request: made.requests.append(request.url))
        made.page.on("pageerror", lambda error: made.faults.append(str(error)))
        made.page.on("dialog", lambda dialog: (made.faults.append(dialog.message), dialog.dismiss()))
        made.page.on("console", lambda line: made.faults.append(line.text) if line.type == "error" else None)
        made.page.goto(address)
        return made

    yield tab
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def harbour_view(tmp_path_factory: pytest.TempPathFactory) -> BoardView:
    """The view of the made-up history."""
    root = tmp_path_factory.mktemp("browser") / "harbour"
    harbour.build(root, NOW)
    return view.take(Context(Workspace(str(root), str(root)), now=NOW), View())


@pytest.fixture
def board(harbour_view: BoardView, tmp_path: Path) -> str:
    """The address of the page."""
    return _written(tmp_path / "board.html", harbour_view)


@pytest.fixture
def hostile_board(harbour_view: BoardView, tmp_path: Path) -> str:
    """The address of a page whose every text is hostile."""
    return _written(tmp_path / "hostile.html", hostile_view(harbour_view))


def _written(path: Path, made: BoardView) -> str:
    path.write_text(html.document(made), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def violations() -> Any:
    """What axe-core has against a page; skipped where it is absent."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: make browser")

    def of(tab: Tab) -> list[str]:
        tab.page.evaluate(AXE.read_text(encoding="utf-8"))
        result = tab.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in result["violations"]
            for node in rule["nodes"]
        ]

    return of
