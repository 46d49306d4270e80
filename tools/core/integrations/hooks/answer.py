"""One event of an agent's program, from call to answer; silence (None) is "no opinion"."""

from __future__ import annotations

import os

from tools.core.bus.rules import path_rule
from tools.core.git.branches import current_branch
from tools.core.integrations.hooks import bus, edits, memory, surroundings, texts
from tools.core.integrations.hooks.call import call_of
from tools.core.integrations.vendors import vendor
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.files import seen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.core.integrations.hooks.call import Call
    from tools.core.integrations.hooks.surroundings import Surroundings
    from tools.core.integrations.vendors.vendor import Vendor
    from tools.core.store.files.documents.catalogue import ShortClaim

HEARTBEAT = 30 * 60
"""Seconds between two status events that a hook logs for a seat at work."""


class Process(NamedTuple):
    """What the process that was started knows: its folder, environment, clock and options."""

    folder: str
    environment: Mapping[str, str]
    now: int  # nanoseconds since 1970
    level: str = path_rule.CLAIMS
    command: str = "teof"

    @property
    def seconds(self) -> float:
        """The clock in seconds."""
        return self.now / 1e9


class Answer(NamedTuple):
    """What to say, and the surroundings it was said in."""

    said: dict[str, object] | None
    here: Surroundings | None


def answer(program: Vendor, event: str, payload: Mapping[str, object], process: Process) -> Answer:
    """The answer to one event, with what is remembered of it done."""
    call = call_of(program, event, payload)
    if call is None:
        return Answer(None, None)
    folder = call.folder if os.path.isabs(call.folder) else process.folder
    here = surroundings.find(folder, process.environment, program.PROJECT)
    if here is None:
        return Answer(None, None)
    here = bus.opened(here)
    try:
        said = _MOMENTS[call.moment](program, call, here, process)
    finally:
        if here.server is not None:
            here.server.close()
    if here.seat:
        seen.touch(here.workspace, here.seat, ended=call.moment == vendor.END)
    return Answer(said, here)


def _start(program: Vendor, call: Call, here: Surroundings, process: Process) -> dict[str, object] | None:
    _bind(program, here, process.environment)
    if not here.seat:
        return program.context(call.event, texts.no_seat(process.command))
    facts = start_facts(here, process)
    return None if facts.is_empty else program.context(call.event, texts.start(facts, process.command))


def start_facts(here: Surroundings, process: Process) -> texts.Start:
    """What a seat should know as its session starts; its mail counts as mentioned from now on."""
    claims = bus.live_claims(here, process.now)
    own = [claim for claim in claims if claim.agent_id == here.seat]
    held = tuple(texts.Held(claim.task_id, edits.age_of(claim.claimed_at, process.seconds)) for claim in own)
    branch = current_branch(here.workspace.root) or ""
    return texts.Start(
        here.seat,
        branch,
        held,
        bus.standing(here, own),
        tuple(bus.ready_tasks(here, process.now)),
        len(claims) - len(own),
    )


