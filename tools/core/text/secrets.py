"""Secrets in text: tokens, keys and passwords are replaced before anything is written.

A log that only grows and is pushed to a remote is the worst place for a password.
"""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING, Mapping
from tools.core.token_shapes import has_secret, is_secret, secrets_in, shapes_in

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence
    from typing import Any

_HELD = 64 * 1024
"""Bytes of output that are held back while a secret in them may not have ended."""

_LONGEST = 8 * 1024
"""Bytes at the end of a long line that wait for what follows; a token is shorter."""

_AT_ONCE = 50
"""Texts that are searched as one: most of them have no secret, and looking for each shape costs more than the length."""

_APART = "\n" * 8
"""What stands between them: only a private key reaches over more white space than this, and it is always a secret."""

_noticed: set[str] = set()
"""The kinds of secrets this process has replaced; the way in says so and empties it."""


def redact(text: str) -> str:
    """The text with each secret replaced by `[redacted:<kind>]`."""
    for shape in shapes_in(text):
        import re  # most texts have nothing like a secret

        text = re.sub(shape.pattern, _replacement(shape.kind), text)
    return text


def _replacement(kind: str) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        begin, end = (edge - match.start() for edge in match.span(match.re.groups))
        if not is_secret(kind, match[0][begin:end]):
            return match[0]
        _noticed.add(kind)
        return f"{match[0][:begin]}[redacted:{kind}]{match[0][end:]}"

    return replace


def places_with_secrets(texts: Sequence[str]) -> set[int]:
    """Which of many texts have a secret in them, by their place."""
    places: set[int] = set()
    for begin in range(0, len(texts), _AT_ONCE):
        batch = texts[begin : begin + _AT_ONCE]
        if has_secret(_APART.join(batch)):
            places.update(place for place, text in enumerate(batch, begin) if has_secret(text))
    return places


def redact_value(value: Any) -> Any:
    """The same for all texts in lists and objects; keys stay as they are."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: redact_value(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact_value(part) for part in value]
    return value


def all_text(value: Any) -> str:
    """The texts that `redact_value` looks at as one, which has a secret where one of them has."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        value = list(value.values())
    return _APART.join(map(all_text, value)) if isinstance(value, (list, tuple)) else ""


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
            cut = max(cut, _cut_outside_secrets(self._held))
        ready, self._held = self._held[:cut], self._held[cut:]
        return redact_bytes(ready)

    def end(self) -> bytes:
        """The rest, once nothing more comes."""
        rest, self._held = self._held, b""
        return redact_bytes(rest)


def _cut_outside_secrets(line: bytes) -> int:
    """Where a line that does not end can be parted: before its last bytes, in which a secret may begin, and in none."""
    cut = len(line) - _LONGEST
    for secret in secrets_in(line.decode("latin-1")):
        if secret.begin < cut < secret.end:
            cut = secret.begin
    return cut or len(line)


def take_notices() -> list[str]:
    """One line for each kind that was replaced since the last call."""
    lines = [f"redacted: a {kind} secret is shown and written as [redacted:{kind}]" for kind in sorted(_noticed)]
    _noticed.clear()
    return lines
