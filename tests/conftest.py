"""What every test stands on: a hermetic environment, small real repositories, and commands run in process."""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import field, pasting
from tests.command_lines import hints_in, require_line, require_one_reading
from tests.photograph import nothing_else_touched

settings.register_profile(
    "suite",
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("suite")

DESCRIBES = tuple(map(int, importlib.metadata.version("pydantic").split(".")[:2])) >= (2, 13)
as_committed = pytest.mark.skipif(not DESCRIBES, reason="pydantic before 2.13 makes schemas without descriptions")
"""For tests that compare the committed schemas with those that are made now."""

CHECKOUT = Path(__file__).resolve().parent.parent
HISTORY = CHECKOUT.parent / "shared" / "fixtures" / "history"
_WRITING_EVENTS = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
_GUARD: dict[str, Any] = {"on": False}


def _tripwire(event: str, arguments: tuple[Any, ...]) -> None:
    """Raises when a test would write into the real checkout."""
    if not _GUARD["on"]:
        return
    if event == "open":
        path, mode, flags = (*arguments, None, None)[:3]
        writes = (isinstance(mode, str) and set(mode) & set("wax+")) or (
            isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        )
        if not writes:
            return
    elif event in _WRITING_EVENTS:
        path = arguments[0]
    else:
        return
    if isinstance(path, (str, bytes)):
        name = os.path.abspath(os.fsdecode(path))
        ours = name.startswith(f"{CHECKOUT}{os.sep}") and "__pycache__" not in name
        if ours and not name.startswith((f"{CHECKOUT}/.pytest_cache", f"{CHECKOUT}/.hypothesis")):
            raise PermissionError(f"a test would write to the real checkout: {name}")


sys.addaudithook(_tripwire)


@pytest.fixture(scope="session")
def in_field(request: pytest.FixtureRequest) -> str:
    """The kind of field that the suite runs in, "" for the laboratory."""
    kind: str = request.config.getoption("--field")
    return kind


@pytest.fixture(autouse=True)
def hermetic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_field: str) -> Iterator[None]:
    """HOME, git's settings and the toolkit's variables pinned; the real checkout out of reach."""
    home = tmp_path / "home"
    home.mkdir()
    for key in list(os.environ):
        if key.startswith(("TEOF_", "GIT_")):
            monkeypatch.delenv(key)
    umask = os.umask(0o077) if in_field else None
    (home / ".gitconfig").write_text(
        "[user]\nname = Tester\nemail = tester@example.org\n[init]\ndefaultBranch = main\n"
        '[commit]\ngpgsign = false\n[protocol "file"]\nallow = always\n[gc]\nauto = 0\n'
    )
    if in_field:
        field.furnish(home, in_field)
        monkeypatch.setenv("FIELD_KIND", in_field)
        for key, value in field.environment().items():
            monkeypatch.setenv(key, value)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(home)
    _GUARD["on"] = True
    yield
    _GUARD["on"] = False
    if umask is not None:
        os.umask(umask)


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Takes root's power over file permissions from this process, so that `chmod` means something."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, powers = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, powers) == 0
    before = powers[0]
    powers[0] = before & ~0b1110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
    assert libc.capset(header, powers) == 0
    yield
    powers[0] = before
    assert libc.capset(header, powers) == 0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--field", choices=["", *field.KINDS], default="", help="run in another home, or with another git")
    parser.addoption(
        "--store",
        choices=["files", "memory", "postgres"],
        default="files",
        help="what the commands' own tests run on (in process)",
    )


def pytest_configure() -> None:
    """Ctrl-C reaches the processes of tests even where a shell's `&` began this run and made it ignore that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a store that is not files only the commands' own tests run, but for those that cannot."""
    if config.getoption("--field") == "bare":
        kept = [item for item in items if field.is_of_any_layout(item.nodeid, item.function)]  # type: ignore[attr-defined]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
    if config.getoption("--store") == "files":
        return
    from tests.without_files import reason_against

    kept, left = [], []
    for item in items:
        reason = reason_against(item.nodeid, config.getoption("--store"))
        (kept if reason is not None else left).append(item)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))
    config.hook.pytest_deselected(items=left)
    items[:] = kept


