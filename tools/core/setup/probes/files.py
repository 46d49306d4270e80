"""What setup wrote: configs, launchers, sandbox roots, trust, instructions, git's hooks."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from typing import Any

from tools.core import hint
from tools.core.errors import ToolkitError
from tools.core.integrations.vendors import registry
from tools.core.integrations.vendors.vendor import Where
from tools.core.setup import clone as clones
from tools.core.setup import git_hooks, instructions, plan
from tools.core.setup.clone import Clone
from tools.core.setup.config import merge
from tools.core.setup.probes.probe import FAIL, WARN, Probe, passed, skipped
from tools.core.store.files import small
from tools.core.text import terminal

_TRUST_FILES = {
    "gemini": ".gemini/trustedFolders.json",
    "qwen": ".qwen/trustedFolders.json",
    "copilot": ".copilot/config.json",
}


def configs(here: Clone, cli: str) -> Iterator[Probe]:
    """Every file is as setup would write it now, and the launcher starts something."""
    again = hint.tool("agent.setup", cli)
    try:
        drifted = clones.drift(here, clones.options_of(here), cli)
    except ToolkitError as problem:
        yield Probe("setup", FAIL, problem.message, problem.hint, cli)
        return
    launcher = f"{here.common}/teof/{'guard' if cli == plan.GIT else 'hook'}"
    gone = _gone(launcher)
    if gone:
        yield Probe("setup", FAIL, f"{launcher}: {gone}", again, cli)
    elif drifted:
        yield Probe(
            "setup",
            FAIL,
            f"{terminal.number(len(drifted), 'file differs', 'files differ')} from what setup would write: {drifted[0]}",
            again,
            cli,
        )
    else:
        yield passed("setup", "every file is as setup wrote it", cli)


def _gone(launcher: str) -> str:
    """What a launcher misses; "" for nothing."""
    text = (small.read(launcher) or b"").decode("utf-8", "replace")
    if not text:
        return "it is not there"
    places = [
        line.partition("=")[2].strip("'\"") for line in text.splitlines() if line.startswith(("python=", "program="))
    ]
    missing = [place for place in places if not os.path.exists(place)]
    return f"{missing[0]} is not there" if missing else ""


def layer(here: Clone, where: Where) -> Iterator[Probe]:
    """Codex loads project hooks only in a worktree that has a `.codex/` of its own."""
    if where.is_user_scope:
        yield skipped("layer", "the user's own hooks work everywhere", "codex")
        return
    bare = [root for root in where.worktrees if not os.path.isdir(f"{root}/.codex")]
    if bare:
        yield Probe(
            "layer",
            FAIL,
            f"{bare[0]} has no .codex/, so Codex loads no hooks there",
            hint.tool("agent.doctor", "--fix"),
            "codex",
        )
    else:
        yield passed(
            "layer", f"{terminal.number(len(where.worktrees), 'worktree has', 'worktrees have')} a .codex/", "codex"
        )


def roots(where: Where, cli: str) -> Probe:
    """What the sandbox is given exists, and is given."""
    missing = [folder for folder in where.bus_folders if not os.path.isdir(folder)]
    if missing:
        return Probe(
            "roots",
            FAIL,
            f"{missing[0]} does not exist, so the sandbox does not give it",
            hint.tool("agent.doctor", "--fix"),
            cli,
        )
    vendor = registry.vendor_of(cli)
    wishes = vendor.files(where) if vendor is not None else []
    for wish in wishes:
        names = [entry for entry in wish.entries if entry.path[-1] in ("writable_roots", "allowWrite")]
        data = small.read(os.path.realpath(wish.path))
        if names and (data is None or merge.missing(data, wish._replace(entries=tuple(names)))):
            return Probe(
                "roots", FAIL, f"{wish.path} does not give the bus folders", hint.tool("agent.setup", cli), cli
            )
    return passed("roots", " ".join(where.bus_folders), cli)


def trust(here: Clone, where: Where, cli: str) -> Probe:
    """The folder is in the program's own list of trusted folders."""
    root = os.path.realpath(here.workspace.root)
    if where.is_user_scope:
        return skipped("trust", "the user's own hooks need none", cli)
    listed = _trusted(f"{here.home}/{_TRUST_FILES[cli]}")
    if any(root == folder or root.startswith(folder.rstrip("/") + "/") for folder in listed):
        return passed("trust", root, cli)
    return Probe("trust", WARN, f"{root} is in no list of trusted folders", f"cd {root} && {cli}", cli)


def _trusted(path: str) -> list[str]:
    try:
        document: Any = json.loads(small.read(path) or b"{}")
    except ValueError:
        return []
    if not isinstance(document, dict):
        return []
    folders = document.get("trustedFolders", document.get("trusted_folders"))
    if isinstance(folders, list):
        return [folder for folder in folders if isinstance(folder, str)]
    return [folder for folder, level in document.items() if isinstance(level, str) and "DO_NOT" not in level]


def codex_trust_in_settings(here: Clone) -> Probe:
    """What Codex's own settings say of the folder, where the program cannot be asked."""
    path = f"{here.home}/.codex/config.toml"
    try:
        document = tomllib.loads((small.read(path) or b"").decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return skipped("trust", f"{path} cannot be read", "codex")
    project = document.get("projects", {}).get(os.path.realpath(here.workspace.bus_root), {})
    if isinstance(project, dict) and project.get("trust_level") == "trusted":
        return passed("trust", "the folder is trusted; whether the hooks are approved only codex can say", "codex")
    return Probe("trust", WARN, "the folder is not trusted", f"cd {here.workspace.bus_root} && codex", "codex")


def files_that_instruct(here: Clone) -> Iterator[Probe]:
    """The block, the import and the skills are there, whole and current."""
    root = here.ledger.options.get("instructions") or ""
    if not root:
        yield skipped("instructions", "not set up")
        return
    clis = [cli for cli in here.ledger.clis if cli != plan.GIT]
    again = hint.tool("agent.setup", " ".join(clis))
    for wish in instructions.wishes(root, clis, instructions.claude_text(root)):
        name = os.path.relpath(wish.path, root)
        try:
            gone = merge.missing(small.read(os.path.realpath(wish.path)), wish)
        except ToolkitError as problem:
            yield Probe("instructions", FAIL, problem.message, problem.hint)
            continue
        status = WARN if name.endswith((instructions.CLAUDE_FILE, "SKILL.md")) else FAIL
        if gone:
            yield Probe("instructions", status, f"{name}: {gone[0]} is missing or old", again)
        else:
            yield passed("instructions", name)


def hooks_of_git(here: Clone, where: Where) -> Iterator[Probe]:
    """The guard is called where git looks for hooks now."""
    if plan.GIT not in here.ledger.clis:
        yield skipped("git hooks", "not set up")
        return
    wishes, manual = git_hooks.wishes(where)
    for wish in wishes:
        if merge.missing(small.read(wish.path), wish):
            yield Probe("git hooks", WARN, f"{wish.path} does not call the guard", hint.tool("agent.setup", "git"))
        else:
            yield passed("git hooks", wish.path)
    for step in manual:
        yield Probe("git hooks", WARN, step.why, step.step)
