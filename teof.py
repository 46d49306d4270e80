"""The console script `teof`, and how a command that was started finds its own modules and no others.

Python looks for a module in the current folder or in the script's, and in what PYTHONPATH names, before
it looks where a program and its dependencies are installed. But the toolkit runs in repositories that
hold anything: a `click.py` there must not run, and a `tools/` there must not stand for the toolkit's.
So every start, by name, by module or by path, comes here before it imports anything else.
"""

from __future__ import annotations

import marshal
import os
import sys
from _frozen_importlib import ModuleSpec  # of `importlib`
from _frozen_importlib_external import MAGIC_NUMBER, SourceFileLoader

_WORD = 0xFFFFFFFF
_TIMED = MAGIC_NUMBER + bytes(4)
"""How byte code begins that is good while its source has the same time and size, which follow."""

_MOST = 1 << 16
"""Bytes of a file of byte code that are read at once; Python itself reads one that has more."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType


def main() -> None:
    """`teof <command> …`."""
    home = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, home)
    isolate(os.path.join(home, "tools", "__main__.py"))
    from tools.__main__ import main as start

    start()


def isolate(file: str) -> None:
    """Makes `tools` the folder that a file lies in, and takes the current folder from `sys.path`.

    The first entry of `sys.path` is the one that led to this module; it goes, too.
    """
    if os.name == "nt":
        _refuse_windows(file)
    package = sys.modules.setdefault("tools", type(sys)("tools"))
    package.__path__ = [os.path.join(file.rpartition("/tools/")[0], "tools")]
    if _CompiledModules not in sys.meta_path and not (sys.flags.optimize or sys.pycache_prefix):
        sys.meta_path.insert(0, _CompiledModules)
    first = 1 if getattr(sys.flags, "safe_path", False) else 2  # what led here, and what Python puts first
    entries = sys.path[first:]
    last = _named_by_the_environment(entries)
    sys.path[:] = [entry for entry in entries if entry not in last]
    if last:
        here = _current_folder()
        sys.path += [entry for entry in last if not _is_or_holds(entry, here)]


class _CompiledModules:
    """Finds a module of `tools` whose byte code lies beside it and is that of its source as it is now.

    Python's own way fits any package at the price of a fifth of a command's start. It is taken in every other case.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """See importlib.abc.MetaPathFinder."""
        if not path or not name.startswith("tools."):
            return None
        stem = name.rpartition(".")[2]
        place = f"{path[0]}/{stem}"
        return _spec(name, path[0], stem, None) or _spec(name, place, "__init__", [place])


class _Compiled(SourceFileLoader):
    """A module whose code is there already."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        self.name = name
        self.path = path
        self._code = code

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """See importlib.abc.Loader. What Python would ask the module for in vain, and then set, it has from the start."""
        module = type(sys)(spec.name)
        vars(module).update(__loader__=self, __package__=spec.parent, __file__=spec.origin, __cached__=spec.cached)
        if spec.submodule_search_locations is not None:
            module.__path__ = spec.submodule_search_locations
        return module

    def exec_module(self, module: ModuleType) -> None:
        """See importlib.abc.Loader."""
        exec(self._code, vars(module))

    def get_code(self, fullname: str) -> CodeType:
        """See importlib.abc.InspectLoader."""
        return self._code


def _spec(name: str, folder: str, stem: str, inside: list[str] | None) -> ModuleSpec | None:
    file = f"{folder}/{stem}.py"
    cached = f"{folder}/__pycache__/{stem}.{sys.implementation.cache_tag}.pyc"
    code = _fresh_code(file, cached)
    if code is None:
        return None
    spec = ModuleSpec(name, _Compiled(name, file, code), origin=file)
    spec.has_location = True
    spec.cached = cached
    spec.submodule_search_locations = inside
    return spec


def _fresh_code(file: str, cached: str) -> CodeType | None:
    """What a file compiles to, read from byte code that was made from it by time and size; None where there is none."""
    try:
        descriptor = os.open(cached, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.read(descriptor, _MOST)
        finally:
            os.close(descriptor)
        facts = os.stat(file)
        source = int(facts.st_mtime) & _WORD | (facts.st_size & _WORD) << 32
        if data[:16] != _TIMED + source.to_bytes(8, "little") or len(data) == _MOST:
            return None
        code = marshal.loads(data[16:])
    except (OSError, ValueError, EOFError, TypeError):
        return None
    return code if isinstance(code, type(_fresh_code.__code__)) and code.co_filename == file else None


def _refuse_windows(file: str) -> None:
    """Ends the process before anything is imported that only Unix has; a hook ends in silence, as at any failure."""
    if os.path.basename(file) == "hook.py":
        sys.exit(0)
    sys.stderr.write(
        "error: the bus cannot be kept on native Windows, which has no lock on a folder and no open that refuses links;"
        " use WSL, with the repository on its own disk\n"
        "hint: wsl --install\n"
    )
    sys.exit(7)


def _named_by_the_environment(entries: list[str]) -> list[str]:
    """Those that PYTHONPATH names: they serve for what is not installed, and replace nothing."""
    variable = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    names = {os.path.abspath(name) for name in variable.split(os.pathsep)} if variable else ()
    return [entry for entry in entries if os.path.abspath(entry) in names]


def _current_folder() -> str:
    try:
        return os.path.realpath(os.getcwd())
    except OSError:  # it was removed, so nothing lies in it
        return ""


def _is_or_holds(entry: str, folder: str) -> bool:
    return os.path.join(folder, "").startswith(os.path.join(os.path.realpath(entry), ""))


if __name__ == "__main__":
    main()
