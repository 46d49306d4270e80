"""What the project says of itself in several places, which must agree."""

from __future__ import annotations

import re
import tomllib

from tests.conftest import CHECKOUT

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
HOOKS = (CHECKOUT / ".pre-commit-config.yaml").read_text()
WORKFLOWS = sorted((CHECKOUT / ".github" / "workflows").glob("*.yml"))


def test_hooks_at_commit_time_run_the_versions_that_lint_runs() -> None:
    pinned = {line for line in PROJECT["dependency-groups"]["dev"] if "==" in line}
    assert set(re.findall(r"[\w-]+==[\w.]+", HOOKS)) == pinned


def test_hooks_at_commit_time_know_the_dependencies() -> None:
    used = {
        line
        for line in PROJECT["project"]["dependencies"]
        if line.startswith(("click", "filelock", "pydantic", "rich"))
    }
    assert used <= set(re.findall(r"[\w-]+>=[\w.]+", HOOKS))


def test_every_python_that_the_package_names_is_tested() -> None:
    named = [line.rpartition(" ")[2] for line in PROJECT["project"]["classifiers"] if re.search(r":: 3\.\d+$", line)]
    tested = re.search(r"python: \[(.*)\]", (CHECKOUT / ".github" / "workflows" / "ci.yml").read_text())
    assert tested is not None
    assert [word.strip(' "') for word in tested[1].split(",")] == named


def test_every_action_is_pinned_by_a_commit_and_one_version_of_it_is_used() -> None:
    used = {line for path in WORKFLOWS for line in re.findall(r"uses: (.+)", path.read_text())}
    assert [line for line in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", line)] == []
    assert len({line.partition("@")[0] for line in used}) == len(used)


def test_every_package_says_that_it_is_typed() -> None:
    for package in (CHECKOUT / "tools").glob("*/__init__.py"):
        assert (package.parent / "py.typed").exists(), package.parent.name


def test_fragments_of_the_changelog_have_a_kind_that_it_knows() -> None:
    kinds = {kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]}
    for fragment in (CHECKOUT / "changelog.d").glob("+*"):
        assert re.fullmatch(rf"\+[a-z0-9-]+\.({'|'.join(kinds)})\.md", fragment.name), fragment.name
