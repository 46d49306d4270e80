"""The toolkit as a wheel and as an editable install, in environments of their own and in crowded repositories."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests import fleet as fleets
from tests.conftest import CHECKOUT
from tools.core.integrations.vendors import registry

pytest.importorskip("hatchling", reason="a wheel cannot be built without hatchling (make setup installs it)")

pytestmark = pytest.mark.slow


def pip(*arguments):
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of a copy of the checkout, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(CHECKOUT / "tools", source / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for path in CHECKOUT.iterdir():
        if path.is_file():
            shutil.copy(path, source)
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    return next(folder.glob("*.whl"))


class Environment:
    """A virtual environment that has the dependencies of this one, but not its toolkit."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        self.python = folder / "bin" / "python"
        self.site = next(folder.glob("lib/python*/site-packages"))
        (self.site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def install(self, *what: str) -> None:
        quiet = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
        pip("--python", str(self.python), "install", *quiet, *what)

    def start(self, *command: object, cwd: Path, code: int = 0, **variables: str) -> str:
        """Runs a program of this environment, or a file of its toolkit, and returns what it said."""
        words = [str(word) for word in command]
        words[0] = str(self.python.parent / words[0]) if "/" not in words[0] else str(self.site / words[0])
        kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, env={**kept, **variables})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="session")
def _installed(tmp_path_factory, wheel):
    environment = Environment(tmp_path_factory.mktemp("installed") / "venv")
    environment.install(str(wheel))
    return environment


@pytest.fixture
def installed(_installed, git_repo):
    """An environment with the wheel, and a repository that is made ready."""
    _installed.start("teof", "init", "--agent", "codex-1", cwd=git_repo)
    return _installed


STARTS = [
    ("teof", "bus_status"),
    ("python", "-m", "teof", "bus_status"),
    ("python", "-m", "tools", "bus_status"),
    ("python", "-m", "tools.agent.bus_status"),
    ("tools/agent/bus_status.py",),
]
"""The ways to start one command in an environment that has the toolkit."""


def test_a_wheel_holds_the_toolkit_and_nothing_beside_it(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"teof.py", "tools"}
    assert "tools/__init__.py" not in names and "tools/agent/preflight.sh" in names


@pytest.mark.parametrize("start", STARTS, ids=" ".join)
def test_an_installed_command_starts_in_each_way(installed, git_repo, start):
    assert "managers" in installed.start(*start, cwd=git_repo)


def test_an_installed_preflight_finds_its_own_python(installed, git_repo):
    said = installed.start("tools/agent/preflight.sh", cwd=git_repo, code=1, PATH="/usr/bin:/bin")
    assert "bus: ok" in said and "codex-1 has no handshake" in said


@pytest.mark.parametrize("start", STARTS, ids=" ".join)
def test_a_tools_folder_of_the_project_without_an_init_lives_beside_the_installed_one(installed, git_repo, start):
    (git_repo / "tools").mkdir()
    (git_repo / "tools" / "mine.py").write_text("print('mine')\n")
    assert installed.start("python", "-m", "tools.mine", cwd=git_repo) == "mine\n"
    assert "managers" in installed.start(*start, cwd=git_repo)


@pytest.mark.parametrize("path", ["", ".", "/the/root"])
def test_teof_runs_its_own_modules_beside_a_tools_package_of_the_project(installed, git_repo, path):
    for name in ("tools", "tools/core", "tools/agent"):
        (git_repo / name).mkdir()
        (git_repo / name / "__init__.py").write_text("print('of the project')\n")
    paths = {"PYTHONPATH": path.replace("/the/root", str(git_repo))} if path else {}
    assert "of the project" not in installed.start("teof", "bus_status", cwd=git_repo, **paths)
    assert "of the project" in installed.start("python", "-c", "import tools.core", cwd=git_repo)


def test_another_distribution_may_install_a_tools_package_into_the_same_environment(installed, git_repo):
    other = installed.site / "tools" / "__init__.py"
    other.write_text("name = 'another'\n")
    try:
        for start in STARTS:
            assert "managers" in installed.start(*start, cwd=git_repo)
    finally:
        other.unlink()


PLANTED = ("click", "pydantic", "filelock", "rich", "json", "subprocess", "sqlite3", "bus_claim", "fcntl", "teof")


@pytest.fixture
def planted(git_repo):
    """Modules in the current folder that say so when they run, one of them in a `tools/` folder."""
    (git_repo / "tools" / "core").mkdir(parents=True)
    for place in (*PLANTED, "tools/core/__init__", "tools/core/errors"):
        (git_repo / f"{place}.py").write_text("import sys\nsys.stderr.write(f'{__name__} was planted\\n')\n")
    return git_repo


