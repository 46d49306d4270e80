"""Tests as documents cite them: `tests/x/test_y.py::test_z`, or a whole file."""

from __future__ import annotations

import ast
from functools import cache

from tests.conftest import CHECKOUT


@cache
def functions_of(path: str) -> dict[str, ast.FunctionDef]:
    """The test functions of a file, by name; the path is relative to the checkout."""
    tree = ast.parse((CHECKOUT / path).read_text())
    nodes = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {node.name: node for node in nodes if node.name.startswith("test_")}


def is_there(citation: str) -> bool:
    """Whether the cited test exists; a file without a name needs at least one."""
    path, _, name = citation.partition("::")
    return name in functions_of(path) if name else bool(functions_of(path))
