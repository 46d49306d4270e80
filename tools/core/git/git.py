"""One git process: bounded in time, with settings under which its answers can be read.

Only this package imports this module; everybody else asks one of the package's questions. An
answer that a question does not understand is refused, so that nothing is derived from it.
"""

from __future__ import annotations

import errno
import os
import re
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from tools.core import hint
from tools.core.errors import BusyError, SetupError
from tools.core.git import environment

if TYPE_CHECKING:
    import subprocess

TIMEOUT = 120.0
"""Seconds before a git process is stopped."""

_SETTINGS = (
    "color.ui=false",  # the others override it
    "color.push=false",
    "color.transport=false",
    "core.quotePath=true",  # where names are shown as git quotes them
    "core.fsmonitor=false",  # a monitor that outlives git would keep our pipe open
    "diff.relative=false",
    "gc.auto=0",  # housekeeping does not count against our timeout
    "maintenance.auto=false",
    "i18n.commitEncoding=UTF-8",
    "log.diffMerges=separate",
    "log.follow=false",
    "log.showRoot=true",
    "log.showSignature=false",  # it writes into the answer
    "status.renames=true",
)
"""Settings of people that would change what a command answers, at git's own defaults."""

PATIENCE = 5.0
"""Seconds that an index is waited for which another git holds."""

_LOCKED = re.compile(r"Unable to create '(.+/index\.lock)': File exists")
_OBJECT_NAME = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Result(NamedTuple):
    """What git answered; `out` is bytes because names may be any."""

    code: int
    out: bytes
    error: str

    @property
    def text(self) -> str:
        """The answer as text without its final line end."""
        return self.out.decode("utf-8", "surrogateescape").rstrip("\n")


