"""setup: merged, idempotent, taken out byte for byte, whatever happened in between."""

import json
import os
import stat
import sys

import pytest

from tests import fleet as fleets
from tests.conftest import git
from tools.core.integrations.vendors import registry

NAMES = registry.NAMES


@pytest.fixture
def setup(run):
    return lambda *arguments, code=0: run("agent.setup", *arguments, code=code)


def photograph(*roots):
    """Every file below some folders with its bytes, mode and time; the bus and git's own moving parts left out."""
    found = {}
    for root in roots:
        for folder, names, files in os.walk(root):
            names[:] = [
                name for name in names if name not in ("_bus", "objects", "logs", "refs", "worktrees", "session")
            ]
            for name in files:
                path = os.path.join(folder, name)
                facts = os.lstat(path)
                if name not in ("index", "COMMIT_EDITMSG"):
                    content = os.readlink(path) if os.path.islink(path) else open(path, "rb").read()  # noqa: SIM115
                    found[path] = (content, stat.S_IMODE(facts.st_mode), facts.st_mtime_ns)
    return found


def contents(photo):
    return {path: (data, mode) for path, (data, mode, _) in photo.items()}


def test_setting_up_and_removing_all_leaves_every_file_as_it_was(fleet, setup, tmp_path):
    roots = (fleet.main, fleet.tree, tmp_path / "home")
    before = contents(photograph(*roots))
    setup(*NAMES, "git")
    assert contents(photograph(*roots)) != before
    assert git(fleet.tree, "status", "--porcelain").split() == ["??", ".agents/", "??", ".claude/", "??", "AGENTS.md"]
    setup(*NAMES, "git", "--remove")
    assert contents(photograph(*roots)) == before


CONFIGS = {
    ".claude/settings.local.json": b'{\r\n\t"permissions": {"allow": ["Bash(ls:*)"]},\r\n\t"x": "\xc3\xa4"\r\n}\r\n',
    ".codex/config.toml": b'# mine\nmodel = "o"   # fast\n\n[sandbox_workspace_write]\nwritable_roots = ["/a"]\n',
    ".codex/hooks.json": b'{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}}',
    ".gemini/settings.json": b'\xef\xbb\xbf{\n    "context": {"fileName": "MINE.md"}\n}',
    ".qwen/settings.json": b'{"mcpServers": {"other": {"command": "x"}}}\n',
    "opencode.json": b'{"mcp": {}}\n',
    "AGENTS.md": b"# Ours\r\n\r\nText\r\n",
    "CLAUDE.md": b"# Claude\n",
}


@pytest.fixture
def configured(fleet):
    """The main checkout with configs of its owner's, one of them private to him."""
    for name, data in CONFIGS.items():
        path = fleet.main / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    (fleet.main / ".gemini/settings.json").chmod(0o600)
    os.chdir(fleet.main)
    return fleet


def test_real_configs_come_back_byte_for_byte_with_their_modes(configured, setup):
    before = contents(photograph(configured.main))
    setup(*NAMES, "git")
    assert b"@AGENTS.md" in (configured.main / "CLAUDE.md").read_bytes()
    assert stat.S_IMODE((configured.main / ".gemini/settings.json").stat().st_mode) == 0o600
    setup("all", "--remove")
    assert contents(photograph(configured.main)) == before


def test_a_second_run_changes_no_byte_and_no_time(configured, setup):
    setup(*NAMES)
    before = photograph(configured.main, configured.tree)
    assert setup(*NAMES).out.startswith("nothing to do")
    assert photograph(configured.main, configured.tree) == before


def test_of_a_file_changed_since_only_our_entries_go(configured, setup):
    setup("claude")
    place = configured.main / ".claude/settings.local.json"
    place.write_bytes(place.read_bytes().replace(b'"Bash(ls:*)"', b'"Bash(cat:*)"'))
    setup("claude", "--remove")
    assert place.read_bytes() == CONFIGS[".claude/settings.local.json"].replace(b"ls", b"cat")


def test_an_entry_of_ours_that_was_edited_stays_and_is_named(configured, setup):
    setup("claude")
    place = configured.main / ".claude/settings.local.json"
    place.write_bytes(place.read_bytes().replace(b'"timeout": 3', b'"timeout": 4'))
    done = setup("claude", "--remove")
    assert "left as it is" in done.out and "hooks/SessionEnd" in done.out and b'"timeout": 4' in place.read_bytes()


