"""What programs would start, started: the hook's very command line, the MCP server, Codex's own list of hooks."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tools.core import clock, hint
from tools.core.context import Context
from tools.core.integrations.mcp import catalogue
from tools.core.integrations.vendors.vendor import Where
from tools.core.setup.clone import Clone
from tools.core.setup.probes import files, samples
from tools.core.setup.probes.probe import FAIL, PATIENCE, WARN, Probe, passed, skipped
from tools.core.store.files import small
from tools.core.text import terminal
from tools.core.workspace import MANIFEST, Workspace

if TYPE_CHECKING:
    from tools.core.integrations.vendors.vendor import Vendor

SLOW_HOOK, SLOW_SERVER = 0.25, 5.0
_HOOK_IN_STARTS = 5
"""Starts of Python that a hook may take: half of it is what it costs where nothing else runs."""

_HELD, _FREE = "held.txt", "free.txt"


def hook(context: Context, where: Where, program: Vendor) -> Probe:
    """The command line in the config refuses an edit of a held file in the program's form, and is silent otherwise."""
    line = _command_line(where, program)
    if not line:
        return Probe("hook", FAIL, "no config names the hook", hint.tool("agent.setup", program.NAME), program.NAME)
    with tempfile.TemporaryDirectory(prefix="teof-doctor-") as scratch:
        _scratch_bus(os.path.realpath(scratch))
        held, seconds = _run(line, context.workspace.root, program, os.path.realpath(scratch), _HELD)
        free, _ = _run(line, context.workspace.root, program, os.path.realpath(scratch), _FREE)
    again = hint.tool("agent.setup", program.NAME)
    if held is None or free is None:
        return Probe("hook", FAIL, "the command line fails", again, program.NAME)
    if "[teof]" not in held or not _is_refusal(held, program):
        return Probe(
            "hook", FAIL, f"an edit of a held file is not refused: {held[:80] or 'silence'}", again, program.NAME
        )
    if free:
        return Probe("hook", FAIL, f"an edit of a free file is not passed over: {free[:80]}", again, program.NAME)
    if seconds > SLOW_HOOK:
        return slow(seconds, _bare(), program.NAME)
    return passed("hook", f"refuses and passes, {seconds * 1000:.0f} ms", program.NAME)


def slow(seconds: float, bare: float, cli: str) -> Probe:
    """What is said of a hook that takes long: setup mends a launcher, and not a machine on which Python itself does."""
    text = f"it takes {seconds * 1000:.0f} ms, and Python alone {bare * 1000:.0f} ms"
    if seconds > _HOOK_IN_STARTS * bare:
        return Probe("hook", WARN, text, hint.tool("agent.setup", cli), cli)
    return Probe("hook", WARN, f"{text}: this machine is slow or busy", hint.program("uptime"), cli)


def _bare() -> float:
    """Seconds to start Python and end it."""
    begun = time.monotonic()
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run([sys.executable, "-c", "pass"], capture_output=True, timeout=PATIENCE, check=False)
    return time.monotonic() - begun


def _command_line(where: Where, program: Vendor) -> str:
    """The command line before an edit, as it stands in the first config that has it, whatever else changed around it."""
    event = samples.edit(program, "/", "x")[0]
    ending = f"{program.NAME} {event} || exit 0"
    for wish in program.files(where):
        if wish.form == "json":
            line = next((line for line in _strings(_json_of(wish.path)) if line.endswith(ending)), "")
            if line:
                return line
        if wish.form == "whole" and small.read(wish.path) == wish.text.encode():
            return where.command(program.NAME, event)  # a plugin starts it without a line of its own
    return ""


def _json_of(path: str) -> Any:
    """What a config holds; None for one that is absent or no JSON, which the probe of the files reports."""
    try:
        return json.loads(small.read(os.path.realpath(path)) or b"{}")
    except ValueError:
        return None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(part)


def _scratch_bus(folder: str) -> None:
    """A bus in which another seat holds one file."""
    space = Workspace(folder, folder)
    claim = {"agent_id": "other", "task_id": "HELD", "status": "active", "paths": [_HELD], "fence": 1, "branch": "x",
             "claimed_at": clock.to_text(clock.now())}  # fmt: skip
    for path, document in ((space.claim("HELD").path, claim), (f"{folder}/{MANIFEST}", {"agent_id": "doctor"})):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as place:
            json.dump(document, place)


