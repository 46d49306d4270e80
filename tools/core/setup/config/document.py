"""A text with its encoding, line ends and byte order mark, and back to the very bytes."""

from __future__ import annotations

from typing import NamedTuple

from tools.core import hint
from tools.core.errors import DataError

_BOM = b"\xef\xbb\xbf"


class Document(NamedTuple):
    """A file's text with `\\n` line ends, and what its bytes had besides."""

    text: str
    has_bom: bool = False
    is_crlf: bool = False

    def encode(self) -> bytes:
        """The bytes of the file."""
        text = self.text.replace("\n", "\r\n") if self.is_crlf else self.text
        return (_BOM if self.has_bom else b"") + text.encode()


def decode(data: bytes, name: str) -> Document:
    """The text of a file; DataError with `path:line` when it is not UTF-8.

    Line ends are turned only where all are alike, so that nothing else changes on the way back.
    """
    has_bom = data.startswith(_BOM)
    body = data[len(_BOM) :] if has_bom else data
    try:
        text = body.decode()
    except UnicodeDecodeError as problem:
        line = body.count(b"\n", 0, problem.start) + 1
        raise DataError(f"{name}:{line}: not UTF-8", code="setup.damaged", hint=hint.program("file", name)) from problem
    is_crlf = 0 < text.count("\r\n") == text.count("\n") == text.count("\r")
    return Document(text.replace("\r\n", "\n") if is_crlf else text, has_bom, is_crlf)
