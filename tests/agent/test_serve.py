"""`serve` as a process: where it says it is, how it ends, what it leaves alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

pytest.importorskip("uvicorn", reason="the extra [web] is not installed")

SERVE = "agent.serve"


@contextmanager
def serving(folder, *options):
    """A server in a process of its own, and what it printed first."""
    command = [sys.executable, "-m", "tools.agent.serve", "--port", "0", "--json", *options]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def get(server, place, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{server['port']}{place}", headers=headers)
    return urllib.request.urlopen(request, timeout=10)


def watch(server):
    request = (
        f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{server['port']}\r\nAuthorization: Bearer {server['token']}\r\n\r\n"
    )
    line = socket.create_connection(("127.0.0.1", server["port"]), timeout=20)
    line.sendall(request.encode())
    return line


def until(line, words, seconds=20):
    """Reads from a stream until some words came."""
    line.settimeout(seconds)
    text = b""
    while words not in text:
        block = line.recv(65536)
        assert block, f"the stream ended: {text[-200:]!r}"
        text += block
    return text


def test_it_prints_first_where_it_is_and_what_it_may_do(git_repo, seat):
    seat("boss", roles=["manager"])
    with serving(git_repo, "--allow-actions") as (process, server):
        assert server["url"] == f"http://127.0.0.1:{server['port']}/?token={server['token']}"
        assert (server["actions"], server["pid"]) == (True, process.pid) and len(server["token"]) >= 43
        assert get(server, "/", Authorization=f"Bearer {server['token']}").status == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_a_signal_though_many_watch_and_leaves_no_traceback(git_repo, number):
    with serving(git_repo) as (process, server):
        lines = [watch(server) for _ in range(50)]
        for line in lines:
            until(line, b"event: board")
        begin = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0 and time.monotonic() - begin < 6
        assert err == "" and out == ""


def log_note(spawn, folder):
    """Appends an event in a process of its own."""
    spawn(
        "-m", "tools.agent.bus_event", *["log", "--event", "note", "--summary", "s", "--agent", "codex-1"], cwd=folder
    )


def test_two_hundred_watchers_hear_of_a_record_though_others_do_not_read(git_repo, spawn):
    with serving(git_repo) as (_, server):
        deaf = [watch(server) for _ in range(20)]
        lines = [watch(server) for _ in range(200)]
        for line in lines:
            until(line, b"id: 1")
        log_note(spawn, git_repo)
        for line in lines:
            until(line, b"id: 2")
        for line in deaf:
            line.close()


def test_half_a_request_is_dropped(git_repo):
    with serving(git_repo) as (_, server):
        line = socket.create_connection(("127.0.0.1", server["port"]), timeout=30)
        line.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert line.recv(100) == b""


def test_it_writes_nothing(git_repo):
    before = sorted(git_repo.rglob("*"))
    with serving(git_repo) as (_, server):
        assert get(server, "/healthz").status == 200
    assert sorted(git_repo.rglob("*")) == before


def test_a_token_file_is_made_for_its_owner_alone_and_kept(git_repo, tmp_path, run):
    kept = tmp_path / "token"
    for _ in range(2):
        with serving(git_repo, "--token-file", str(kept)) as (_, server):
            assert kept.read_text().strip() == server["token"]
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.chmod(0o644)
    refused = run(SERVE, "--port", "0", "--token-file", str(kept), code=7)
    assert "others may read" in refused.err and kept.read_text().strip() not in refused.err


def test_a_taken_port_is_7_and_a_wide_host_without_a_name_is_2(git_repo, run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "cannot listen" in run(SERVE, "--port", str(taken.getsockname()[1]), code=7).err
    assert "--host-name" in run(SERVE, "--host", "0.0.0.0", code=2).err


def test_acting_needs_a_seat(git_repo, run):
    assert "needs a seat" in run(SERVE, "--allow-actions", code=3).err


def test_without_the_extra_it_says_what_to_install(git_repo, run, monkeypatch):
    from tools.agent import serve

    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    assert "pip install 'teof-parallel-agents[web]'" in run(SERVE, code=7).err


def test_failures_are_one_line_without_the_token(git_repo):
    with serving(git_repo) as (process, server):
        with pytest.raises(urllib.error.HTTPError):
            get(server, f"/?token={server['token']}x")
        os.kill(process.pid, signal.SIGTERM)
        assert server["token"] not in process.communicate(timeout=20)[1]


def test_it_has_one_thread_of_its_own(git_repo):
    with serving(git_repo) as (process, server):
        until(watch(server), b"id: 1")
        threads = os.listdir(f"/proc/{process.pid}/task") if os.path.isdir("/proc") else ["1"]
        assert len(threads) <= 2 and threading.active_count() >= 1
