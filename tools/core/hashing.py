"""SHA-256 from the interpreter itself: `hashlib` loads OpenSSL first, a tenth of a command's start."""

from __future__ import annotations

try:
    from _sha2 import sha256  # type: ignore[import-not-found]  # Python 3.12 and later
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]
    except ImportError:  # an interpreter built without its own
        from hashlib import sha256


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of some bytes in hexadecimal."""
    digest: str = sha256(data).hexdigest()
    return digest
