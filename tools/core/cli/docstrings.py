"""The help of commands in a Python that drops docstrings (`-OO`), read from their source."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from tools.core.cli.decorators import Command, Group


def restore(command: Command | Group) -> None:
    """Gives a command, and those below it, the help that their docstrings hold."""
    parts = list(command.commands.values()) if isinstance(command, Group) else []
    for part in parts:
        restore(part)
    if command.doc:
        return
    text = _read(_body(command))
    command.doc = text[0] if parts else text[1] or text[0]


def _body(command: Command | Group) -> Callable[..., Any]:
    """The function behind a command; of a group, behind its first command."""
    while isinstance(command, Group):
        command = next(iter(command.commands.values()))
    return command.body


def _read(function: Callable[..., Any]) -> tuple[str, str]:
    """The docstrings of a function's module and of the function, "" where there is none."""
    code = function.__code__
    with open(code.co_filename, encoding="utf-8") as source:
        tree = ast.parse(source.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            return ast.get_docstring(tree) or "", ast.get_docstring(node) or ""
    return ast.get_docstring(tree) or "", ""
