"""The view that the board's tests look at."""

from tests.core.board.conftest import harbour_context, harbour_root, seen

__all__ = ["harbour_context", "harbour_root", "seen"]
