"""Distinguishes evidence produced by a run from evidence that is only asserted.

A run leaves two files side by side under `_report/runner/<agent>/`: `<stamp>-<slug>.log`, all the
output, and `<stamp>-<slug>.json`, what was run and how it ended, with the hash of the log. As long
as the hash fits the evidence is *verified*; when it does not, it is *broken*; anything that is not
such a pair is legal and *unverified*.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from tools.core.errors import DataError, SetupError, UsageError
from tools.core.fs import files, jsonl
from tools.core.models.evidence import RunReceipt
from tools.core.problem import Problem
from tools.core.workspace import BUS, REPORT, Place, Workspace

VERIFIED = "verified"
UNVERIFIED = "unverified"
BROKEN = "broken"

MAX_JSON = 64 * 1024 * 1024
"""Bytes a JSON receipt may have to be checked whole."""


class Verdict(NamedTuple):
    """The verification status of a piece of evidence, and why."""

    standing: str
    reason: str


def runs_folder(workspace: Workspace, agent: str) -> Place:
    """Where an agent's runs are kept."""
    return workspace.in_root(f"{REPORT}/runner/{agent}")


def run_from(raw: object) -> RunReceipt | None:
    """The run that a document describes; None for another kind of document."""
    if not isinstance(raw, dict):
        return None
    command, status, size = raw.get("command"), raw.get("exit_status"), raw.get("output_bytes")
    sha256, seconds = raw.get("output_sha256"), raw.get("duration_seconds")
    if not isinstance(command, list) or not command or not all(isinstance(part, str) for part in command):
        return None
    if not isinstance(sha256, str) or type(status) is not int or type(size) is not int:
        return None
    texts = {key: value for key, value in raw.items() if key in _TEXTS and isinstance(value, str)}
    return RunReceipt(
        command=tuple(command),
        exit_status=status,
        duration_seconds=float(seconds) if isinstance(seconds, (int, float)) else 0.0,
        output_sha256=sha256,
        output_bytes=size,
        dirty=raw.get("dirty") is True,
        **{"started_at": "", "agent_id": "", **texts},
    )


_TEXTS = frozenset({"started_at", "agent_id", "commit", "tree_sha", "plan_id", "step", "task_id"})


def read_run(workspace: Workspace, path: str) -> RunReceipt | None:
    """The run of a receipt, by the path of its `.json` or its `.log`; None for evidence of another kind."""
    stem, suffix = os.path.splitext(path)
    if suffix not in (".json", ".log"):
        return None
    try:
        return run_from(files.read_json(_place(workspace, f"{stem}.json")))
    except (DataError, SetupError):
        return None


def verdict(workspace: Workspace, path: str) -> Verdict:
    """The status of a cited path: verified when the log still has its hash, unverified when nothing was run."""
    path = path.partition("#")[0]
    if not _is_there(workspace, path):
        return Verdict(BROKEN, "is not there")
    receipt = read_run(workspace, path)
    if receipt is None:
        return Verdict(UNVERIFIED, "nothing was run")
    log = f"{os.path.splitext(path)[0]}.log"
    try:
        digest, size = digest_of(_place(workspace, log))
    except (FileNotFoundError, DataError, SetupError):
        return Verdict(BROKEN, f"its output {log} is not there")
    if (digest, size) != (receipt.output_sha256, receipt.output_bytes):
        return Verdict(BROKEN, f"{log} is not what the command printed")
    return Verdict(VERIFIED, f"exit {receipt.exit_status}, {receipt.output_bytes} bytes of output")


def standing(workspace: Workspace, path: str) -> str:
    """`verified`, `unverified` or `broken`: what the index, the board and the plan check show of a receipt."""
    return verdict(workspace, path).standing


def digest_of(place: Place) -> tuple[str, int]:
    """The SHA-256 of a file and its size, in bounded memory; FileNotFoundError when absent."""
    import hashlib  # loads OpenSSL, which pays only for whole files

    made = hashlib.sha256()
    size = 0
    with files.opened(place) as descriptor:
        while block := os.read(descriptor, 1 << 20):
            made.update(block)
            size += len(block)
    return made.hexdigest(), size


def unparseable(workspace: Workspace, path: str) -> Problem | None:
    """Why a receipt named as JSON does not parse, with the line; None when it does."""
    place = _place(workspace, path)
    try:
        if path.endswith(".json"):
            files.parse_json(files.read_bytes(place, MAX_JSON) or b"", place.name)
        elif path.endswith(".jsonl"):
            for line in jsonl.scan(place):
                if isinstance(line, Problem):
                    return line
    except (DataError, SetupError) as error:
        return error.problem_in(place.name)
    return None


def _place(workspace: Workspace, path: str) -> Place:
    if path.startswith(f"{BUS}/") and files.exists(Place(workspace.bus_root, path)):
        return Place(workspace.bus_root, path)
    return Place(workspace.root, path)


def _is_there(workspace: Workspace, path: str) -> bool:
    try:
        return workspace.relative(path) == path and files.exists(_place(workspace, path))
    except (SetupError, UsageError):
        return False
