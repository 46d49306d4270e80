"""A PostgreSQL of the tests' own: Debian's or another installed one, on a socket, thrown away afterwards."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import threading
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
        for lock in (self.folder / "data/postmaster.pid", self.socket / ".s.PGSQL.5432.lock"):
            lock.unlink()  # its process may wait to be reaped, which looks like life

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


class Proxy:
    """Stands between clients and a server, and cuts a connection in the middle of a commit: `cuts` says how often.

    Half of the cuts come before the question has gone on, half behind it, so that only its answer is lost.
    """

    def __init__(self, folder: Path, server: Server, cuts: float) -> None:
        self.cuts, self.done = cuts, {"question": 0, "answer": 0}
        self.ends_with_a_cut = False
        self._path = folder / ".s.PGSQL.5432"
        self._target = str(server.socket / ".s.PGSQL.5432")
        self._chance = random.Random(7)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen(200)
        self.url = f"postgresql:///bus?host={folder}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.connect(self._target)
            threading.Thread(target=self._answers, args=(server, client), daemon=True).start()
            while data := client.recv(1 << 20):
                cut = ""
                if b"commit_1" in data and self._chance.random() < self.cuts:
                    cut = self._chance.choice(("question", "answer"))
                    self.done[cut] += 1
                if cut and self.ends_with_a_cut:
                    self._path.unlink()
                if cut == "question":
                    break
                if cut == "answer":
                    client.shutdown(socket.SHUT_RDWR)
                server.sendall(data)
                if cut:
                    time.sleep(0.05)
                    break
            server.shutdown(socket.SHUT_RDWR)

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 20):
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()


def begin_pooler(folder: Path, server: Server) -> subprocess.Popen[bytes]:
    """pgbouncer in transaction mode on a socket in a folder; skipped where it is not installed."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    if not os.access(program, os.X_OK):
        pytest.skip("pgbouncer is not installed here")
    (folder / "users").write_text('"postgres" ""\n')
    (folder / "pooler.ini").write_text(
        f"[databases]\nbus = host={server.socket} port=5432 user=postgres\n[pgbouncer]\nlisten_addr =\nlisten_port = 5432\n"
        f"unix_socket_dir = {folder}\nauth_type = any\nauth_file = {folder}/users\npool_mode = transaction\n"
        "default_pool_size = 8\nmax_client_conn = 2000\nignore_startup_parameters = extra_float_digits\n"
    )
    extra: dict[str, Any] = {}
    if os.geteuid() == 0:
        extra = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(folder, "postgres")
    pooler = subprocess.Popen([program, str(folder / "pooler.ini")], stderr=subprocess.DEVNULL, cwd="/", **extra)
    end = time.monotonic() + 20
    while not (folder / ".s.PGSQL.5432").exists():
        assert time.monotonic() < end and pooler.poll() is None, "the pooler did not begin"
        time.sleep(0.05)
    return pooler