def git(folder: Path, *arguments: str) -> str:
    """Real git in a test's repository; fails the test when git fails."""
    plain = field.PLAIN if "FIELD_KIND" in os.environ else ()
    done = subprocess.run(["git", *plain, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    """A PostgreSQL with the schema of the bus; skipped where there is none."""
    from tests import postgres

    begun = postgres.begin(Path(tempfile.mkdtemp(prefix="pg")))
    yield begun
    postgres.end(begun)


@pytest.fixture(scope="session")
def _repository_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("template") / "repo"
    top.mkdir()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    (top / "README.md").write_text("# a repository\n")
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], [*identity, "commit", "-qm", "begin"]):
        subprocess.run(["git", *arguments], cwd=top, env=environment, check=True)
    return top


@pytest.fixture
def git_repo(tmp_path: Path, _repository_template: Path, monkeypatch: pytest.MonkeyPatch, in_field: str) -> Path:
    """A real repository with one commit on main; it is the current folder."""
    top = tmp_path / "repo"
    shutil.copytree(_repository_template, top)
    if in_field:
        field.rearrange(top, in_field)
    monkeypatch.chdir(top)
    return top


@pytest.fixture
def workspace(git_repo: Path) -> Any:
    """The Workspace of `git_repo`, with a plain bus folder made on first write, where its layout has it."""
    from tools.core import workspace

    return workspace.find(str(git_repo), {})


@pytest.fixture
def store(workspace: Any) -> Any:
    """The store of `workspace`, as commands open it."""
    from tools.core import context

    return context.open_store(workspace)