def ask(
    folder: str,
    *arguments: str,
    input: bytes | None = None,
    extra: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> Result:
    """Runs git in a folder and returns its output, whatever its exit code.

    Where another git holds the index, an editor's for one, it is asked again for a while: git itself does not wait.
    """
    end = time.monotonic() + PATIENCE
    while True:
        result = _ask(folder, arguments, input, extra, timeout)
        if not is_locked(result) or time.monotonic() > end:
            return result
        time.sleep(0.05)


def _ask(
    folder: str, arguments: Sequence[str], input: bytes | None, extra: Mapping[str, str] | None, timeout: float
) -> Result:
    import subprocess

    stdin = subprocess.DEVNULL if input is None else subprocess.PIPE
    with _Ending() as ending, _open(folder, arguments, stdin, subprocess.PIPE, extra) as process:
        try:
            ending.git_runs()
            out, error = process.communicate(input, timeout=timeout)
        except subprocess.TimeoutExpired as problem:
            _stop(process)
            name = _name(arguments)
            raise SetupError(f"git {name} gave no answer in {timeout:.0f} s", code="git.timeout") from problem
        except BaseException:
            _stop(process)
            raise
    return Result(process.returncode, out, error.decode("utf-8", "replace").strip())


def start(folder: str, *arguments: str) -> subprocess.Popen[bytes]:
    """A git process that answers what its caller writes, and that its caller ends."""
    import subprocess

    return _open(folder, arguments, subprocess.PIPE, subprocess.DEVNULL, None)


def _open(
    folder: str, arguments: Sequence[str], stdin: int, stderr: int, extra: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    import subprocess

    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    try:
        return subprocess.Popen(
            ["git", *settings, *arguments],
            cwd=folder,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment.scrubbed(extra),
            start_new_session=True,  # no terminal to ask on; what git starts ends with it
        )
    except FileNotFoundError as problem:
        if not os.path.isdir(folder):
            raise SetupError(f"{folder} is not there any more", code="git.folder") from problem
        raise SetupError("git is not installed", code="git.missing") from problem
    except OSError as problem:
        raise not_started("git", problem) from problem


def not_started(program: str, problem: OSError) -> BusyError | SetupError:
    """The error for a process that the system does not start: none is to be had now, or it may not run."""
    if problem.errno == errno.EAGAIN:
        return BusyError(f"no process can be started for {program} now", code="process.none", hint=hint.again())
    return SetupError(f"{program} cannot be started: {problem.strerror}", code="process.refused")


class _Ending:
    """While git runs, a signal that would end this process ends git first; only a main thread hears of signals."""

    def __enter__(self) -> _Ending:
        import signal

        self._number = 0
        self._runs = False
        self._before: list[signal.Signals] = []
        if threading.current_thread() is threading.main_thread():
            for each in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(each) is signal.SIG_DFL:
                    signal.signal(each, self._end)
                    self._before.append(each)
        return self

    def __exit__(self, *_: object) -> None:
        """Ends this process by the signal that came, if one did."""
        import signal

        for each in self._before:
            signal.signal(each, signal.SIG_DFL)
        if self._number:
            os.kill(os.getpid(), self._number)

    def git_runs(self) -> None:
        """From now on a signal interrupts at once; before, there would be no process to end yet."""
        self._runs = True
        if self._number:
            raise KeyboardInterrupt

    def _end(self, number: int, _: object) -> None:
        self._number = number
        if self._runs:
            raise KeyboardInterrupt


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends git, and all that it started, in the way that lets it take its lock files with it; kills only what stays."""
    import signal
    import subprocess

    for each, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, each)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience)
            break


def run(
    folder: str,
    *arguments: str,
    input: bytes | None = None,
    extra: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> str:
    """Runs git and returns its text; SetupError with git's own words when it fails."""
    result = ask(folder, *arguments, input=input, extra=extra, timeout=timeout)
    if result.code:
        raise failed(arguments, result)
    return result.text


_BARRED = ("Read-only file system", "Permission denied", "Operation not permitted")
"""What git says where a sandbox keeps it from its own folder."""


_TRUST = re.compile(r"git config --global --add safe\.directory (\S.*)")


def is_locked(result: Result) -> bool:
    """Whether git did nothing because another one holds the index."""
    return bool(result.code and _LOCKED.search(result.error))


def failed(arguments: Sequence[str], result: Result) -> SetupError:
    """The error for a git command that did not succeed."""
    if match := _LOCKED.search(result.error):
        return SetupError(
            f"git {_name(arguments)} waited {PATIENCE:.0f} s for {match[1]}: another git is at work there, or one died and left it",
            code="git.locked",
            hint=hint.program("ls", "-l", match[1]),
        )
    words = (result.error or result.text or f"exit {result.code}").splitlines()
    telling = next((line for line in words if line.startswith(("fatal:", "error:"))), words[0])
    is_barred = any(reason in telling for reason in _BARRED)
    trust = _TRUST.search(result.error)
    help = hint.tool("agent.doctor") if is_barred else None
    if trust is not None:  # the owner is another user: whether to trust that one is the user's to say
        help = hint.git("config", "--global", "--add", "safe.directory", trust[1].strip("'"))
    return SetupError(f"git {_name(arguments)} failed: {telling}", code="git.failed", hint=help)


def run_for_name(
    folder: str, *arguments: str, input: bytes | None = None, extra: Mapping[str, str] | None = None
) -> str:
    """Runs git and returns the full name of the one object it answers with."""
    text = run(folder, *arguments, input=input, extra=extra)
    return require_name(arguments, text)


def require_name(arguments: Sequence[str], text: str) -> str:
    """A full object name as git answered it."""
    if _OBJECT_NAME.fullmatch(text) is None:
        raise not_understood(arguments, text)
    return text


def not_understood(arguments: Sequence[str], answer: str | bytes) -> SetupError:
    """The error for an answer that is not what the command is documented to say."""
    return SetupError(
        f"git {_name(arguments)} gave an answer that cannot be read: {answer[:80]!r}",
        code="git.answer",
        hint=hint.git("--version"),
    )


def _name(arguments: Sequence[str]) -> str:
    """The git command among some arguments; options of git itself stand before it."""
    return next((argument for argument in arguments if not argument.startswith("-")), "")
