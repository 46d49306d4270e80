"""Named tuples and protocols without `typing`, whose import costs a third of starting Python, as each class made by it costs more.

Type checkers see those of `typing`; a test holds the two kinds of named tuples against each other.
"""

from __future__ import annotations

TYPE_CHECKING = False
"""True for type checkers alone, like `typing.TYPE_CHECKING`."""

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
    from typing import Protocol as Protocol
else:
    from _collections import _tuplegetter

    class _Meta(type):
        def __new__(mcls, name, bases, namespace):
            if not bases:
                return super().__new__(mcls, name, (tuple,), {"__slots__": (), **_SHARED})
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace.pop(field) for field in fields if field in namespace}
            arguments = ", ".join(field + (f"=_defaults[{field!r}]" if field in defaults else "") for field in fields)
            scope = {"_new": tuple.__new__, "_defaults": defaults, "__name__": namespace["__module__"]}
            body = f"lambda _cls{', ' + arguments if fields else ''}: _new(_cls, ({''.join(f'{f},' for f in fields)}))"
            made = eval(body, scope)
            made.__name__ = "__new__"
            getters = {field: _tuplegetter(at, f"Alias for field number {at}") for at, field in enumerate(fields)}
            own = {"__new__": made, "_fields": fields, "_field_defaults": defaults, "__match_args__": fields}
            return super().__new__(mcls, name, bases, {"__slots__": (), **namespace, **getters, **own})

    def _make(cls, values):
        row = tuple.__new__(cls, values)
        if len(row) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(row)}")
        return row

    def _replace(self, **changes):
        row = self._make(changes.pop(field, value) for field, value in zip(self._fields, self, strict=True))
        if changes:
            raise ValueError(f"Got unexpected field names: {list(changes)!r}")
        return row

    def _asdict(self):
        return dict(zip(self._fields, self, strict=True))

    def _repr(self):
        parts = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
        return f"{type(self).__name__}({parts})"

    _SHARED = {
        "_make": classmethod(_make),
        "_replace": _replace,
        "_asdict": _asdict,
        "__repr__": _repr,
        "__getnewargs__": lambda self: tuple(self),
    }

    class NamedTuple(metaclass=_Meta):
        pass

    class Protocol:
        """What a class offers, for type checkers alone: nothing is checked when a program runs."""
