"""SHA-256 from the interpreter itself: `hashlib` loads OpenSSL first, a tenth of a command's start."""

from __future__ import annotations

import sys

from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        sha256 = __import__("_sha2" if sys.version_info >= (3, 12) else "_sha256").sha256
    except ImportError:  # an interpreter built without its own
        from hashlib import sha256


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of some bytes in hexadecimal."""
    return sha256(data).hexdigest()
