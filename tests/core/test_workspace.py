"""Which checkout a command acts on, and where its live bus is."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tools.core import workspace
from tools.core.context import as_module
from tools.core.errors import SetupError, UsageError
from tools.core.workspace import Workspace


def run_git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def found(start, **environment):
    return workspace.find(str(start), environment)


def test_the_checkout_around_the_current_folder_is_the_root(git_repo):
    deep = git_repo / "a" / "b"
    deep.mkdir(parents=True)
    assert found(deep) == Workspace(str(git_repo), str(git_repo))


def test_all_worktrees_share_the_bus_of_the_main_checkout(git_repo, tmp_path):
    run_git(git_repo, "worktree", "add", "-q", str(tmp_path / "two"))
    assert found(tmp_path / "two") == Workspace(str(tmp_path / "two"), str(git_repo))


def bare_with_worktree(source, bare, worktree):
    run_git(source, "clone", "-q", "--bare", str(source), str(bare))
    run_git(bare, "worktree", "add", "-q", str(worktree), "main")
    return worktree


def test_worktrees_of_a_bare_repository_share_a_bus_inside_it(git_repo, tmp_path):
    for name in ("alpha", "beta"):
        one = bare_with_worktree(git_repo, tmp_path / f"hub/{name}.git", tmp_path / f"hub/{name}-one")
        assert found(one).bus_root == str(tmp_path / f"hub/{name}.git")
    assert found(tmp_path / "hub/alpha-one") != found(tmp_path / "hub/beta-one")


def test_a_bus_beside_the_bare_repository_it_belongs_to_stays_in_use_also_after_a_move(git_repo, tmp_path):
    one = bare_with_worktree(git_repo, tmp_path / "hub/alpha.git", tmp_path / "hub/one")
    two = bare_with_worktree(git_repo, tmp_path / "hub/beta.git", tmp_path / "hub/two")
    run_git(one, "worktree", "add", "-q", "--detach", str(tmp_path / "hub/_bus"))
    assert found(one).bus_root == str(tmp_path / "hub")
    assert found(two).bus_root == str(tmp_path / "hub/beta.git")
    (tmp_path / "hub").rename(tmp_path / "moved")
    run_git(tmp_path / "moved/alpha.git", "worktree", "repair", str(tmp_path / "moved/one"))
    assert found(tmp_path / "moved/one").bus_root == str(tmp_path / "moved")


def test_a_bus_beside_a_bare_repository_that_names_no_owner_is_nobodys_to_take(git_repo, tmp_path):
    one = bare_with_worktree(git_repo, tmp_path / "hub/alpha.git", tmp_path / "hub/one")
    (tmp_path / "hub/_bus/claims").mkdir(parents=True)
    with pytest.raises(SetupError) as refusal:
        found(one)
    subprocess.run(shlex.split(as_module(refusal.value.hint)), check=True)
    assert (Path(found(one).bus.path) / "claims").is_dir()


def test_a_main_checkout_that_cannot_be_seen_is_named_and_no_bus_is_taken_in_its_place(git_repo, tmp_path):
    run_git(git_repo, "worktree", "add", "-q", str(tmp_path / "two"))
    git_repo.rename(tmp_path / "elsewhere")
    with pytest.raises(SetupError) as refusal:
        found(tmp_path / "two")
    assert str(git_repo) in refusal.value.message and "git worktree repair" in refusal.value.message
    run_git(tmp_path / "elsewhere", "worktree", "repair", str(tmp_path / "two"))
    assert found(tmp_path / "two").bus_root == str(tmp_path / "elsewhere")


@pytest.mark.parametrize("text", ["", "gitdir:", "something else\n", "gitdir: /nowhere/.git/modules/part\n"])
def test_a_pointer_that_leads_nowhere_is_no_reason_to_begin_a_bus(tmp_path, text):
    (tmp_path / ".git").write_text(text)
    with pytest.raises(SetupError):
        found(tmp_path)


def test_a_root_that_is_not_the_top_of_a_checkout_is_refused_with_the_top(git_repo, tmp_path):
    deep = git_repo / "packages/api"
    (deep / "_bus").mkdir(parents=True)
    for start, environment, root in ((deep, {}, "."), (tmp_path, {"TEOF_ROOT": str(deep)}, None)):
        with pytest.raises(SetupError) as refusal:
            workspace.find(str(start), environment, root=root)
        assert str(git_repo) in as_module(refusal.value.hint)


def test_the_buss_own_worktree_is_no_root(git_repo):
    run_git(git_repo, "worktree", "add", "-q", "--detach", str(git_repo / "_bus"))
    with pytest.raises(SetupError):
        workspace.find(str(git_repo), {}, root="_bus")


def test_a_submodule_has_a_bus_of_its_own(git_repo, tmp_path):
    outer = tmp_path / "outer"
    run_git(tmp_path, "init", "-q", str(outer))
    run_git(outer, "submodule", "--quiet", "add", str(git_repo), "part")
    assert found(outer / "part") == Workspace(str(outer / "part"), str(outer / "part"))


def test_a_git_folder_kept_elsewhere_leaves_the_bus_in_the_checkout(tmp_path):
    run_git(tmp_path, "init", "-q", "--separate-git-dir", str(tmp_path / "kept.git"), str(tmp_path / "work"))
    assert found(tmp_path / "work").bus_root == str(tmp_path / "work")


def test_worktrees_of_a_checkout_whose_git_folder_is_elsewhere_find_it_or_say_so(git_repo, tmp_path):
    run_git(
        tmp_path, "clone", "-q", "--separate-git-dir", str(tmp_path / "kept"), str(git_repo), str(tmp_path / "work")
    )
    run_git(tmp_path / "work", "worktree", "add", "-q", str(tmp_path / "two"))
    with pytest.raises(SetupError) as refusal:
        found(tmp_path / "two")
    assert "TEOF_BUS" in as_module(refusal.value.hint)
    run_git(tmp_path / "work", "config", "core.worktree", str(tmp_path / "work"))
    assert found(tmp_path / "two").bus_root == str(tmp_path / "work")


def test_the_buss_own_worktree_is_stepped_over(git_repo):
    run_git(git_repo, "worktree", "add", "-q", "--detach", str(git_repo / "_bus"))
    (git_repo / "_bus" / "events").mkdir()
    assert found(git_repo / "_bus" / "events") == Workspace(str(git_repo), str(git_repo))


def test_outside_git_a_folder_with_a_bus_is_the_root(tmp_path):
    (tmp_path / "top" / "_bus").mkdir(parents=True)
    (tmp_path / "top" / "deep").mkdir()
    assert found(tmp_path / "top" / "deep").root == str(tmp_path / "top")


def test_with_neither_the_error_says_how_to_begin(tmp_path):
    with pytest.raises(SetupError) as refusal:
        found(tmp_path)
    assert "init" in as_module(refusal.value.hint)


def test_root_and_teof_root_beat_the_current_folder(git_repo, tmp_path):
    assert found(tmp_path, TEOF_ROOT=str(git_repo)).root == str(git_repo)
    assert workspace.find(str(tmp_path), {"TEOF_ROOT": "/nowhere"}, root=str(git_repo)).root == str(git_repo)
    with pytest.raises(SetupError):
        found(tmp_path, TEOF_ROOT="/nowhere")


def test_teof_bus_names_the_bus_root_relative_to_the_root(git_repo, tmp_path):
    (tmp_path / "live").mkdir()
    assert found(git_repo, TEOF_BUS="../live") == Workspace(str(git_repo), str(tmp_path / "live"))
    with pytest.raises(SetupError):
        found(git_repo, TEOF_BUS="../absent")


def test_a_start_through_a_link_is_the_real_checkout(git_repo, tmp_path):
    (tmp_path / "link").symlink_to(git_repo)
    assert found(tmp_path / "link").root == str(git_repo)


def test_a_path_is_cited_relative_to_the_root_and_never_from_outside(git_repo, tmp_path):
    here = Workspace(str(git_repo), str(git_repo))
    assert here.relative("_report/a.json") == "_report/a.json"
    assert here.relative(str(git_repo / "_report/../x")) == "x"
    for outside in ("../x", "/etc/passwd", "", "a\0b", "\ud800", str(git_repo), str(tmp_path / "repository/x")):
        with pytest.raises(UsageError):
            here.relative(outside)


def test_live_state_lies_at_the_bus_root_and_evidence_at_the_root():
    here = Workspace("/root", "/bus")
    live = [
        here.bus,
        here.events,
        here.claim("T"),
        here.thread("T"),
        here.assignment("T"),
        here.session("a"),
        here.journal,
    ]
    kept = [here.report, here.plans, here.queue, here.plan("p"), here.agent_report("a")]
    assert {place.base for place in live} == {"/bus"}
    assert {place.base for place in kept} == {"/root"}
    assert Path(here.claim("T").path) == Path("/bus") / "_bus" / "claims" / "T.json"
    assert os.path.isabs(here.events.path)
