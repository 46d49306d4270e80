"""A made-up repository with everything a board can show, and the view of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import harbour
from tools.core.board import view
from tools.core.board.model import View
from tools.core.board.view import BoardView
from tools.core.context import Context
from tools.core.workspace import Workspace

NOW = datetime(2026, 11, 26, 17, 10, tzinfo=UTC)


@pytest.fixture(scope="session")
def harbour_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of `tests/harbour.py`; to be read only."""
    root = tmp_path_factory.mktemp("boards") / "harbour"
    harbour.build(root, NOW)
    return root


@pytest.fixture
def harbour_context(harbour_root: Path) -> Context:
    """A context at the moment the made-up history ends."""
    return Context(Workspace(str(harbour_root), str(harbour_root)), now=NOW)


@pytest.fixture
def seen(harbour_context: Context) -> BoardView:
    """The view of it."""
    return view.take(harbour_context, View())
