"""The YAML that trackers write above their Markdown, and no more of YAML than that.

Keys with a scalar, a flow list, a block list, or a block text (`|`, `>`), in plain, single or double
quotes; comments and blank lines. Mappings inside mappings, anchors, tags and several documents are
refused with their line: a reader that guessed would import the wrong task.
"""

from __future__ import annotations

import re
from typing import NamedTuple

Value = str | list[str]

_KEY = re.compile(
    r"""(?:"([^"\\]{1,100})"|'([^']{1,100})'|([^\s#:"'\[\]{},&*!|>%@`-][^:#"'\[\]{}]{0,99}?))\s*:(?:\s+(.*))?"""
)
_FENCE = re.compile(r"---[ \t]*")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}


class NotUnderstood(ValueError):
    """Something of YAML that is not read here; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class Document(NamedTuple):
    """A file in two parts; `body_line` is the line its body begins on."""

    fields: dict[str, Value]
    lines: dict[str, int]
    body: str
    body_line: int


def split(text: str) -> Document:
    """The front matter of a Markdown file and its body; NotUnderstood where there is none."""
    lines = text.replace("\r\n", "\n").split("\n")
    if not _FENCE.fullmatch(lines[0]):
        raise NotUnderstood(1, "no front matter: the file does not begin with ---")
    end = next((number for number, line in enumerate(lines[1:], 1) if _FENCE.fullmatch(line)), 0)
    if not end:
        raise NotUnderstood(1, "the front matter has no end: a second --- is missing")
    fields, places = parse(lines[1:end], first=2)
    return Document(fields, places, "\n".join(lines[end + 1 :]), end + 2)


def parse(lines: list[str], first: int = 1) -> tuple[dict[str, Value], dict[str, int]]:
    """The keys of some lines of YAML, and the line each stands on; NotUnderstood for anything else."""
    fields: dict[str, Value] = {}
    places: dict[str, int] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip() or line.lstrip().startswith("#"):
            at += 1
            continue
        match = _KEY.fullmatch(line.rstrip())
        if not match:
            raise NotUnderstood(first + at, f"not understood: {line.strip()[:60]!r}")
        key = (match[1] or match[2] or match[3]).strip()
        if key in fields:
            raise NotUnderstood(first + at, f"the key {key!r} stands twice")
        places[key] = first + at
        below = _indented(lines, at + 1)
        fields[key] = _value((match[4] or "").strip(), lines[at + 1 : below], first + at)
        at = below
    return fields, places


def _indented(lines: list[str], at: int) -> int:
    """Behind the lines that belong to the key above: indented ones, list items, blank ones among them."""
    end = at
    for number in range(at, len(lines)):
        line = lines[number]
        if line.startswith((" ", "\t", "- ")) or line == "-":
            end = number + 1
        elif line.strip():
            break
    return end


def _value(text: str, below: list[str], number: int) -> Value:
    if text[:1] in ("|", ">"):
        return _block(text, below, number)
    text = _uncommented(text)
    content = [line for line in below if line.strip() and not line.lstrip().startswith("#")]
    if not text:
        return _items(below, number) if content else ""
    if text[0] == "[":
        return _flow(" ".join([text, *(line.strip() for line in content)]), number)
    if content:
        text = " ".join([text, *(line.strip() for line in content)])
        if content[0].lstrip().startswith("- "):
            raise NotUnderstood(number, "a value and a list under one key")
    return _scalar(text, number)


def _items(below: list[str], number: int) -> Value:
    """The items of a block list; long ones may go on in deeper lines."""
    values: list[str] = []
    for offset, line in enumerate(below, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text == "-" or text.startswith("- "):
            values.append(text[1:].strip())
        elif values and not _KEY.fullmatch(text):
            values[-1] += " " + text
        else:
            raise NotUnderstood(number + offset, f"a mapping inside a mapping is not read: {text[:60]!r}")
    return [_scalar(_uncommented(text), number) for text in values]


def _block(text: str, below: list[str], number: int) -> str:
    if not re.fullmatch(r"[|>][+-]?(?:\s+#.*)?", text):
        raise NotUnderstood(number, f"not understood: {text[:20]!r}")
    depth = min((len(line) - len(line.lstrip(" ")) for line in below if line.strip()), default=0)
    lines = [line[depth:].rstrip() for line in below]
    if text[0] == "|":
        return "\n".join(lines).strip("\n")
    return re.sub(r"(?<!\n)\n(?!\n)", " ", "\n".join(lines).strip("\n"))


def _flow(text: str, number: int) -> list[str]:
    if not text.endswith("]"):
        raise NotUnderstood(number, "a list without its closing ]")
    values: list[str] = []
    at, end = 1, len(text) - 1
    pattern = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,\[\]{}"']*)\s*(?:,|$)""")
    while at < end:
        match = pattern.match(text, at, end)
        if not match or match.end() == at:
            raise NotUnderstood(number, f"not understood: {text[at : at + 40]!r}")
        if match[1].strip():
            values.append(_scalar(match[1].strip(), number))
        at = match.end()
    return values


def _scalar(text: str, number: int) -> str:
    if text[:1] in ('"', "'"):
        if len(text) < 2 or text[-1] != text[0]:
            raise NotUnderstood(number, "a quote without its end")
        return text[1:-1].replace("''", "'") if text[0] == "'" else _unescaped(text[1:-1], number)
    if text[:1] in ("{", "&", "*", "!", "%", "`"):
        raise NotUnderstood(number, f"not understood: {text[:40]!r}")
    return "" if text in ("null", "~") else text


def _unescaped(text: str, number: int) -> str:
    if re.search(r'(?<!\\)(?:\\\\)*"', text):
        raise NotUnderstood(number, "a quote inside quotes")

    def plain(match: re.Match[str]) -> str:
        code = match[1]
        if len(code) > 1:
            return chr(min(int(code[1:], 16), 0x10FFFF))
        return _ESCAPES.get(code, code)

    text = _ESCAPE.sub(plain, text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # a pair of escapes is one character


def _uncommented(text: str) -> str:
    """A value without the comment behind it; a # inside quotes or a word begins no comment."""
    if text[:1] in ('"', "'"):
        end = _end_of_quote(text)
        return text[:end] if re.fullmatch(r"\s+#.*", text[end:]) else text
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].rstrip()


def _end_of_quote(text: str) -> int:
    pattern = r'"(?:[^"\\]|\\.)*"' if text[0] == '"' else r"'(?:[^']|'')*'"
    match = re.match(pattern, text)
    return match.end() if match else len(text)