def test_another_level_changes_the_launcher_only(fleet, setup):
    setup("claude", "codex")
    assert setup("claude", "--guard", "strict", "--json").json["changes"] == [f"change {fleet.main}/.git/teof/hook"]


def test_a_dry_run_prints_a_diff_and_writes_nothing(fleet, setup):
    before = photograph(fleet.main, fleet.tree)
    done = setup("gemini", "--dry-run")
    assert "+++ " in done.out and '"mcpServers"' in done.out
    assert photograph(fleet.main, fleet.tree) == before


def test_a_refusal_of_one_file_stops_all(configured, setup):
    (configured.main / ".qwen/settings.json").write_bytes(b'{"a": 1} // comment\n')
    before = photograph(configured.main, configured.tree)
    assert ".qwen/settings.json:1: not JSON" in setup(*NAMES, code=6).err
    assert photograph(configured.main, configured.tree) == before


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path.mkdir(), 6),
        (lambda path: os.mkfifo(path), 6),
        (lambda path: path.symlink_to("/etc/hostname"), 2),
        (lambda path: path.write_text('{"mcpServers": {"teof": {"command": "other"}}}'), 4),
    ],
)
def test_what_is_no_file_of_the_repository_is_refused(fleet, setup, make, code):
    (fleet.tree / ".gemini").mkdir()
    make(fleet.tree / ".gemini/settings.json")
    setup("gemini", code=code)
    assert not (fleet.main / ".git/teof").exists()


def test_a_folder_that_cannot_be_written_is_7(fleet, setup, ordinary_user):
    (fleet.tree / ".gemini").mkdir(mode=0o555)
    setup("gemini", code=7)
    assert not (fleet.main / ".git/teof").exists()


def test_a_private_file_that_git_tracks_is_refused_but_the_hooks_of_copilot_are_not(fleet, setup):
    for name in (".github/hooks/teof.json", ".gemini/settings.json"):
        place = fleet.main / name
        place.parent.mkdir(parents=True)
        place.write_text("{}\n")
    git(fleet.main, "add", "-A")
    setup("copilot", "--no-mcp")
    refused = setup("gemini", code=3)
    assert "tracked by git" in refused.err and "--scope user" in refused.err
    assert str(fleet.main) not in (fleet.main / ".github/hooks/teof.json").read_text()


def test_a_link_to_claude_md_gets_one_block(fleet, setup):
    (fleet.tree / "CLAUDE.md").write_text("# Both\n")
    (fleet.tree / "AGENTS.md").symlink_to("CLAUDE.md")
    setup("claude")
    text = (fleet.tree / "CLAUDE.md").read_text()
    assert text.count("teof:begin") == 1 and "teof prime" in text and (fleet.tree / "AGENTS.md").is_symlink()


def test_scope_user_writes_the_home_and_nothing_in_the_clone(fleet, setup, tmp_path):
    setup(*NAMES, "--scope", "user", "--no-instructions")
    assert not git(fleet.tree, "status", "--porcelain", "--ignored").count(".gemini")
    assert (tmp_path / "home/.codex/hooks.json").exists() and (tmp_path / "home/.copilot/hooks/teof.json").exists()
    setup("all", "--remove")
    assert not (tmp_path / "home/.codex").exists()


def test_a_sandbox_is_given_the_bus_and_with_commits_four_more_folders(fleet, setup):
    setup("codex", "--allow-commits")
    text = (fleet.tree / ".codex/config.toml").read_text()
    assert all(
        f'"{fleet.main}/{name}"' in text
        for name in ("_bus", "_report/session", ".git/objects", ".git/refs", ".git/logs")
    )
    assert f'"{fleet.main}/.git/worktrees/tree"' in text and (fleet.main / "_report/session").is_dir()


def test_no_rule_allows_what_runs_commands_of_others(fleet, setup):
    setup("claude")
    allowed = json.loads((fleet.main / ".claude/settings.local.json").read_text())["permissions"]["allow"]
    assert "mcp__teof" in allowed and "Bash(teof bus_claim:*)" in allowed
    assert not [
        rule for rule in allowed if any(word in rule for word in ("receipt_run", "done", "worktree", "setup", "teof:*"))
    ]


