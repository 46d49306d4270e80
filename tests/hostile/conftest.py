"""A repository with an outside that is watched, and a way to try every command on it."""

import contextlib
import hashlib
import importlib
import io
import json
import os
import re
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.hostile import corpus

RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
ALLOWED = {0, 1, 2, 3, 4, 5, 6, 7}


def snapshot(folder: Path) -> dict[str, str]:
    """Every file and link below a folder, by content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        found[name] = (
            os.readlink(path)
            if path.is_symlink()
            else ""
            if path.is_dir()
            else hashlib.sha256(path.read_bytes()).hexdigest()
        )
    return found


@pytest.fixture
def field(git_repo, seat, tmp_path):
    """A seat's repository beside a folder that must stay as it is."""
    seat("codex-1", roles=["manager"])
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "target.json").write_text('{"agent_id": "codex-9"}')
    (outside / "target.jsonl").write_bytes(corpus.event() + b"\n")
    before = snapshot(outside)
    yield git_repo
    assert snapshot(outside) == before, "something outside the repository was written"
    strays = {path.name for path in tmp_path.iterdir()} - {"repo", "outside", "home"}
    assert not strays, f"written beside the repository: {strays}"


@contextlib.contextmanager
def alarm(seconds: int = 60):
    """Fails a command that waits for ever, instead of hanging the suite."""

    def ring(signum, frame):
        raise AssertionError(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def attempt(command: tuple[str, ...], *more: str) -> SimpleNamespace:
    """Runs a command in process and checks the manners that hold for any input."""
    from tools.core.cli import app as cli

    module = importlib.import_module(f"tools.{command[0]}")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), alarm():
        code = cli.call(module.main, [*command[1:], *more] if "--" not in command else before_dashes(command, more))
    said = f"{' '.join(command)} -> {code}\n{out.getvalue()[:1500]}\n{err.getvalue()[:1500]}"
    assert code in ALLOWED, said
    assert "Traceback" not in said and "bug in the toolkit" not in said, said
    for text in (out.getvalue(), err.getvalue()):
        assert not RAW.search(text), f"raw control characters {RAW.findall(text)[:5]!r} in {said!r}"
    return SimpleNamespace(out=out.getvalue(), err=err.getvalue(), code=code)


def before_dashes(command: tuple[str, ...], more: tuple[str, ...]) -> list[str]:
    """Options stand before the `--` that begins another program's arguments."""
    place = command.index("--")
    return [*command[1:place], *more, *command[place:]]


def attempt_both(command: tuple[str, ...]) -> None:
    """As text and as JSON, which must parse: one document, or a line each."""
    attempt(command)
    done = attempt(command, "--json")
    for text in (done.out, done.err):
        parsed(text)


def parsed(text: str) -> list[object]:
    """The JSON documents a stream holds; fails when it is anything else."""
    try:
        return [json.loads(text)] if text.strip() else []
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]
