"""`python -m tools` and the console script `teof`: the index, any command, and the way back from a typing mistake."""

from __future__ import annotations

import json
import os
import py_compile
import re
import subprocess
import sys
import tomllib
from importlib.machinery import PathFinder

import pytest

import teof as start_module
from tests.conftest import CHECKOUT
from tools.core import versions


@pytest.fixture
def teof(tmp_path, spawn):
    """Runs the console script that the project declares, the way an installer spells it."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    module, _, function = project["scripts"]["teof"].partition(":")
    script = tmp_path / "bin" / "teof"
    script.parent.mkdir()
    script.write_text(f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n")

    def call(*arguments, cwd=None, code=0):
        done = spawn(str(script), *arguments, cwd=cwd)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return call


def test_every_command_file_is_listed_with_its_first_sentence(teof):
    listed = {entry["name"]: entry for entry in json.loads(teof("--json").stdout)["commands"]}
    folders = ("agent", "planner", "consensus", "maintenance")
    written = {path.stem for name in folders for path in (CHECKOUT / "tools" / name).glob("[a-z]*.py")}
    assert {name.rpartition(".")[2] for name in listed} == written | {"init"}
    assert all(entry["summary"].endswith(".") for entry in listed.values())


def test_the_index_says_of_init_what_its_help_says(teof):
    sentence = json.loads(teof("--json").stdout)["commands"][0]["summary"]
    assert sentence in " ".join(teof("init", "--help").stdout.split())


@pytest.mark.parametrize("path", sorted((CHECKOUT / "tools").glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_a_module_beside_the_console_script_is_started_by_its_name_too(path, spawn):
    by_name = spawn("-m", f"tools.{path.stem}", "--help")
    assert by_name.returncode == 0 and by_name.stdout.startswith(f"Usage: python -m tools.{path.stem}")
    assert spawn(str(path), "--help").stdout.count("\n") == by_name.stdout.count("\n")


def test_the_version_is_one_line_and_with_json_names_the_formats(teof, tmp_path):
    assert teof("--version", cwd=tmp_path).stdout == f"teof {versions.TOOLKIT}\n"
    document = json.loads(teof("--version", "--json", cwd=tmp_path).stdout)
    assert (document["version"], document["formats"]) == (versions.TOOLKIT, versions.FORMATS)


def test_the_formats_page_says_the_versions_that_are_written():
    page = (CHECKOUT / "docs" / "formats.md").read_text()
    table = page.partition("## Versions")[2].partition("\n## ")[0]
    assert {
        name: int(number) for name, number in re.findall(r"^\| `(\w+)` \| (\d+) \|", table, re.M)
    } == versions.FORMATS


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--help",), ("--version",)])
def test_the_index_imports_no_command(spawn, arguments):
    code = (
        "import atexit, sys\nsys.argv = ['tools', *sys.argv[1:]]\nfrom tools.__main__ import main\n"
        "heavy = ('tools.agent.', 'pydantic', 'sqlite3')\n"
        "atexit.register(lambda: print([name for name in sys.modules if name.startswith(heavy)]))\nmain()"
    )
    assert spawn("-c", code, *arguments).stdout.splitlines()[-1] == "[]"


def test_an_unknown_command_is_a_usage_error_that_names_the_nearest(teof):
    refused = teof("bus_clam", "list", "--stale", code=2)
    assert "did you mean bus_claim" in refused.stderr
    assert "teof bus_claim list --stale" in refused.stderr or "tools.agent.bus_claim list --stale" in refused.stderr
    assert "did you mean maintenance.bus_check" in teof("bus_chekc", code=2).stderr


def test_a_command_behind_its_options_is_shown_in_its_order(teof):
    assert "bus_status --json" in json.loads(teof("--json", "bus_status", code=2).stderr)["error"]["hint"]
    assert "bus_watch --root" in teof("--root", ".", "bus_watch", code=2).stderr


@pytest.mark.parametrize("name", ["../core/cli", "core.cli", "agent.__init__", "os", "agent..bus_claim", "x\x1b[0m"])
def test_what_is_no_command_is_not_imported(teof, name):
    refused = teof(name, "--json", code=2)
    assert json.loads(refused.stderr)["error"]["code"] == "usage"


def test_a_command_is_found_without_the_name_of_its_package(teof):
    assert teof("bus_check", "--help").stdout == teof("maintenance.bus_check", "--help").stdout.replace(
        "maintenance.", ""
    )
    assert teof("bus_check", "--help").stderr == "bus_check is listed as maintenance.bus_check\n"
    assert teof("bus_check", "--help", "--json").stderr == teof("bus_status", "--help").stderr == ""


def test_help_and_hints_are_spelled_as_the_command_was_called(teof, spawn, git_repo):
    assert teof("bus_claim", "list", "--help").stdout.startswith("Usage: teof bus_claim list ")
    assert teof("--help").stdout.startswith("Usage: teof ")
    assert "hint: teof session_boot" in teof("bus_ping", cwd=git_repo, code=7).stderr
    assert "hint: teof init --agent" in teof("init", cwd=git_repo).stderr
    assert spawn("-m", "tools", "init", "--help", cwd=git_repo).stdout.startswith("Usage: python -m tools init ")
    assert "hint: python -m tools init --agent" in spawn("-m", "tools", "init", cwd=git_repo).stderr


def test_a_repository_with_a_tools_package_of_its_own_uses_the_console_script(teof, git_repo):
    own = git_repo / "tools"
    own.mkdir()
    (own / "__init__.py").write_text("raise ImportError('the tools of the repository itself')\n")
    teof("init", "--agent", "codex-1", cwd=git_repo)
    teof("bus_claim", "claim", "--task", "QUEUE-1", cwd=git_repo)
    assert os.listdir(git_repo / "_bus" / "claims") == ["QUEUE-1.json"]
    assert sorted(os.listdir(own)) == ["__init__.py"]


WINDOWS = "import os, sys; sys.path.insert(0, {checkout!r}); import teof; os.name = 'nt'; sys.argv = {argv!r}; {start}"


@pytest.mark.parametrize(
    ("start", "code", "text"),
    [
        ("teof.main()", 7, "native Windows"),
        ("teof.isolate(sys.argv[0])", 7, "WSL"),
        ("teof.isolate('C:/x/tools/agent/hook.py')", 0, ""),
    ],
)
def test_native_windows_is_refused_in_a_sentence_and_never_by_a_hook(spawn, start, code, text):
    argv = ["/x/tools/agent/bus_claim.py", "list"]
    done = spawn("-c", WINDOWS.format(checkout=str(CHECKOUT), argv=argv, start=start))
    assert done.returncode == code and text in done.stderr and "Traceback" not in done.stderr


@pytest.fixture
def modules(tmp_path):
    """A folder with a module, and a package, that are compiled."""
    (tmp_path / "package").mkdir()
    for name in ("module.py", "package/__init__.py"):
        (tmp_path / name).write_text("def answer():\n    return 42\n")
        py_compile.compile(str(tmp_path / name), doraise=True)
    return tmp_path


def as_compiled(folder, name="module"):
    return start_module._CompiledModules.find_spec(f"tools.{name}", [str(folder)])


@pytest.mark.parametrize("name", ["module", "package"])
def test_a_compiled_module_is_what_python_would_find(modules, name):
    spec, python = as_compiled(modules, name), PathFinder.find_spec(f"tools.{name}", [str(modules)])
    for each in ("name", "origin", "cached", "parent", "has_location", "submodule_search_locations"):
        assert getattr(spec, each) == getattr(python, each)
    assert spec.loader.get_code(spec.name) == python.loader.get_code(spec.name)
    assert spec.loader.get_source(spec.name) == (CHECKOUT / python.origin).read_text()


def test_what_is_not_compiled_from_its_source_as_it_is_now_is_left_to_python(modules):
    source = modules / "module.py"
    compiled = next((modules / "__pycache__").glob("module.*.pyc"))
    assert as_compiled(modules, "absent") is None
    assert start_module._CompiledModules.find_spec("other.module", [str(modules)]) is None
    whole = compiled.read_bytes()
    for damaged in (b"", whole[:10], whole[:-9], b"\0" + whole[1:], whole[:16] + b"i\0\0\0\0"):
        compiled.write_bytes(damaged)
        assert as_compiled(modules) is None
    py_compile.compile(str(source), invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    assert as_compiled(modules) is None
    compiled.write_bytes(whole)
    assert as_compiled(modules) is not None
    moved = modules.rename(modules.parent / "moved")  # its code names the folder that it was compiled in
    assert as_compiled(moved) is None
    source = moved / "module.py"
    py_compile.compile(str(source))
    source.write_text("def answer():\n    return 4\n")
    assert as_compiled(moved) is None


def test_a_python_without_packages_starts_that_of_the_checkout_once_at_most(git_repo):
    start = [sys.executable, "-S", "-m", "tools.agent.bus_status"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(start, cwd=git_repo, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 7 and done.stderr.startswith("error: the package click is missing"), done.stderr