def test_a_run_that_was_killed_between_any_two_writes_is_finished_by_the_next(fleet, setup, monkeypatch):
    from tools.core.setup.config import targets

    setup("claude", "gemini", "codex")
    whole = contents(photograph(fleet.main, fleet.tree))
    setup("all", "--remove")
    before = contents(photograph(fleet.main, fleet.tree))
    written = targets.write
    for count in range(9):
        calls = iter(range(100))

        def dies(target, data, calls=calls, count=count):
            if next(calls) == count:
                raise KeyboardInterrupt
            written(target, data)

        monkeypatch.setattr(targets, "write", dies)
        setup("claude", "gemini", "codex", code=None)
        monkeypatch.setattr(targets, "write", written)
        setup("claude", "gemini", "codex")
        assert contents(photograph(fleet.main, fleet.tree)) == whole
        setup("all", "--remove")
        assert contents(photograph(fleet.main, fleet.tree)) == before


def test_two_setups_at_once_are_both_kept(fleet, spawn):
    import subprocess
    import sys

    start = [sys.executable, "-m", "tools.agent.setup"]
    runs = [subprocess.Popen([*start, name], cwd=fleet.tree, stdout=subprocess.DEVNULL) for name in ("gemini", "qwen")]
    assert [process.wait(60) for process in runs] == [0, 0]
    assert json.loads((fleet.main / ".git/teof/setup.json").read_text())["clis"] == ["gemini", "qwen"]
    assert spawn("-m", "tools.agent.setup", "gemini", "qwen", cwd=fleet.tree).stdout.startswith("nothing to do")


def test_a_new_worktree_gets_its_share(fleet, setup, run, tmp_path):
    setup("codex", "gemini", "--no-mcp")
    run("agent.worktree", "add", "claude-1")
    tree = tmp_path / "repo-claude-1"
    assert (tree / ".codex/config.toml").exists() and "mcpServers" not in (tree / ".gemini/settings.json").read_text()
    assert not (tree / "AGENTS.md").exists()


def test_without_programs_it_lists_them_and_an_unknown_one_is_named(fleet, setup):
    assert "codex     not on PATH" in setup().out
    assert "did you mean gemini" in setup("gemni", code=2).err
    setup("--remove", code=2)


def test_without_a_bus_it_says_how_to_begin(git_repo, setup):
    assert "init --agent" in setup("codex", code=7).err


def test_what_only_a_person_can_do_is_said(fleet, setup):
    manual = setup("codex", "claude", "gemini", "--json").json["manual"]
    steps = [(row["cli"], row["step"]) for row in manual]
    assert ("gemini", f"trust the folder {fleet.tree}") in steps
    assert any("/hooks and approve the teof ones" in step for _, step in steps)
    assert any("claude mcp add-json --scope local teof" in step for _, step in steps)


def test_the_launcher_ends_with_0_whatever_is_missing(fleet, setup):
    setup("claude")
    line = json.loads((fleet.main / ".claude/settings.local.json").read_text())["hooks"]["Stop"][0]["hooks"][0][
        "command"
    ]
    assert line == f"sh '{fleet.main}/.git/teof/hook' claude Stop || exit 0"
    launcher = fleet.main / ".git/teof/hook"
    text = launcher.read_text()
    assert len(text.splitlines()) <= 10
    broken = [
        text.replace("hook.py", "gone.py"),
        text.replace("python=", "python=/gone"),
        text.replace("exec", "exec /gone"),
        "#!/bin/sh\nexit 2\n",
        "",
    ]
    for content in broken:
        launcher.write_text(content)
        assert (fleets.sh(line, fleet.tree, b"{}").returncode, fleets.sh(line, fleet.tree, b"{}").stdout) == (0, b"")
    launcher.unlink()
    assert fleets.sh(line, fleet.tree, b"{}").returncode == 0


def test_a_server_whose_package_is_missing_is_a_step_for_a_person(fleet, run, monkeypatch):
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "mcp", None)
        steps = run("agent.setup", "codex", "--json").json["manual"]
        more = run("agent.setup", "codex", "--no-mcp", "--json").json["manual"]
    assert steps[0]["step"] == "pip install 'teof-parallel-agents[mcp]'"
    more += run("agent.setup", "codex", "--json").json["manual"]
    assert not any("pip" in step["step"] for step in more)
