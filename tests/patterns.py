"""Every regular expression of the toolkit, and the texts that would make it slow.

The patterns are read from the source: what is compiled at a module's level, and what a call of `re` is
given. The texts are made from a pattern's own parts: what leads to a repetition, then what repeats, many
times, then something that fits nothing. A pattern with a choice to take back needs the square of their
length, or worse; all others need their length.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

TOOLS = Path(__file__).resolve().parents[1] / "tools"
FROM_THE_BEGINNING = {"match", "fullmatch"}
CALLS = {"compile", "search", "match", "fullmatch", "sub", "subn", "findall", "finditer", "split"}
SAMPLES = "a \t0A-_#./:;,|>*`\"'\\=@[(<{+~\n\r%$!?&^)}]é"
"""Letters and signs of each class that patterns use; the first that fits is pumped, and some more."""

REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


class Pattern(NamedTuple):
    """A regular expression and where it stands; `anchored` where it is only tried at a text's beginning."""

    where: str
    text: str | bytes
    flags: int
    anchored: bool


def patterns() -> list[Pattern]:
    """All patterns of the toolkit, each once."""
    found: dict[tuple[str | bytes, int, bool], Pattern] = {}
    for path in sorted(TOOLS.rglob("*.py")):
        name = ".".join(path.relative_to(TOOLS.parent).with_suffix("").parts).removesuffix(".__init__")
        source = path.read_text()
        if "re." in source and not name.endswith("__main__"):
            for pattern in _in_module(name, ast.parse(source)):
                found.setdefault((pattern.text, pattern.flags, pattern.anchored), pattern)
    return list(found.values())


def _in_module(name: str, tree: ast.Module) -> Iterator[Pattern]:
    module = importlib.import_module(name)
    scope = {"re": re, **vars(module)}
    methods = _methods(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.args):
            continue
        for value in _values(node.args[0], scope):
            flags = next((_value(word.value, scope) for word in node.keywords if word.arg == "flags"), 0)
            if node.func.attr == "compile" and len(node.args) > 1:
                flags = _value(node.args[1], scope)
            used = methods.get(node.lineno, {node.func.attr})
            yield Pattern(f"{name}:{node.lineno}", value, int(flags or 0), used <= FROM_THE_BEGINNING)


def _values(node: ast.expr, scope: dict[str, Any]) -> list[str | bytes]:
    """What an argument is; the patterns of a table where it is one of its fields."""
    value = _value(node, scope)
    if isinstance(value, (str, bytes)):
        return [value]
    tables = [rows for rows in scope.values() if isinstance(rows, tuple) and rows]
    rows = [row for table in tables for row in table if isinstance(row, tuple)]
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    fields = [getattr(row, name) for row in rows if hasattr(row, name)]
    return fields or [row[0] for row in rows if name == "pattern" and isinstance(row[0], str)]


def _value(node: ast.expr, scope: dict[str, Any]) -> Any:
    try:
        return eval(compile(ast.Expression(node), "pattern", "eval"), scope)
    except (NameError, AttributeError):
        return None


def _methods(tree: ast.Module) -> dict[int, set[str]]:
    """By line of a `re.compile` at a module's level, the methods that the module calls on what it makes."""
    lines = {
        node.targets[0].id: node.value.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call)
    }
    methods: dict[int, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in CALLS:
            methods.setdefault(lines.get(node.value.id, 0), set()).add(node.attr)
    return methods


# -- texts ----------------------------------------------------------------------------------------


def attacks(pattern: Pattern) -> list[tuple[str, str]]:
    """Beginnings and the parts to repeat behind them, which is where a pattern could take choices back."""
    text = pattern.text.decode("latin-1") if isinstance(pattern.text, bytes) else pattern.text
    tree = parser.parse(text, pattern.flags | (re.ASCII if isinstance(pattern.text, bytes) else 0))
    pairs: dict[tuple[str, str], None] = {}
    for before, unit in _repeats(tree, ""):
        pairs[before, unit] = None
        if not pattern.anchored:
            pairs["", before + unit] = None
    whole = _witness(tree)
    pairs["", whole or "a"] = None
    return list(pairs)


def _repeats(tree: Any, before: str) -> Iterator[tuple[str, str]]:
    for code, argument in tree:
        if code in REPEATS:
            for unit in _units(argument[2]):
                yield before, unit
            yield from _repeats(argument[2], before)
        for part in _parts(code, argument):
            yield from _repeats(part, before)
        before += _one(code, argument)


def _parts(code: Any, argument: Any) -> list[Any]:
    if code is codes.SUBPATTERN:
        return [argument[3]]
    if code is codes.BRANCH:
        return list(argument[1])
    return [argument] if code is codes.ATOMIC_GROUP else []


def _units(body: Any) -> list[str]:
    """What a repetition may repeat: each of some letters where it is a class, else what fits it."""
    if len(body) == 1 and body[0][0] in (codes.IN, codes.ANY, codes.NOT_LITERAL, codes.CATEGORY):
        return [letter for letter in SAMPLES if _fits(body, letter)][:6] or [_witness(body)]
    return [_witness(body) or "a"]


def _witness(tree: Any) -> str:
    return "".join(_one(code, argument) for code, argument in tree)


def _one(code: Any, argument: Any) -> str:
    """A text that fits one part of a pattern, the shortest that is easily had."""
    if code is codes.LITERAL:
        return chr(argument)
    if code in (codes.IN, codes.ANY, codes.NOT_LITERAL):
        return next((letter for letter in SAMPLES if _fits([(code, argument)], letter)), "a")
    if code in REPEATS:
        return _witness(argument[2]) * max(1 if argument[1] else 0, min(argument[0], 40))
    if code is codes.SUBPATTERN:
        return _witness(argument[3])
    if code is codes.BRANCH:
        return _witness(argument[1][0])
    return _witness(argument) if code is codes.ATOMIC_GROUP else ""


def _fits(body: Any, letter: str) -> bool:
    state = parser.State()
    state.str = ""
    tree = parser.SubPattern(state, list(body))
    return re._compiler.compile(tree).fullmatch(letter) is not None  # type: ignore[attr-defined]
