"""In which order a writer makes things durable, read from its system calls: the promise a kill cannot test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.conftest import Case
from tests.crash.test_crash_points import every_writer
from tests.crash.trace import follow, parse
from tests.crash.writers import Writer


@every_writer
@pytest.mark.promise(2)
def test_nothing_is_acknowledged_or_relied_on_before_it_is_safe(
    writer: Writer, case_of: Callable[[Writer], Case]
) -> None:
    case = case_of(writer)
    root = str(case.ready).replace("/ready", "/clean")
    present = [*case.old, *{folder for path in case.old for folder in parents(path)}]
    assert follow(case.trace, root, present) == []
    assert case.trace.kills()


def parents(path: str) -> list[str]:
    """The folders a path lies in."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


WRITE = 'write(5</r/_bus/events/events.jsonl>, "{}", 3) = 3\n'
SYNC = "fsync(5</r/_bus/events/events.jsonl>) = 0\n"
SAY = 'write(1</out>, "done", 4) = 4\n'
KNOWN = ["_bus", "_bus/events", "_bus/events/events.jsonl", "_report"]


def test_the_check_sees_a_record_that_is_acknowledged_too_early() -> None:
    assert follow(parse(WRITE + SYNC + SAY), "/r", KNOWN) == []
    assert "printed before" in follow(parse(WRITE + SAY + SYNC), "/r", KNOWN)[0]


def test_the_check_sees_a_rename_of_bytes_that_are_not_safe() -> None:
    build = 'write(6</r/_bus/claims/.T.json.tmp>, "{}", 3) = 3\n'
    place = 'rename("/r/_bus/claims/.T.json.tmp", "/r/_bus/claims/T.json") = 0\n'
    assert "in place before" in follow(parse(build + place), "/r", KNOWN)[0]


def test_the_check_sees_a_new_name_whose_folder_is_not_synced() -> None:
    made = 'openat(4</r/_bus/events>, "other.jsonl", O_RDWR|O_CREAT, 0644) = 5</r/_bus/events/other.jsonl>\n'
    assert "_bus/events/" in follow(parse(made + SAY), "/r", KNOWN)[0]


def test_the_check_sees_two_files_changed_without_a_journal() -> None:
    other = 'write(6</r/_bus/messages/T.jsonl>, "{}", 3) = 3\nfsync(6</r/_bus/messages/T.jsonl>) = 0\n'
    assert "without a journal" in follow(parse(WRITE + SYNC + other), "/r", KNOWN)[0]


def test_the_check_sees_a_record_that_cites_evidence_which_is_not_safe() -> None:
    evidence = 'write(6</r/_report/x.json>, "{}", 3) = 3\n'
    assert "is written before" in follow(parse(evidence + WRITE + SYNC), "/r", KNOWN)[0]
