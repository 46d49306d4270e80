"""JSON by the interpreter's own scanner and encoder, without the package `json` and the `re` it loads.

For programs whose start is their cost; what they read may come from anybody, so damage is a ValueError and
nothing else.
"""

from __future__ import annotations

from _json import encode_basestring, encode_basestring_ascii, make_encoder, make_scanner

from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Encode: TypeAlias = Callable[[Any, int], Any]


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
    return "".join(_compact(value, 0))


def sorted_line(value: object, *, allow_nan: bool = False) -> str:
    """A value as compact JSON with sorted keys; ValueError for NaN and its kin where they are not allowed."""
    return "".join((_sorted_with_nan if allow_nan else _sorted)(value, 0))


def shown_line(value: object) -> str:
    """A value as one line of ASCII for people and programs: sorted keys, spaces, what JSON has no word for as text."""
    return "".join(_spaced(value, 0))


def pretty(value: object, *, sort_keys: bool = True) -> str:
    """A value as JSON of several lines, two spaces a step; ValueError for NaN and its kin."""
    try:
        return _laid_out(value, _strict, "\n", sort_keys=sort_keys)
    except TypeError:
        import json  # it has its ways with keys that are no text

        return json.dumps(value, indent=2, sort_keys=sort_keys, ensure_ascii=False, allow_nan=False)


def shown(value: object) -> str:
    """The same in ASCII with sorted keys, what JSON has no word for as text."""
    try:
        return _laid_out(value, _lenient, "\n", sort_keys=True)
    except TypeError:
        import json  # it has its ways with keys that are no text

        return json.dumps(value, indent=2, sort_keys=True, default=str)


def _laid_out(value: Any, encoder: Callable[..., Encode], begin: str, *, sort_keys: bool) -> str:
    inner = begin + "  "
    if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
        raise TypeError("a key that is no text has no JSON")
    encode = encoder("," + inner, sort_keys=sort_keys)
    parts = value.values() if isinstance(value, dict) else value if _has_parts(value) else ()
    if not any(map(_has_parts, parts)):
        text = "".join(encode(value, 0))
        return text[0] + inner + text[1:-1] + begin + text[-1] if parts else text
    if isinstance(value, dict):
        pairs = sorted(value.items()) if sort_keys else value.items()
        texts = [
            f"{''.join(encode(key, 0))}: {_laid_out(part, encoder, inner, sort_keys=sort_keys)}" for key, part in pairs
        ]
        return "{" + inner + ("," + inner).join(texts) + begin + "}"
    texts = [_laid_out(part, encoder, inner, sort_keys=sort_keys) for part in value]
    return "[" + inner + ("," + inner).join(texts) + begin + "]"


def _has_parts(value: object) -> bool:
    return isinstance(value, (dict, list, tuple)) and bool(value)


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} has no JSON")


_compact = make_encoder(None, _refuse, encode_basestring, None, ":", ",", False, False, False)
_sorted = make_encoder(None, _refuse, encode_basestring, None, ":", ",", True, False, False)
_sorted_with_nan = make_encoder(None, _refuse, encode_basestring, None, ":", ",", True, False, True)
_spaced = make_encoder(None, str, encode_basestring_ascii, None, ": ", ", ", True, False, True)


def _strict(separator: str, *, sort_keys: bool) -> Encode:
    return make_encoder(None, _refuse, encode_basestring, None, ": ", separator, sort_keys, False, False)


def _lenient(separator: str, *, sort_keys: bool) -> Encode:
    return make_encoder(None, str, encode_basestring_ascii, None, ": ", separator, sort_keys, False, True)
