"""What commands need of `typing`, `contextlib` and `functools`, whose imports cost as much as starting Python.

Type checkers see the real ones under the same names; a test holds the two against each other.
"""

from __future__ import annotations

TYPE_CHECKING = False
"""True for type checkers alone, like `typing.TYPE_CHECKING`."""

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Iterator as Iterator
    from collections.abc import Mapping as Mapping
    from contextlib import contextmanager as contextmanager
    from contextlib import suppress as suppress
    from functools import cached_property as cached_property
    from typing import NamedTuple as NamedTuple
    from typing import Protocol as Protocol
else:
    from _collections import _tuplegetter
    from _collections_abc import Iterator as Iterator  # loaded with the interpreter; `collections` is not
    from _collections_abc import Mapping as Mapping

    _row = tuple.__new__
    _getters = []
    """What reads the first field of a row, what reads the second, and so on: the same for all kinds of rows."""

    class _Meta(type):
        def __new__(mcls, name, bases, namespace):
            namespace["__slots__"] = ()
            if not bases:
                return type.__new__(mcls, name, (tuple,), namespace)
            fields = tuple(namespace.get("__annotations__", ()))
            for at in range(len(_getters), len(fields)):
                _getters.append(_tuplegetter(at, f"Alias for field number {at}"))
            namespace["_field_defaults"] = {field: namespace[field] for field in fields if field in namespace}
            namespace["_fields"] = namespace["__match_args__"] = fields
            namespace.update(zip(fields, _getters, strict=False))
            return type.__new__(mcls, name, bases, namespace)

        def __call__(cls, *values, **named):
            fields = cls._fields
            if len(values) == len(fields) and not named:
                return _row(cls, values)
            rest = {**cls._field_defaults, **named}
            try:
                row = _row(cls, (*values, *map(rest.__getitem__, fields[len(values) :])))
            except KeyError as problem:
                raise TypeError(f"{cls.__name__} needs {problem}") from None
            if len(row) > len(fields) or not named.keys() <= {*fields[len(values) :]}:
                raise TypeError(f"{cls.__name__} takes {', '.join(fields)}, each once")
            return row

    class NamedTuple(metaclass=_Meta):
        @classmethod
        def _make(cls, values):
            row = _row(cls, values)
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

        def __repr__(self):
            parts = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({parts})"

        def __reduce__(self):
            return type(self), tuple(self)

    class Protocol:
        """What a class offers, for type checkers alone: nothing is checked when a program runs."""

    class suppress:
        def __init__(self, *kinds):
            self._kinds = kinds

        def __enter__(self):
            pass

        def __exit__(self, kind, problem, trace):
            return kind is not None and issubclass(kind, self._kinds)

    class _Steps:
        """The context of a generator that yields once."""

        def __init__(self, steps):
            self._steps = steps

        def __enter__(self):
            return next(self._steps)

        def __exit__(self, kind, problem, trace):
            if kind is None:
                for _ in self._steps:
                    raise RuntimeError("the generator did not stop")
                return False
            try:
                self._steps.throw(problem)
            except BaseException as raised:
                if raised is problem:
                    problem.__traceback__ = trace
                    return False
                if isinstance(raised, StopIteration):
                    return True
                if isinstance(problem, StopIteration) and raised.__cause__ is problem:
                    problem.__traceback__ = trace  # a generator turns what it may not raise into RuntimeError
                    return False
                raise
            raise RuntimeError("the generator did not stop after it was thrown into")

    def contextmanager(function):
        def enter(*values, **named):
            return _Steps(function(*values, **named))

        enter.__doc__ = function.__doc__
        enter.__wrapped__ = function
        return enter

    class cached_property:
        def __init__(self, function):
            self._function = function
            self.__doc__ = function.__doc__

        def __set_name__(self, owner, name):
            self._name = name

        def __get__(self, instance, owner=None):
            if instance is None:
                return self
            value = instance.__dict__[self._name] = self._function(instance)
            return value


@contextmanager
def lean_functools() -> Iterator[None]:
    """While a C module loads that wants nothing of `functools` but `lru_cache`: one that has only that.

    The whole of it loads `collections`, which together cost a quarter of starting Python.
    """
    import sys

    if "functools" in sys.modules:
        yield
        return
    cached = __import__("_functools")._lru_cache_wrapper  # what `functools` wraps

    def lru_cache(size: int) -> Callable[[Callable[..., object]], object]:
        return lambda function: cached(function, maxsize=size, typed=False, cache_info_type=tuple)

    lean = type(sys)("functools")
    lean.__dict__["lru_cache"] = lru_cache
    sys.modules["functools"] = lean
    try:
        yield
    finally:
        del sys.modules["functools"]