def _bind(program: Vendor, here: Surroundings, environment: Mapping[str, str]) -> None:
    """Binds the shell commands of the session, and those of its subagents, to the seat, where the program offers it."""
    place = environment.get("CLAUDE_ENV_FILE") if program.PROJECT == "CLAUDE_PROJECT_DIR" else None
    if not place or not here.manifest:
        return
    line = f"export TEOF_MANIFEST={vendor.quoted(here.manifest)}\n".encode("utf-8", "surrogateescape")
    descriptor = os.open(place, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if line not in os.read(descriptor, 1 << 20):
            os.write(descriptor, line)
    finally:
        os.close(descriptor)


def _prompt(program: Vendor, call: Call, here: Surroundings, process: Process) -> dict[str, object] | None:
    return _as_context(program, call, _mail_text(here, _own(here, process), process))


def _before(program: Vendor, call: Call, here: Surroundings, process: Process) -> dict[str, object] | None:
    if not call.paths:
        return None
    claims = bus.live_claims(here, process.now)
    reason = edits.reason_against(here, call, claims, process.level, process.command, process.seconds)
    return program.deny(call.event, reason) if reason else None


def _after(program: Vendor, call: Call, here: Surroundings, process: Process) -> dict[str, object] | None:
    if not here.seat:
        return None
    touched = edits.note_touched(here, call, process.seconds)
    if not bus.is_due(here, process.now):
        return None
    claims = bus.live_claims(here, process.now)
    own = [claim for claim in claims if claim.agent_id == here.seat]
    session = memory.session_name(here.seat, call.session)
    said = [
        _mail_text(here, own, process),
        edits.clash(here, touched, claims, session, process.command, process.seconds),
    ]
    _heartbeat(here, own, process)
    return _as_context(program, call, *said)


def _as_context(program: Vendor, call: Call, *said: str) -> dict[str, object] | None:
    parts = [part for part in said if part]
    return program.context(call.event, texts.fit(parts, texts.AFTER_LIMIT)) if parts else None


def _own(here: Surroundings, process: Process) -> list[ShortClaim]:
    if not here.seat:
        return []
    return [claim for claim in bus.live_claims(here, process.now) if claim.agent_id == here.seat]


def _mail_text(here: Surroundings, own: Sequence[ShortClaim], process: Process) -> str:
    if not here.seat:
        return ""
    letters = bus.new_mail(here, own)
    return texts.mail(letters, process.command) if letters else ""


def _subagent(program: Vendor, call: Call, here: Surroundings, process: Process) -> dict[str, object] | None:
    tasks = [claim.task_id for claim in _own(here, process)]
    return program.context(call.event, texts.subagent(here.seat, tasks)) if tasks else None


def _stop(program: Vendor, call: Call, here: Surroundings, process: Process) -> dict[str, object] | None:
    if not here.seat or call.stops_again or call.is_subagent or call.is_waiting:
        return None
    own = _own(here, process)
    session = memory.session_name(here.seat, call.session)
    asking = [letter for letter in bus.waiting(here, own) if letter.id]
    new = memory.once(here.workspace, session, "messages", [letter.id for letter in asking])
    if new:
        return program.block(
            call.event, texts.stop_with_mail([part for part in asking if part.id in new], process.command)
        )
    keys = {f"{claim.task_id}#{claim.fence}": claim.task_id for claim in own if claim.state == "active"}
    left = memory.once(here.workspace, session, "claims", list(keys))
    if left:
        return program.block(call.event, texts.stop_with_claims([keys[key] for key in left], process.command))
    return None


def _end(program: Vendor, call: Call, here: Surroundings, process: Process) -> dict[str, object] | None:
    return None


def _heartbeat(here: Surroundings, own: Sequence[ShortClaim], process: Process) -> None:
    """Lets other clones see that a seat is at work: one event, at most every half hour, if the lock is free at once."""
    active = [claim for claim in own if claim.state == "active"]
    if not active:
        return
    name = f"beat/{here.seat}.json"
    last = memory.read(here.workspace, name).get("at")
    begun = edits.age_of(active[0].claimed_at, process.seconds)
    if not isinstance(last, int) and begun is not None and begun < HEARTBEAT:
        return
    if isinstance(last, int) and 0 <= process.seconds - last < HEARTBEAT:
        return
    if memory.write(here.workspace, name, {"at": int(process.seconds)}):
        from tools.core.integrations.hooks import heartbeat  # the store is for this alone

        heartbeat.log(here, active[0].task_id)


_MOMENTS = {
    vendor.START: _start,
    vendor.PROMPT: _prompt,
    vendor.BEFORE: _before,
    vendor.AFTER: _after,
    vendor.SUBAGENT: _subagent,
    vendor.STOP: _stop,
    vendor.END: _end,
}