def _run(line: str, root: str, program: Vendor, scratch: str, path: str) -> tuple[str | None, float]:
    """What the hook said, None when it failed; and how long it took."""
    _, payload = samples.edit(program, scratch, path)
    surroundings = [f"TEOF_ROOT={scratch}", f"TEOF_BUS={scratch}"]
    begun = time.monotonic()
    try:
        done = subprocess.run(
            ["env", "-u", "TEOF_MANIFEST", *surroundings, "sh", "-c", line],
            cwd=root,
            input=json.dumps(payload).encode(),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None, PATIENCE
    seconds = time.monotonic() - begun
    return (done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None), seconds


def _is_refusal(said: str, program: Vendor) -> bool:
    try:
        answer = json.loads(said)
    except ValueError:
        return False
    shape = program.deny(samples.edit(program, "/", "x")[0], "")
    return bool(_keys(answer) == _keys(shape))


def _keys(value: Any) -> Any:
    return {key: _keys(part) for key, part in value.items()} if isinstance(value, dict) else None


# -- the MCP server ---------------------------------------------------------------------------------------

_OLD, _NEW = "2025-06-18", "2026-07-28"


def server(context: Context, command: Sequence[str], cli: str) -> Probe:
    """The registered server speaks both eras of the protocol and lists its tools."""
    client = {"name": "teof-doctor", "version": "1"}
    old: dict[str, Any] = {"protocolVersion": _OLD, "capabilities": {}, "clientInfo": client}
    spoken = "io.modelcontextprotocol/"
    meta = {f"{spoken}protocolVersion": _NEW, f"{spoken}clientInfo": client, f"{spoken}clientCapabilities": {}}
    begun = time.monotonic()
    answers = []
    for first, params, extra in (("initialize", old, {}), ("server/discover", {"_meta": meta}, {"_meta": meta})):
        with _started(command, context.workspace.root) as process:
            if _asked(process, first, params) is None:
                said = _rest(process)
                fix = said if "pip install" in said else " ".join(command)
                return Probe("mcp", FAIL, f"no answer to {first}: {said[:200]}", fix.removeprefix("hint: "), cli)
            listed = _asked(process, "tools/list", extra)
            answers.append(len(listed.get("tools", [])) if listed else 0)
    seconds = (time.monotonic() - begun) / 2
    if answers != [len(catalogue.TOOLS)] * 2:
        return Probe("mcp", FAIL, f"it lists {answers} tools", " ".join(command), cli)
    if seconds > SLOW_SERVER:
        return Probe("mcp", WARN, f"it takes {seconds:.1f} s to answer", " ".join(command), cli)
    return passed("mcp", f"{answers[0]} tools in both eras, {seconds:.1f} s", cli)


@contextmanager
def _started(command: Sequence[str], folder: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        list(command), cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _asked(process: subprocess.Popen[bytes], method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """The result of one request; None when there is none in time."""
    assert process.stdin is not None and process.stdout is not None
    if method == "tools/list" and not params:
        _send(process, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    _send(process, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    deadline = time.monotonic() + 3 * PATIENCE  # a busy machine takes its time to load the package
    data = b""
    while time.monotonic() < deadline:
        ready, _, _ = select.select([process.stdout], [], [], 0.2)
        part = os.read(process.stdout.fileno(), 1 << 16) if ready else b""
        if ready and not part:
            return None
        *lines, data = (data + part).split(b"\n")
        answer = next(filter(None, map(_answer, lines)), None)
        if answer is not None:
            return answer.get("result")
    return None


def _answer(line: bytes) -> dict[str, Any] | None:
    """The answer that a line holds; None for a notification, which a server may send at any time, and for what is none."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) and message.get("id") == 1 and "method" not in message else None


def _send(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
    except OSError:
        return


def _rest(process: subprocess.Popen[bytes]) -> str:
    process.kill()
    assert process.stderr is not None
    lines = process.stderr.read().decode("utf-8", "replace").splitlines()
    return next((line for line in reversed(lines) if line.strip()), "nothing was said")


# -- Codex's own view ----------------------------------------------------------------------------------------


def codex_trust(here: Clone, where: Where) -> Probe:
    """Codex itself says whether each of our hooks is trusted."""
    import shutil

    program = shutil.which("codex")
    if program is None:
        return files.codex_trust_in_settings(here)
    with _started([program, "app-server"], here.workspace.root) as process:
        hello = {"clientInfo": {"name": "teof-doctor", "title": "teof doctor", "version": "1"}}
        if _asked(process, "initialize", hello) is None:
            return files.codex_trust_in_settings(here)
        _send(process, {"jsonrpc": "2.0", "method": "initialized"})
        listed = _asked(process, "hooks/list", {"cwds": [here.workspace.root]})
    return codex_verdict(here, where, listed)


def codex_verdict(here: Clone, where: Where, listed: Any) -> Probe:
    """What follows from Codex's list of the hooks of this folder; it lists none of a project that is not trusted."""
    ours = [hook for hook in _hooks(listed) if where.launcher in str(hook["command"])]
    if not ours:
        in_settings = files.codex_trust_in_settings(here)
        if in_settings.status == WARN:
            return in_settings
        return skipped("trust", "codex lists no hooks of ours", "codex")
    wrong = [hook for hook in ours if hook.get("trustStatus") not in ("trusted", "managed")]
    if wrong:
        states = ", ".join(sorted({str(hook.get("trustStatus")) for hook in wrong}))
        fix = f"cd {here.workspace.bus_root} && codex, then /hooks"
        return Probe("trust", FAIL, f"{len(wrong)} of {len(ours)} hooks are not approved: {states}", fix, "codex")
    return passed("trust", f"{terminal.number(len(ours), 'hook is', 'hooks are')} approved", "codex")


def _hooks(listed: Any) -> Iterator[dict[str, Any]]:
    if isinstance(listed, dict):
        if "command" in listed:
            yield listed
        for part in listed.values():
            yield from _hooks(part)
    elif isinstance(listed, list):
        for part in listed:
            yield from _hooks(part)
