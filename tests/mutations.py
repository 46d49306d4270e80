#!/usr/bin/env python3
"""Weaken one promise at a time in a scratch copy of the toolkit: a fast part of the tests must notice each.

`python -m tests.mutations [WORD…]` tries those with a word in their name, or all, and prints which test noticed
each. A weakening whose text is no longer in the source is an error, so that the list cannot rot unnoticed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.board_mutations import BOARDS
from tests.field_mutations import FIELD
from tests.mutation import Mutation

CHECKOUT = Path(__file__).resolve().parents[1]
PROMISES = "tests/test_promises.py"
ORDER = "tests/crash/test_write_order.py"
POINTS = "tests/crash/test_crash_points.py"
DOCUMENTS = "tests/core/store/test_documents.py"
CATALOGUE = "tests/core/store/test_catalogue.py"


FEW = "order or (safe and (bus_event or claim-claim or bus_ping or heartbeat))"
MUTATIONS = (
    Mutation(
        "no lock",
        "tools/core/fs/locks.py",
        "            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)\n        except BlockingIOError:",
        "            pass\n        except BlockingIOError:",
        (PROMISES,),
    ),
    Mutation(
        "no sync before a rename",
        "tools/core/fs/files.py",
        "            write_whole(descriptor, part)\n        os.fsync(descriptor)\n",
        "            write_whole(descriptor, part)\n",
        (ORDER,),
        FEW,
    ),
    Mutation(
        "no sync of the folder after a rename",
        "tools/core/fs/files.py",
        "src_dir_fd=folder, dst_dir_fd=folder)\n        os.fsync(folder)\n",
        "src_dir_fd=folder, dst_dir_fd=folder)\n",
        (ORDER,),
        FEW,
    ),
    Mutation(
        "no sync of a record before the acknowledgement",
        "tools/core/fs/append.py",
        "        with files.writable(place):\n            os.fsync(descriptor)\n",
        "        pass\n",
        (ORDER,),
        FEW,
    ),
    Mutation(
        "no repair of a torn tail",
        "tools/core/fs/append.py",
        "            _mend_tail(torn_folder, place, descriptor)\n",
        "",
        (ORDER,),
        "torn",
    ),
    Mutation(
        "a task id not checked",
        "tools/core/ids.py",
        "    if not is_task(text):\n",
        "    if False:\n",
        (PROMISES,),
    ),
    Mutation(
        "events not asked which claims changed twice",
        "tools/core/store/files/documents/bringing_up.py",
        "    suspects |= _with_document(tasks - suspects - before.head.live.keys(), listings[CLAIMS])\n",
        "",
        (DOCUMENTS,),
    ),
    Mutation(
        "a folder believed that may still change",
        "tools/core/store/files/documents/catalogue.py",
        "    return _facts(stat) if now - stat.st_mtime_ns > settles_after(stat) else [*_facts(stat), 0]\n",
        "    return _facts(stat)\n",
        (CATALOGUE,),
    ),
    Mutation(
        "a writer takes names that were known once",
        "tools/core/store/files/documents/catalogue.py",
        "        if kept is not None and holds(workspace, kept, (kind,)):\n",
        "        if kept is not None:\n",
        (CATALOGUE,),
    ),
    Mutation(
        "no journal",
        "tools/core/store/files/writing.py",
        "        files.replace(self._workspace.journal, journal.dump(plan))\n",
        "",
        (ORDER,),
        FEW,
    ),
    Mutation(
        "a dead process's journal not completed",
        "tools/core/store/files/writing.py",
        "            self._finish_journal()\n            names: dict[str, folders.Names] = {}\n",
        "            names: dict[str, folders.Names] = {}\n",
        (ORDER,),
        "dead",
    ),
    Mutation(
        "no check of the version",
        "tools/core/store/files/writing.py",
        "        if self._store.version(name) != change.expected:\n",
        "        if False:\n",
        (PROMISES,),
    ),
    Mutation(
        "a folder's link followed",
        "tools/core/fs/files.py",
        "_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC",
        "_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC",
        (PROMISES,),
    ),
    Mutation(
        "a file's link followed",
        "tools/core/fs/files.py",
        "_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC",
        "_FILE = os.O_NONBLOCK | os.O_CLOEXEC",
        (PROMISES,),
    ),
    Mutation(
        "a redo that repeats records",
        "tools/core/store/files/transaction.py",
        '            missing = [record for record in waiting if record.get("id") not in present]\n',
        "            missing = list(waiting)\n",
        (ORDER,),
        "dead",
    ),
    *BOARDS,
    *FIELD,
)
UNCHANGED = Mutation("nothing", "", "", "", (PROMISES, ORDER), f"{FEW} or torn or dead or test_promises")


def weakened(mutation: Mutation) -> str:
    """The source of the file with the mutation's text replaced; AssertionError where it is not there once."""
    source = (CHECKOUT / mutation.path).read_text()
    assert source.count(mutation.old) == 1, f"{mutation.name}: its text is not (once) in {mutation.path}"
    return source.replace(mutation.old, mutation.new)


def apply(mutation: Mutation, folder: Path) -> None:
    """Copies what the tests need into a folder, weakened."""
    for name in ("tools", "tests"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("teof.py", "pyproject.toml"):
        shutil.copyfile(CHECKOUT / name, folder / name)
    if mutation.path:
        (folder / mutation.path).write_text(weakened(mutation))


def notice(mutation: Mutation, folder: Path) -> tuple[bool, str]:
    """Whether the chosen tests fail on the weakened copy, and what they said."""
    apply(mutation, folder)
    chosen = ["-k", mutation.chosen] if mutation.chosen else []
    options = ["-x", "-n", "0", "-p", "no:cacheprovider", *chosen]
    # A place of its own: in the common one, pytest removes at its end what earlier runs left, which takes minutes.
    with tempfile.TemporaryDirectory(prefix="noticed-", ignore_cleanup_errors=True) as place:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", f"--basetemp={place}", *options, *mutation.tests],
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
            timeout=240,
        )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{mutation.name}: pytest itself failed\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 1, done.stdout[-3000:]


def environment(folder: Path) -> dict[str, str]:
    """The surroundings of a copy: nothing leads back to the checkout it was taken from."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TEOF_", "GIT_", "PYTEST_"))}
    kept = {
        key: value for key, value in kept.items() if key not in ("CI", "BUILD_NUMBER")
    }  # pytest prints in full there
    return {**kept, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


def main() -> None:
    """Tries the weakenings and says which test noticed each; exit 1 when one went unnoticed."""
    words, unnoticed = sys.argv[1:], 0
    for mutation in MUTATIONS:
        if words and not any(word in mutation.name for word in words):
            continue
        with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
            noticed, output = notice(mutation, Path(folder))
        test = re.search(r"^FAILED (\S+)", output, re.MULTILINE)
        print(f"{mutation.name}: {test[1] if test else 'noticed' if noticed else 'NOT NOTICED'}", flush=True)
        unnoticed += not noticed
    sys.exit(unnoticed > 0)


if __name__ == "__main__":
    main()
