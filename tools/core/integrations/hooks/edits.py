"""Whether an edit may go on, and who else touched the same file lately."""

from __future__ import annotations

from tools.core import plain_json
from tools.core.bus.rules import path_rule
from tools.core.integrations.hooks import memory, surroundings, texts
from tools.core.plain import TYPE_CHECKING
from tools.core.store.files import seen, small

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.core.integrations.hooks.call import Call
    from tools.core.integrations.hooks.surroundings import Surroundings
    from tools.core.store.files.documents.catalogue import ShortClaim

RECENT = 30 * 60
"""Seconds after which a touched file is no clash any more."""

MAX_TOUCHED = 50
_TAIL = 64 * 1024


def reason_against(
    here: Surroundings, call: Call, claims: Sequence[ShortClaim], level: str, command: str, now: float
) -> str:
    """Why the call must not go on; "" when it may."""
    if level == path_rule.OFF:
        return ""
    for path in call.paths:
        target = surroundings.target_of(here, path)
        if target is None:
            continue
        if target.is_bus:
            return texts.in_bus(target.name, command)
        refusal = path_rule.refusal(target.name, claims, here.seat, level)
        if refusal is None:
            continue
        if refusal.reason != path_rule.HELD or refusal.claim is None:
            return texts.needs_claim(refusal, command)
        claim = next(claim for claim in claims if claim is refusal.claim)
        held = age_of(claim.claimed_at, now)
        return texts.held_by_other(refusal, claim, held, _silence(here, claim, now), command)
    return ""


def age_of(stamp: str, now: float) -> float | None:
    """The seconds since a stamp as records carry it; None for one that is no stamp."""
    from datetime import UTC, datetime  # only where an age is said

    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return now - moment.timestamp()


def _silence(here: Surroundings, claim: ShortClaim, now: float) -> float | None:
    """The seconds since the holder's last sign of life: on this machine, in the claim, or in the end of the log."""
    at = seen.seen_at(here.workspace, claim.agent_id)
    ages = [now - at] if at is not None else []
    stamps = [claim.claimed_at, claim.updated_at, _last_sign(here, claim.agent_id)]
    ages += [age for stamp in stamps if (age := age_of(stamp, now)) is not None]
    credible = [age for age in ages if age >= -300]
    return max(0.0, min(credible)) if credible else None


def _last_sign(here: Surroundings, agent: str) -> str:
    if here.server is not None:
        from tools.core.integrations.hooks import server  # most buses are in files

        return server.last_seen(here.server, agent)
    return _last_event(here, agent)


def _last_event(here: Surroundings, agent: str) -> str:
    data, _, _ = small.tail(here.workspace.events.path, 0, _TAIL)
    for line in reversed(data.split(b"\n")):
        if agent.encode() not in line:
            continue
        try:
            raw = plain_json.load_object(line)
        except ValueError:
            continue
        if raw.get("agent_id") == agent and isinstance(stamp := raw.get("ts"), str):
            return stamp
    return ""


# -- who touched what -------------------------------------------------------------------------------


def note_touched(here: Surroundings, call: Call, now: float) -> list[str]:
    """Remembers the files a call changed; their names relative to their worktree."""
    names = [target.name for path in call.paths if (target := surroundings.target_of(here, path)) and not target.is_bus]
    if names and here.seat:
        name = memory.touched_name(here.seat)
        touched = {**_touched(here, here.seat), **{path: int(now) for path in names}}
        newest = sorted(touched.items(), key=lambda row: row[1])[-MAX_TOUCHED:]
        memory.write(here.workspace, name, {**dict(newest)})
    return names


def _touched(here: Surroundings, agent: str) -> dict[str, int]:
    rows = memory.read(here.workspace, memory.touched_name(agent))
    return {path: at for path, at in rows.items() if isinstance(at, int)}


def clash(
    here: Surroundings, names: Sequence[str], claims: Sequence[ShortClaim], session: str, command: str, now: float
) -> str:
    """A sentence about one of these files that a seat with a live claim changed lately too, once in a session."""
    if not here.seat or not names:
        return ""
    for claim in claims:
        if claim.agent_id == here.seat:
            continue
        touched = _touched(here, claim.agent_id)
        for path in names:
            at = touched.get(path)
            is_recent = isinstance(at, int) and 0 <= now - at <= RECENT
            if is_recent and memory.once(here.workspace, session, "clashes", [f"{claim.agent_id}:{path}"]):
                return texts.clash(path, claim.agent_id, claim.task_id, now - touched[path], command)
    return ""