@pytest.fixture(autouse=True)
def bus_elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--store` every command of this process finds a bus that is no files, one for each bus root."""
    kind = request.config.getoption("--store")
    if kind == "files":
        return
    from tools.core import context

    begin = _bus_on_server(request) if kind == "postgres" else _bus_in_memory
    opened: dict[str, Callable[[], Any]] = {}

    def open_store(workspace: Any, *_: Any) -> Any:
        if workspace.bus_root not in opened:
            opened[workspace.bus_root] = begin(workspace)
        return opened[workspace.bus_root]()

    monkeypatch.setattr(context, "open_store", open_store)


def _bus_in_memory(workspace: Any) -> Callable[[], Any]:
    from tests.memory import MemoryStore

    store = MemoryStore(Path(workspace.bus.path))
    return lambda: store


def _bus_on_server(request: pytest.FixtureRequest) -> Callable[[Any], Callable[[], Any]]:
    from tests.postgres import PlantedStore

    server = request.getfixturevalue("server")

    def begin(workspace: Any) -> Callable[[], Any]:
        address = server.new_bus()
        Path(workspace.bus.path).mkdir(exist_ok=True)  # where a clone has its signpost, and what it has seen
        store = PlantedStore(workspace, address)
        store.take(Path(workspace.bus.path))
        store.close()
        return lambda: PlantedStore(workspace, address)

    return begin


@pytest.fixture
def raw_bus(git_repo: Path) -> RawBus:
    """What streams and documents of the bus are byte by byte: `raw_bus["claims/T"] = b"{"`; None where there is none."""
    return RawBus(git_repo)


class RawBus:
    """The bus of a checkout as somebody reads and leaves it who does not use the toolkit."""

    def __init__(self, top: Path) -> None:
        from tools.core import context, workspace

        self._workspace = workspace.find(str(top), {})
        self._store: Any = context.open_store(self._workspace)

    def __getitem__(self, name: str) -> bytes | None:
        if name.startswith(("events", "messages")):
            data = b"".join(line.raw + b"\n" for line in self._store.lines(name))
            return data or None
        content: bytes | None = self._store.content(name)
        return content

    def __setitem__(self, name: str, data: bytes | None) -> None:
        path = Path(self._workspace.bus_root, self._store.where(name))
        if hasattr(self._store, "put"):
            self._store.put(name, data)
        elif data is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        self._store.history.refresh()

    def add(self, stream: str, *lines: bytes) -> None:
        """Puts lines behind what a stream has."""
        self[stream] = (self[stream] or b"") + b"".join(line + b"\n" for line in lines)


@pytest.fixture
def seat(git_repo: Path) -> Callable[..., Path]:
    """Binds the checkout to an agent: `seat("codex-1", roles=["manager"])`."""

    def bind(agent: str, *, roles: list[str] | None = None, root: Path | None = None) -> Path:
        path = (root or git_repo) / "AGENT_MANIFEST.json"
        content = {"agent_id": agent, "desired_roles": roles or [], "branch_prefix": f"agent/{agent}/"}
        path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
        return path

    return bind


@pytest.fixture
def watched(request: pytest.FixtureRequest) -> Callable[..., AbstractContextManager[None]]:
    """Fails a command that touches what is not its own, but for tests that are marked `touches_others`."""
    if request.node.get_closest_marker("touches_others"):
        return lambda *_: nullcontext()
    return lambda arguments, folder=None: nothing_else_touched(
        arguments, Path(folder or os.getcwd()), Path(os.environ["HOME"])
    )


@pytest.fixture
def hints_shown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., None]]:
    """Takes what commands print: whatever line they show must be one that a shell and the commands in it take.

    When the test is over, the first line of each kind is pasted; in the laboratory, and on files.
    """
    lines: list[pasting.Shown] = []

    def take(*texts: str, folder: Path | None = None) -> None:
        for line in {line for text in texts for line in hints_in(text)}:
            require_line(line)
            lines.append(pasting.Shown(line, folder or Path.cwd()))

    yield take
    if request.config.getoption("--field") or request.config.getoption("--store") != "files":
        return
    shared = tmp_path_factory.getbasetemp()
    pasting.paste(lines, (shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared) / "hints")


@pytest.fixture
def run(
    watched: Callable[..., AbstractContextManager[None]], hints_shown: Callable[..., None]
) -> Callable[..., SimpleNamespace]:
    """Runs a command in process and asserts its exit code: `run("agent.bus_claim", "list", code=0)`.

    Whatever command it shows must be a line that a shell and the commands in it take, and both readers of command
    lines must read the words alike.
    Returns an object with `out`, `err`, `code`, and `json` (stdout parsed, where `--json` was given).
    """

    def call(module: str, *arguments: str, code: int | None = 0) -> SimpleNamespace:
        from tools.core.cli import app as cli

        command = importlib.import_module(f"tools.{module}").main
        require_one_reading(command, arguments)
        out, err = io.StringIO(), io.StringIO()
        with watched((module, *arguments)), redirect_stdout(out), redirect_stderr(err):
            got = cli.call(command, list(arguments), ("python", "-m", f"tools.{module}"))
        text = f"{module} {' '.join(arguments)}\n{out.getvalue()}{err.getvalue()}"
        assert code is None or got == code, f"exit {got}, not {code}: {text}"
        assert "Traceback" not in text, text
        hints_shown(out.getvalue(), err.getvalue())
        document = json.loads(out.getvalue()) if "--json" in arguments and got in (0, 1) and out.getvalue() else None
        return SimpleNamespace(out=out.getvalue(), err=err.getvalue(), code=got, json=document)

    return call


@pytest.fixture
def spawn(
    watched: Callable[..., AbstractContextManager[None]], in_field: str, hints_shown: Callable[..., None]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command as a real process: `spawn("-m", "tools.agent.bus_claim", "list", cwd=…)`."""

    def start(*arguments: str, cwd: Path | None = None, **extra: Any) -> subprocess.CompletedProcess[str]:
        careless = {"preexec_fn": field.parent} if in_field else {}
        with watched(arguments, cwd), field.planted(cwd or Path.cwd(), in_field):
            done = subprocess.run(
                [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, **careless, **extra
            )
        hints_shown(done.stdout, done.stderr, folder=cwd)
        return done

    return start


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A private copy of the real history that lies beside the checkout; skipped where it is absent."""
    if not HISTORY.is_dir():
        pytest.skip("the real history is not beside this checkout (../shared/fixtures/history)")
    top = tmp_path / "history"
    shutil.copytree(HISTORY, top, copy_function=shutil.copyfile)
    for folder, _, _ in os.walk(top):
        os.chmod(folder, 0o755)
    return top


@pytest.fixture
def checkout() -> Path:
    """The checkout whose toolkit is under test; to be read only."""
    return CHECKOUT


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints the figures that tests recorded as their property `figure`, whichever worker ran them."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    figures = [
        value for report in reports for name, value in getattr(report, "user_properties", ()) if name == "figure"
    ]
    if figures:
        terminalreporter.section("figures")
        for figure in sorted(set(figures)):
            terminalreporter.write_line(figure)
