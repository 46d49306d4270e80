"""One writer at a time, whatever happens to the folder and to the holder."""

import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from tools.core.errors import BusyError, DataError
from tools.core.fs import files, locks
from tools.core.workspace import Place

HOLD = """
import sys, time
from tools.core.fs import locks
from tools.core.workspace import Place
with locks.hold(Place(sys.argv[1], "_bus"), holder=Place(sys.argv[1], "_bus/.cache/holder")):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def bus(tmp_path):
    return Place(str(tmp_path), "_bus")


@pytest.fixture
def holder(bus):
    """Another process that holds the lock; it lets go when its stdin is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, bus.base], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait()
    process.stdout.close()
    process.stdin.close()


def note_of(bus):
    return bus.child(".cache/holder")


def test_the_folder_is_made_and_locked_and_free_again(bus):
    for _ in range(2):
        with locks.hold(bus, patience=0.1):
            assert os.path.isdir(bus.path)
    assert os.listdir(bus.path) == []


def test_who_waits_too_long_is_told_pid_host_command_and_age(bus, holder):
    with pytest.raises(BusyError) as refusal, locks.hold(bus, holder=note_of(bus), patience=0.1):
        pass
    assert refusal.value.exit_code == 5
    assert f"pid {holder.pid}" in refusal.value.message
    assert os.uname().nodename in refusal.value.message
    assert "for 0 s" in refusal.value.message or "for 1 s" in refusal.value.message


def test_a_stopped_holder_is_named_too(bus, holder):
    holder.send_signal(signal.SIGSTOP)
    with pytest.raises(BusyError) as refusal, locks.hold(bus, holder=note_of(bus), patience=0.1):
        pass
    assert f"pid {holder.pid}" in refusal.value.message


def test_a_killed_holder_frees_the_lock_at_once(bus, holder):
    holder.kill()
    holder.wait()
    with locks.hold(bus, holder=note_of(bus), patience=0.1):
        assert files.read_bytes(note_of(bus)).startswith(f"{os.getpid()} ".encode())


def test_a_waiter_gets_the_lock_when_it_is_given_back(bus, holder):
    threading.Timer(0.1, holder.stdin.close).start()
    with locks.hold(bus, patience=30):
        holder.wait()
    assert holder.returncode == 0


def test_a_thread_waits_and_is_refused_like_the_main_thread(bus, holder):
    refused = []

    def wait():
        try:
            with locks.hold(bus, holder=note_of(bus), patience=0.05):
                pass
        except BusyError as refusal:
            refused.append(refusal)

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    assert f"pid {holder.pid}" in refused[0].message


def test_the_alarm_of_the_caller_is_left_as_it_was(bus, holder):
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(BusyError), locks.hold(bus, patience=0.05):
        pass
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_folder_that_was_replaced_is_another_lock(bus, holder):
    """Who waited on the old folder must not believe it holds the new one."""
    os.rename(bus.path, bus.path + ".old")
    os.mkdir(bus.path)
    with locks.hold(bus, patience=0.1):
        inside = os.stat(bus.path).st_ino
    assert inside != os.stat(bus.path + ".old").st_ino


def test_a_waiter_moves_on_to_the_new_folder_when_the_old_one_is_replaced(bus, holder):
    def swap():
        shutil.move(bus.path, bus.path + ".old")
        os.mkdir(bus.path)
        holder.stdin.close()

    threading.Timer(0.2, swap).start()
    with locks.hold(bus, patience=30):
        probe = [sys.executable, "-c", PROBE, bus.base]
        assert subprocess.run(probe, capture_output=True, text=True).stdout == "busy\n"


PROBE = """
import sys
from tools.core.fs import locks
from tools.core.errors import BusyError
from tools.core.workspace import Place
try:
    with locks.hold(Place(sys.argv[1], "_bus"), patience=0.05):
        print("free")
except BusyError:
    print("busy")
"""


def test_an_error_inside_frees_the_lock(bus):
    with pytest.raises(ValueError), locks.hold(bus):
        raise ValueError
    with locks.hold(bus, patience=0.05):
        pass


def test_a_read_only_folder_can_still_be_locked(bus, ordinary_user):
    os.mkdir(bus.path, 0o555)
    with locks.hold(bus, holder=note_of(bus), patience=0.1):
        assert not os.path.exists(note_of(bus).path)


def test_a_link_in_place_of_the_folder_is_not_locked(bus, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", bus.path)
    with pytest.raises(DataError), locks.hold(bus):
        pass


def test_a_planted_holder_file_neither_blocks_nor_is_written_through(bus, tmp_path):
    target = tmp_path / "precious"
    target.write_text("kept")
    os.makedirs(bus.path + "/.cache")
    os.symlink(target, note_of(bus).path)
    with locks.hold(bus, holder=note_of(bus)):
        pass
    assert target.read_text() == "kept"


def test_garbage_in_the_holder_file_leaves_a_plain_refusal(bus, holder):
    files.replace(note_of(bus), b"\xff garbage\n")
    with pytest.raises(BusyError) as refusal, locks.hold(bus, holder=note_of(bus), patience=0.05):
        pass
    assert "another process" in refusal.value.message


def test_a_bus_command_works_with_a_read_only_git_folder(git_repo, run, ordinary_user):
    os.chmod(git_repo / ".git", 0o555)
    run("agent.bus_event", "log", "--event", "note", "--agent", "codex-1", "--summary", "sandboxed")
    assert "sandboxed" in run("agent.bus_watch").out


def test_a_command_that_waits_in_vain_exits_5_and_names_the_holder(git_repo, holder, run, monkeypatch, tmp_path):
    monkeypatch.setitem(locks.hold.__wrapped__.__kwdefaults__, "patience", 0.1)
    monkeypatch.setenv("TEOF_BUS", str(tmp_path))
    refused = run("agent.bus_event", "log", "--event", "note", "--agent", "a", code=5)
    assert f"pid {holder.pid}" in refused.err and "hint:" in refused.err
