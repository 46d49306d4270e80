"""JSON by the interpreter's own scanner and encoder, without the package `json` and the `re` it loads.

For programs whose start is their cost; what they read may come from anybody, so damage is a ValueError and
nothing else.
"""

from __future__ import annotations

from _json import encode_basestring, make_encoder, make_scanner


class _Context:
    """What the scanner asks its decoder for; strict as `json.loads` is, but NaN and its kin are refused."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int

    @staticmethod
    def parse_constant(text: str) -> object:
        raise ValueError(f"{text} is not JSON")


_scan = make_scanner(_Context())  # type: ignore[arg-type]  # any object with these attributes does
_SPACES = " \t\n\r"


def loads(data: bytes) -> object:
    """The value in a JSON document; ValueError when it is damaged or nested too deeply."""
    text = data.decode("utf-8")
    start = len(text) - len(text.lstrip(_SPACES))
    try:
        value, end = _scan(text, start)
    except (StopIteration, RecursionError, SystemError):  # the last where `json.decoder` was never imported
        raise ValueError("not JSON") from None
    if text[end:].strip(_SPACES):
        raise ValueError("something stands behind the value")
    return value


def load_object(data: bytes) -> dict[str, object]:
    """The object in a JSON document; ValueError for anything else."""
    value = loads(data)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def dumps(value: object) -> str:
    """A value as compact JSON with the keys in their order."""
    return "".join(_encode(value, 0))


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} has no JSON")


_encode = make_encoder(None, _refuse, encode_basestring, None, ":", ",", False, False, False)
