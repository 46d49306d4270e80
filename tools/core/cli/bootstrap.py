"""How this process was started, and the environment it needs; imports nothing heavy.

Commands start as `python -m tools.agent.x`, as `tools/agent/x.py`, or as `teof x`.
"""

from __future__ import annotations

import os
import sys

from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
"""The folder that holds this `tools/` package."""

CONSOLE_SCRIPT = "teof"


def is_console_script(program: str) -> bool:
    """Whether the process was started as `teof`."""
    return os.path.basename(program).removesuffix("-script.py") in (
        f"{CONSOLE_SCRIPT}{end}" for end in ("", ".exe", ".py")
    )


def is_started_by_path() -> bool:
    """Whether a command's file was started, as in `tools/agent/bus_claim.py`."""
    main = sys.modules.get("__main__")
    return getattr(main, "__spec__", None) is None and sys.argv[0].endswith(".py")


def module_name() -> str:
    """The module of the command that runs."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    name: str = getattr(spec, "name", "") or "tools"
    return name.removesuffix(".__main__")


def start_of(module: str) -> tuple[str, ...]:
    """The words that start a module of the toolkit in the form in which this process was started."""
    _, _, name = module.partition(".")
    if is_console_script(sys.argv[0]):
        return (CONSOLE_SCRIPT, *([name.removeprefix("agent.")] if name else []))
    if is_started_by_path() and name:
        beside = os.path.join(os.path.dirname(sys.argv[0]), os.pardir, f"{name.replace('.', os.sep)}.py")
        return (os.path.normpath(beside),)
    return ("python", "-m", module)


def server_command() -> tuple[str, ...]:
    """The command that starts the MCP server wherever it is started from."""
    script = os.path.join(os.path.dirname(sys.executable), CONSOLE_SCRIPT)
    if os.access(script, os.X_OK):
        return (script, "mcp")
    return (sys.executable, os.path.join(CHECKOUT, "tools", "agent", "mcp.py"))


def own_signals() -> None:
    """Sets what a parent may have left: with SIGCHLD ignored the exit status of each child would be lost."""
    import _signal  # type: ignore[import-not-found]  # what `signal` wraps, without the enums it makes

    if _signal.getsignal(_signal.SIGCHLD) == _signal.SIG_IGN:
        _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, [_signal.SIGALRM, _signal.SIGCHLD])


def version() -> str:
    """The toolkit's version as it was installed, "0" where it was not."""
    from importlib import metadata

    try:
        return metadata.version("teof-parallel-agents")
    except metadata.PackageNotFoundError:
        return "0"


def invoked_word() -> str:
    """How texts spell this toolkit for whoever started this process."""
    return CONSOLE_SCRIPT if is_console_script(sys.argv[0]) else "python -m tools"


def command_word(login_shell: str) -> str:
    """How an agent's shell can call this toolkit: `teof` where a login shell finds it, else the whole path."""
    if login_shell:
        return CONSOLE_SCRIPT
    command = server_command()
    return command[0] if len(command) == 2 and not command[1].endswith(".py") else f"{sys.executable} -m tools"


def has_packages() -> bool:
    """Whether this Python has what the toolkit needs, without loading it."""
    if any(os.access(f"{folder}/click/__init__.py", os.R_OK) for folder in sys.path):
        return True
    from _frozen_importlib_external import PathFinder  # what `importlib` wraps; a package may lie in an archive

    return PathFinder.find_spec("click") is not None


def use_the_environment_of_the_checkout() -> NoReturn:
    """Starts this process again with the Python of `.venv`, which has what is missing here."""
    python = os.path.join(CHECKOUT, ".venv", "bin", "python")
    if os.path.exists(python) and os.path.abspath(sys.executable) != python:
        os.execv(python, [python, *sys.orig_argv[1:]])
    sys.stderr.write("error: the package click is missing in this Python\nhint: make -C " + CHECKOUT + " setup\n")
    sys.exit(7)
