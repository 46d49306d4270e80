"""Secrets in text: the usual shapes of tokens are replaced before anything is written.

A log that only grows and is pushed to a remote is the worst place for a password. Shapes are those
the issuers document. Every pattern begins at a literal or behind a boundary and has no choice to
take back, so a text of any content takes time in proportion to its length; a text without one of
the literals is never matched at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tools.core.plain import NamedTuple


class _Shape(NamedTuple):
    """A kind of secret: literals without which it is not there, and its pattern.

    Where the pattern has a group, only that part of the match is the secret.
    """

    kind: str
    literals: tuple[str, ...]
    pattern: str


_START = "(?<![A-Za-z0-9])"
_SHAPES = (
    _Shape("github", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), _START + r"gh[pousr]_[A-Za-z0-9]{20,}+"),
    _Shape("github", ("github_pat_",), _START + r"github_pat_[A-Za-z0-9_]{20,}+"),
    _Shape("gitlab", ("glpat-",), _START + r"glpat-[A-Za-z0-9_.-]{20,}+"),
    _Shape("aws", ("AKIA", "ASIA"), _START + r"A[KS]IA[0-9A-Z]{16}(?![A-Za-z0-9])"),
    _Shape("google", ("AIza",), _START + r"AIza[A-Za-z0-9_-]{35,}+"),
    _Shape("slack", ("xox", "xapp-"), _START + r"(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}+"),
    _Shape("stripe", ("k_live_", "k_test_"), _START + r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,}+"),
    _Shape("anthropic", ("sk-ant-",), _START + r"sk-ant-[A-Za-z0-9_-]{16,}+"),
    _Shape("openai", ("sk-",), _START + r"sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}+|[A-Za-z0-9]{20,}+)"),
    _Shape("npm", ("npm_",), _START + r"npm_[A-Za-z0-9]{30,}+"),
    _Shape("pypi", ("pypi-",), _START + r"pypi-(?:AgE[A-Za-z0-9_-]{10,}+|[A-Za-z0-9_-]{60,}+)"),
    _Shape(
        "jwt",
        ("eyJ",),
        r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}+\.eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]*+",
    ),
    _Shape(
        "private-key",
        ("PRIVATE KEY",),
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:[^-]|-(?!-))*+-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\s\\]*+)",
    ),
    _Shape(
        "authorization",
        ("uthorization", "UTHORIZATION"),
        r"(?i:authorization)[\"'\\]{0,4}\s{0,5}[:=]\s{0,5}[\"'\\]{0,4}(?i:bearer|basic|token)\s{1,5}"
        r"([A-Za-z0-9._~+/=-]{6,}+)",
    ),
    _Shape("bearer", ("earer ",), r"(?<![A-Za-z0-9])[Bb]earer ([A-Za-z0-9._~+/=-]{20,}+)"),
    _Shape("password", ("://",), r"://[^\s/:@\"'<>]*+:((?!\[redacted:)[^\s/@\"'<>]++)@"),
)

_HELD = 64 * 1024
"""Bytes of output that are held back while a secret in them may not have ended."""

_noticed: set[str] = set()
"""The kinds of secrets this process has replaced; the way in says so and empties it."""


def redact(text: str) -> str:
    """The text with each secret replaced by `[redacted:<kind>]`."""
    for shape in _SHAPES:
        for literal in shape.literals:
            if literal in text:
                text = re.sub(shape.pattern, _replacement(shape.kind), text)
                break
    return text


def _replacement(kind: str) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        _noticed.add(kind)
        if not match.re.groups:
            return f"[redacted:{kind}]"
        begin, end = match.start(1) - match.start(), match.end(1) - match.start()
        return f"{match[0][:begin]}[redacted:{kind}]{match[0][end:]}"

    return replace


def redact_value(value: Any) -> Any:
    """The same for all texts in lists and objects; keys stay as they are."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: redact_value(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact_value(part) for part in value]
    return value


def redact_bytes(data: bytes) -> bytes:
    """The same for a file that is about to be written."""
    text = data.decode("utf-8", "surrogateescape")
    clean = redact(text)
    return data if clean == text else clean.encode("utf-8", "surrogateescape")


class Stream:
    """Redacts what comes in blocks, in bounded memory: lines are held until they, and a key in them, have ended."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, block: bytes) -> bytes:
        """What can be written now."""
        self._held += block
        cut = self._held.rfind(b"\n") + 1
        key = self._held.rfind(b"-----BEGIN ")
        if key >= 0 and b"\n" not in self._held[key:].partition(b"-----END ")[2]:
            cut = min(cut, key)
        if len(self._held) - cut > _HELD:
            cut = max(self._held.rfind(b"\n"), self._held.rfind(b" ")) + 1 or len(self._held)
        ready, self._held = self._held[:cut], self._held[cut:]
        return redact_bytes(ready)

    def end(self) -> bytes:
        """The rest, once nothing more comes."""
        rest, self._held = self._held, b""
        return redact_bytes(rest)


def take_notices() -> list[str]:
    """One line for each kind that was replaced since the last call."""
    lines = [f"redacted: a {kind} secret is shown and written as [redacted:{kind}]" for kind in sorted(_noticed)]
    _noticed.clear()
    return lines