@pytest.mark.parametrize("start", [start for start in STARTS if start[1:3] != ("-m", "teof")], ids=" ".join)
def test_no_way_to_start_runs_a_module_of_the_current_folder(installed, planted, start):
    assert "planted" not in installed.start(*start, cwd=planted)


@pytest.mark.parametrize("start", [("teof", "bus_status"), ("tools/agent/bus_status.py",)], ids=" ".join)
@pytest.mark.parametrize("variables", [{"PYTHONSAFEPATH": "1"}, {"PYTHONOPTIMIZE": "2"}, {}], ids=str)
def test_nor_does_one_where_the_environment_names_it(installed, planted, start, variables):
    planted.joinpath("json.py").unlink()  # what Python itself imports before it comes to a program
    planted.joinpath("teof.py").unlink()
    (planted / "deep").mkdir()
    for folder in (planted, planted / "deep"):
        said = installed.start(*start, cwd=folder, PYTHONPATH=str(planted), **variables)
        assert "planted" not in said


def test_preflight_runs_no_module_of_the_current_folder(installed, planted):
    for variables in ({}, {"PYTHONPATH": "."}):
        preflight = installed.start("tools/agent/preflight.sh", cwd=planted, code=1, **variables)
        assert "bus: ok" in preflight and "planted" not in preflight


CONFIGS = {"codex": ".codex/hooks.json", "claude": ".claude/settings.local.json"}


@pytest.fixture
def agents(wheel, git_repo, tmp_path):
    """Starts `teof` of a wheel where no agent's program is; the four commands have been given."""
    environment = Environment(tmp_path / "venv")
    environment.install(str(wheel))
    path = f"{environment.python.parent}:/usr/bin:/bin"

    def teof(*words, seat=""):
        folder = git_repo.with_name(f"{git_repo.name}-{seat}") if seat else git_repo
        return environment.start("teof", *words, cwd=folder, PATH=path)

    teof("init", "--agent", "manager-1", "--role", "manager")
    teof("setup", "codex", "claude")
    teof("worktree", "add", "codex-1")
    teof("worktree", "add", "claude-1")
    return teof


def refusals(main, cli):
    """What the command line in a program's config says to the edits that the program was recorded with."""
    tree = main.with_name(f"{main.name}-{cli}-1")
    groups = json.loads((main / CONFIGS[cli]).read_text())["hooks"]["PreToolUse"]
    line = groups[0]["hooks"][0]["command"]
    program = registry.vendor_of(cli)
    edits = {*program.EDITS, *program.PATCHES}
    for name, event, payload in fleets.payloads(tree):
        is_edit = event == "PreToolUse" and payload["tool_name"] in edits
        if name == cli and is_edit and fleets.HELD in json.dumps(payload["tool_input"]):
            done = fleets.sh(line, tree, json.dumps(payload).encode())
            assert (done.returncode, done.stderr) == (0, b"")
            yield json.loads(done.stdout)["hookSpecificOutput"] if done.stdout else {}


@pytest.mark.parametrize(("cli", "other"), [("codex", "claude"), ("claude", "codex")])
def test_four_commands_lead_from_a_wheel_to_two_agents_whose_edits_are_guarded(agents, git_repo, cli, other):
    assert not any(refusals(git_repo, cli))
    agents("bus_claim", "claim", "--task", "T-1", "--paths", "lib/**", seat=f"{other}-1")
    answers = list(refusals(git_repo, cli))
    assert answers and all(answer["permissionDecision"] == "deny" for answer in answers)
    for reason in (answer["permissionDecisionReason"] for answer in answers):
        assert f"claimed by {other}-1 with T-1" in reason and "bus_message --task T-1 --type request" in reason
    assert not any(refusals(git_repo, other))


AFTERWARDS = """
import atexit, sys, teof  # where something waits for the end, a command ends by SystemExit
sys.argv = ["teof", "--json"]
try:
    teof.main()
except SystemExit:
    import only_there
"""


@pytest.mark.parametrize(("folder", "code"), [("elsewhere", 0), ("repo", 1), ("", 1)])
def test_what_only_pythonpath_names_is_found_unless_it_is_the_current_folder_or_holds_it(
    installed, git_repo, tmp_path, folder, code
):
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    (place / "only_there.py").write_text("print('imported')\n")
    said = installed.start("python", "-c", AFTERWARDS, cwd=git_repo, code=code, PYTHONPATH=str(place))
    assert said.endswith("No module named 'only_there'\n" if code else "imported\n")


def test_an_editable_install_starts_in_each_way(tmp_path, git_repo):
    environment = Environment(tmp_path / "venv")
    environment.install("--editable", str(CHECKOUT))
    environment.start("teof", "init", "--agent", "codex-1", cwd=git_repo)
    for start in STARTS[:-1]:
        assert "managers" in environment.start(*start, cwd=git_repo)
