"""The one door to git: plumbing, one process where one will do, nothing inherited.

A hook runs with `GIT_DIR` and friends set; a command that let them through would act on another
repository than the one it was asked about, so every `GIT_*` variable is dropped.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Self

from tools.core.errors import SetupError

if TYPE_CHECKING:
    import subprocess

TIMEOUT = 120.0
"""Seconds a git process may take before it is given up."""

_BLOCK = 1 << 20


class Result(NamedTuple):
    """What git answered; `out` is bytes because names may be any."""

    code: int
    out: bytes
    error: str

    @property
    def text(self) -> str:
        """The answer as text without its final line end."""
        return self.out.decode("utf-8", "surrogateescape").rstrip("\n")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment git runs in: no inherited `GIT_*`, plain messages, never a prompt."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    kept.update(LC_ALL="C", GIT_OPTIONAL_LOCKS="0", GIT_TERMINAL_PROMPT="0", GIT_ASKPASS="true", SSH_ASKPASS="true")
    for key in ("GIT_SSH_COMMAND", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"):
        if key in os.environ:  # how to reach the remote, and whose settings: not which repository
            kept[key] = os.environ[key]
    kept.update(extra or {})
    return kept


def ask(
    folder: str,
    *arguments: str,
    input: bytes | None = None,
    extra: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> Result:
    """Runs git in a folder and returns what it said, whatever its exit code."""
    import subprocess

    try:
        process = subprocess.Popen(
            ["git", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(extra),
        )
    except FileNotFoundError as problem:
        raise SetupError("git is not installed", code="git.missing") from problem
    with process:
        try:
            out, error = process.communicate(input, timeout=timeout)
        except BaseException as problem:
            _stop(process)
            if isinstance(problem, subprocess.TimeoutExpired):
                raise SetupError(
                    f"git {arguments[0]} gave no answer in {timeout:.0f} s", code="git.timeout"
                ) from problem
            raise
    return Result(process.returncode, out, error.decode("utf-8", "replace").strip())


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends git in the way that lets it take its lock files with it; kills it only when it does not go."""
    import subprocess

    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()


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


def failed(arguments: Sequence[str], result: Result) -> SetupError:
    """The error for a git command that did not succeed."""
    words = (result.error or result.text or f"exit {result.code}").splitlines()
    telling = next((line for line in words if line.startswith(("fatal:", "error:"))), words[0])
    return SetupError(f"git {arguments[0]} failed: {telling}", code="git.failed")


def is_repository(folder: str) -> bool:
    """Whether git itself accepts the folder as part of a repository."""
    return ask(folder, "rev-parse", "--git-dir").code == 0


class Objects:
    """The contents of a repository's objects, from one git process; a context manager."""

    def __init__(self, folder: str) -> None:
        import subprocess

        try:
            self._process = subprocess.Popen(
                ["git", "cat-file", "--batch"],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        except FileNotFoundError as problem:
            raise SetupError("git is not installed", code="git.missing") from problem

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def blocks(self, object_id: str) -> Generator[bytes, None, None]:
        """An object's bytes in blocks; only one object is read at a time, to its end or its close."""
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None and answers is not None
        requests.write(f"{object_id}\n".encode())
        requests.flush()
        header = answers.readline().split()
        if len(header) != 3:
            raise SetupError(f"git has no object {object_id}", code="git.object", hint="git fsck")
        left = int(header[2])
        try:
            while left:
                block = answers.read(min(left, _BLOCK))
                if not block:
                    raise SetupError("git cat-file ended early", code="git.failed")
                left -= len(block)
                yield block
        finally:
            while left and (block := answers.read(min(left, _BLOCK))):
                left -= len(block)
            answers.read(1)  # the line end behind each object
