"""A PostgreSQL of the tests' own: Debian's or another installed one, on a socket, thrown away afterwards."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tools.core.errors import SetupError
from tools.core.store.addresses import name_at
from tools.core.store.postgres import driver, filling, schema
from tools.core.store.postgres.store import PostgresStore
from tools.core.store.signpost import Address

_KEYS = itertools.count(1)


def programs() -> str | None:
    """The folder with the newest server's programs; None where there is no server."""
    folders = list(
        map(str, [*Path("/usr/lib").glob("postgresql/*/bin"), *Path("/opt").glob("homebrew/opt/postgresql*/bin")])
    )
    folders += [os.path.dirname(os.path.realpath(path))] if (path := shutil.which("postgres")) else []
    return max((folder for folder in folders if os.access(f"{folder}/initdb", os.X_OK)), default=None)


def reason_against() -> str:
    """Why there is no server to test with; "" when there is one."""
    if programs() is None:
        return "PostgreSQL is not installed here (apt-get install postgresql)"
    try:
        import psycopg2 as _  # noqa: F401
    except ImportError:
        return "the driver is not installed (the extra `postgres`)"
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            return "root cannot run a server, and there is no user postgres"
    return ""


class Server:
    """A cluster in a folder: started, stopped, killed."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder = folder
        self.socket = folder / "s"
        self._durable = durable
        self.socket.mkdir()
        if os.geteuid() == 0:
            for path in (folder, self.socket):
                os.chmod(path, 0o755)
                shutil.chown(path, "postgres")
        self._as_server(f"{programs()}/initdb", "-D", str(folder / "data"), "-A", "trust", "-U", "postgres", "-E", "UTF8",
                        "--locale=C", "--no-sync")  # fmt: skip
        with open(folder / "data/postgresql.conf", "a") as file:
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{self.socket}'\nmax_connections = 150\n"
                       f"shared_buffers = 32MB\nfsync = {'on' if durable else 'off'}\nlog_statement = 'all'\n"
                       "log_line_prefix = '%a|'\nlogging_collector = off\n")  # fmt: skip
        self.start()
        self.tell("postgres", "CREATE DATABASE bus")
        self.connection = driver.Connection(Address(self.url, "bus"))
        schema.upgrade(self.connection)

    @property
    def url(self) -> str:
        return f"postgresql:///bus?host={self.socket}"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def _as_server(self, *command: str) -> None:
        extra: dict[str, Any] = (
            {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        )
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=120, **extra)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        self._control("-w", "-l", str(self.log), "start")

    def stop(self, mode: str = "fast") -> None:
        self._control("-w", "-m", mode, "stop")

    def kill(self) -> None:
        """kill -9 of every process, as if the machine had stopped."""
        master = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        for process in [master, *map(int, children)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        for process in [master, *map(int, children)]:
            while _is_running(process):
                time.sleep(0.01)

    def _control(self, *arguments: str) -> None:
        self._as_server(f"{programs()}/pg_ctl", "-D", str(self.folder / "data"), *arguments)

    def tell(self, database: str, sql: str) -> None:
        os.environ.setdefault("PGUSER", "postgres")
        connection = driver.Connection(Address(f"postgresql:///{database}?host={self.socket}", "bus"))
        connection.tell(sql)
        connection.close()

    def new_bus(self) -> Address:
        """The address of an empty bus."""
        key = f"b{next(_KEYS)}"
        self.connection.ask("SELECT teof.make_1(%s, %s)", key, "token")
        return Address(self.url, key)

    def new_store(self, workspace: Any) -> PostgresStore:
        """A store with an empty bus."""
        return PostgresStore(workspace, self.new_bus())


class PlantedStore(PostgresStore):
    """A bus in which tests put what somebody left who does not use the toolkit."""

    def __init__(self, workspace: Any, address: Address) -> None:
        super().__init__(workspace, address)
        self._owner = driver.Connection(address)

    def put(self, name: str, data: bytes | None) -> None:
        """Makes a stream or a document these bytes; None takes it away."""
        bus = self._bus.opened.bus
        self._owner.tell("UPDATE teof.buses SET state = 'filling' WHERE bus = %s", bus)
        if name.startswith(("events", "messages")):
            self._owner.tell("DELETE FROM teof.waiting USING teof.records AS r WHERE waiting.bus = %s AND waiting.seq = r.seq"
                             " AND r.bus = waiting.bus AND r.stream = %s", bus, name)  # fmt: skip
            self._owner.tell("DELETE FROM teof.records WHERE bus = %s AND stream = %s", bus, name)
            self._owner.tell("DELETE FROM teof.streams WHERE bus = %s AND stream = %s", bus, name)
            filling.load_stream(self._owner, bus, name, [data or b""])
        else:
            self._owner.tell("DELETE FROM teof.documents WHERE bus = %s AND name = %s", bus, name)
            if data is not None:
                filling.load_document(self._owner, bus, name, data)
        self._owner.tell("UPDATE teof.buses SET state = 'open' WHERE bus = %s", bus)

    def take(self, folder: Path) -> None:
        """Takes over a bus folder, as it is."""
        for path in sorted(folder.glob("*/*.json*")):
            name = name_at(f"_bus/{path.relative_to(folder)}")
            if name and path.is_file() and not path.is_symlink():
                self.put(name, path.read_bytes())


def _is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def begin(folder: Path, *, durable: bool = False) -> Server:
    """A new server; the test is skipped where there is none."""
    if reason := reason_against():
        pytest.skip(reason)
    os.environ.setdefault("PGUSER", "postgres")
    return Server(folder, durable=durable)


def end(server: Server) -> None:
    """Stops a server and removes its folder."""
    server.connection.close()
    with contextlib.suppress(AssertionError, SetupError):
        server.stop("immediate")
    shutil.rmtree(server.folder, ignore_errors=True)
