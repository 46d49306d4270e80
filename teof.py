"""The console script `teof`, and how a command that was started finds its own modules and no others.

Python looks for a module in the current folder or in the script's, and in what PYTHONPATH names, before
it looks where a program and its dependencies are installed. But the toolkit runs in repositories that
hold anything: a `click.py` there must not run, and a `tools/` there must not stand for the toolkit's.
So every start, by name, by module or by path, comes here before it imports anything else.
"""

from __future__ import annotations

import os
import sys


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
    first = 1 if getattr(sys.flags, "safe_path", False) else 2  # what led here, and what Python puts first
    entries = sys.path[first:]
    last = _named_by_the_environment(entries)
    here = _current_folder()
    sys.path[:] = [entry for entry in entries if entry not in last]
    sys.path += [entry for entry in last if not _is_or_holds(entry, here)]


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
