"""A log as it grows: each new whole record once, whatever is done to the file."""

import os

import pytest

from tools.core.fs import files, jsonl
from tools.core.fs.follow import Follower
from tools.core.workspace import Place


@pytest.fixture
def log(tmp_path):
    return Place(str(tmp_path), "x.jsonl")


def add(log, *numbers, end=b"\n"):
    with open(log.path, "ab") as out:
        out.write(b"".join(b'{"n":%d}' % number + end for number in numbers))


def polled(follower):
    return [found.record["n"] if isinstance(found, jsonl.StoredRecord) else found.reason for found in follower.poll()]


def test_only_what_is_new_is_polled_and_once(log):
    add(log, 1)
    follower = Follower(log)
    follower.skip_present()
    add(log, 2, 3)
    assert polled(follower) == [2, 3] and polled(follower) == []


def test_a_log_that_comes_later_is_read_from_its_beginning(log):
    follower = Follower(log)
    follower.skip_present()
    assert polled(follower) == []
    add(log, 1)
    assert polled(follower) == [1]


def test_half_a_line_waits_for_its_end(log):
    follower = Follower(log)
    add(log, 1, end=b"")
    follower.skip_present()
    assert polled(follower) == []
    add(log, end=b"")
    with open(log.path, "ab") as out:
        out.write(b"\n")
    assert polled(follower) == [1]


@pytest.mark.parametrize("poll_before", [True, False])
def test_of_a_replacement_only_the_lines_that_were_not_there_are_new(log, poll_before):
    add(log, 1, 2)
    follower = Follower(log)
    follower.skip_present()
    add(log, 3)
    first = polled(follower) if poll_before else []
    files.replace(log, b'{"n":1}\n{"n":9}\n{"n":2}\n{"n":3}\n')
    assert first + polled(follower) == ([3, 9] if poll_before else [9, 3])
    add(log, 4)
    assert polled(follower) == [4]


def test_what_came_between_the_last_poll_and_the_replacement_is_not_lost(log):
    add(log, 1)
    follower = Follower(log)
    follower.skip_present()
    add(log, 2)
    files.replace(log, b'{"n":1}\n{"n":2}\n')
    assert polled(follower) == [2]


def test_a_truncated_log_is_followed_from_what_is_left(log):
    add(log, 1, 2, 3)
    follower = Follower(log)
    follower.skip_present()
    os.truncate(log.path, 8)
    assert polled(follower) == []
    add(log, 4)
    assert polled(follower) == [4]


def test_a_bad_line_is_told_and_passed_over(log):
    follower = Follower(log)
    with open(log.path, "wb") as out:
        out.write(b"bad\n")
    add(log, 1)
    assert polled(follower)[1:] == [1]


def test_what_is_no_file_is_told_once_and_waited_out(log):
    os.mkdir(log.path)
    follower = Follower(log)
    follower.skip_present()
    (reason,) = polled(follower)
    assert "folder" in reason and polled(follower) == []
    os.rmdir(log.path)
    add(log, 1)
    assert polled(follower) == [1]
