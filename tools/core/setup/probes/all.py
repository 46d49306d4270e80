"""Every probe in the order of its questions; what one cannot answer is a failure of that one alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from tools.core import which_bus
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.integrations.vendors import registry
from tools.core.setup import clone as clones
from tools.core.setup import plan
from tools.core.setup.clone import Clone
from tools.core.setup.probes import bus, files, machine, running, seats, server
from tools.core.setup.probes.probe import FAIL, Probe, skipped

LONGEST = 20.0
"""Seconds for all probes together; what does not fit is skipped and says so."""

Answer = Probe | Iterable[Probe]


def run(
    context: Context, here: Clone | None, *, bound: str | None, offline: bool, only: Sequence[str] = ()
) -> list[Probe]:
    """The answers; `here` is None where there is no clone with a bus, `only` names the programs that are asked about."""
    deadline = time.monotonic() + LONGEST
    results: list[Probe] = []
    for name, question in _questions(context, here, bound, offline=offline, only=only):
        if time.monotonic() > deadline:
            results.append(skipped(name, f"not asked: {LONGEST:.0f} s are over"))
            continue
        try:
            answer = question()
            results += [answer] if isinstance(answer, Probe) else list(answer)
        except (ToolkitError, OSError, LookupError) as problem:
            results.append(Probe(name, FAIL, str(problem), getattr(problem, "hint", None)))
    return results


def _questions(
    context: Context, here: Clone | None, bound: str | None, *, offline: bool, only: Sequence[str]
) -> list[tuple[str, Callable[[], Answer]]]:
    asked: list[tuple[str, Callable[[], Answer]]] = [
        ("python", lambda: machine.python(context)),
        ("git", lambda: machine.git_version(context)),
        ("checkout", lambda: bus.checkout(context.workspace)),
        ("bus", lambda: bus.bus(context)),
    ]
    if here is None:
        return asked
    asked += [
        ("bus.writable", lambda: bus.writable(context)),
        ("lock", lambda: bus.lock(context)),
        ("journal", lambda: bus.journal(context)),
        ("log", lambda: bus.log(context)),
        ("bus.load", lambda: bus.load(context)),
        *_of_server(context, here, bound),
        ("seat", lambda: seats.seat(context, bound)),
        ("command", lambda: machine.command(context)),
        ("shadow", lambda: machine.shadow(context)),
        ("clock", lambda: machine.the_clock(context)),
        ("remote", lambda: bus.remote(context, offline=offline)),
        ("version", lambda: machine.versions(here)),
    ]
    for name in (*registry.NAMES, plan.GIT):
        if not only or name in only:
            asked += _of_program(context, here, name)
    return [
        *asked,
        ("instructions", lambda: files.files_that_instruct(here)),
        ("hook.log", lambda: bus.hook_log(context)),
    ]


def _of_server(context: Context, here: Clone, bound: str | None) -> list[tuple[str, Callable[[], Answer]]]:
    if not which_bus.may_be_on_server(context.workspace):
        return []
    return [("server", lambda: server.probes(context, here.home, bound))]


def _of_program(context: Context, here: Clone, name: str) -> list[tuple[str, Callable[[], Answer]]]:
    if name not in here.ledger.clis:
        return [("setup", lambda: skipped("setup", "not set up", name))]
    where = clones.place(here, clones.options_of(here))
    asked: list[tuple[str, Callable[[], Answer]]] = [("setup", lambda: files.configs(here, name))]
    if name == plan.GIT:
        return [*asked, ("git hooks", lambda: files.hooks_of_git(here, where))]
    vendor = registry.vendor_of(name)
    assert vendor is not None
    if name == "codex":
        asked += [("layer", lambda: files.layer(here, where)), ("trust", lambda: running.codex_trust(here, where))]
    if name in ("codex", "claude"):
        asked.append(("roots", lambda: files.roots(where, name)))
    if name in ("gemini", "copilot", "qwen"):
        asked.append(("trust", lambda: files.trust(here, where, name)))
    asked.append(("hook", lambda: running.hook(context, where, vendor)))
    if where.mcp:
        asked.append(("mcp", lambda: _server(context, here, name)))
    return asked


_servers: dict[tuple[str, ...], Probe] = {}


def _server(context: Context, here: Clone, name: str) -> Probe:
    """All programs start the same server, which is asked once."""
    if here.server not in _servers:
        _servers[here.server] = running.server(context, here.server, name)
    return _servers[here.server]._replace(cli=name)
