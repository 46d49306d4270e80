"""What the crash suite stands on: a warm traced process and a ready repository for each writer."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.crash import state
from tests.crash.trace import Trace
from tests.crash.traced import Traced, why_not
from tests.crash.writers import Writer


class Case(NamedTuple):
    """A writer, the repository it starts from, and what a clean run makes of it."""

    writer: Writer
    ready: Path
    old: dict[str, bytes]
    before: state.State
    after: state.State
    trace: Trace
    seen: set[str]


@pytest.fixture(scope="session")
def ground() -> Iterator[Path]:
    """Where the attacked repositories lie: in memory where there is some, since a kill spares what was written."""
    shared = "/dev/shm"
    folder = tempfile.mkdtemp(prefix="crash-", dir=shared if os.access(shared, os.W_OK) else None)
    yield Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def traced(ground: Path) -> Iterator[Traced]:
    """The warm process; skipped where nothing can be traced."""
    if reason := why_not():
        pytest.skip(reason)
    process = Traced(ground)
    yield process
    process.close()


@pytest.fixture(scope="session")
def bare(ground: Path, traced: Traced) -> Path:
    """A repository without a bus, as small as git makes one."""
    top = ground / "bare"
    top.mkdir()
    (top / "README.md").write_text("# a repository\n")
    home = traced.folder / "home"
    environment = {**os.environ, "HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / ".gitconfig")}
    for words in ("init -q --template= -b main", "add -A", "commit -qm begin"):
        subprocess.run(["git", *words.split()], cwd=top, env=environment, check=True)
    return top


@pytest.fixture(scope="session")
def case_of(ground: Path, traced: Traced, bare: Path) -> Callable[[Writer], Case]:
    """Builds a writer's case once in a session."""
    known: dict[str, Case] = {}

    def make(writer: Writer) -> Case:
        if writer.name not in known:
            known[writer.name] = _case(writer, traced, bare, Path(tempfile.mkdtemp(prefix="case-", dir=ground)))
        return known[writer.name]

    return make


def _case(writer: Writer, traced: Traced, bare: Path, folder: Path) -> Case:
    ready = copy(bare, folder / "ready")
    for command in writer.before:
        done = traced.run(ready, command)
        assert done.exit == 0, done
    if writer.accident:
        writer.accident(traced, ready)
    recovered = copy(ready, folder / "recovered")
    recover(recovered)
    assert traced.warm(copy(ready, folder / "warm"), writer.command).exit == 0
    clean = copy(ready, folder / "clean")
    outcome, trace = traced.watch(clean, writer.command)
    assert outcome.exit == 0, outcome
    state.check_sound(clean)
    old, before, after = state.files_of(ready), state.state_of(recovered), state.state_of(clean)
    state.check_grows(before, after)
    return Case(writer, ready, old, before, after, trace, set())


def copy(source: Path, target: Path) -> Path:
    """A private copy of a repository."""
    shutil.copytree(source, target, symlinks=True)
    return target


def recover(top: Path) -> None:
    """What the next writer does first: completes a journal that was left."""
    from tools.core.store.files.store import FileStore
    from tools.core.workspace import Workspace

    FileStore(Workspace(str(top), str(top))).recover()


@pytest.fixture
def figure(record_property: Any) -> Callable[[str], None]:
    """Says a figure at the end of the run."""
    return lambda text: record_property("figure", text)
