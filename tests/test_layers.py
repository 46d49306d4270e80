"""The sentences about layers in the design, read from the source: who imports whom, who talks to the shell."""

import ast
import re
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parent.parent / "tools"
CORE_FOLDER = TOOLS / "core"
CORE = sorted(path for path in CORE_FOLDER.rglob("*.py") if path.name != "__init__.py")
PACKAGES = sorted(path.parent for path in CORE_FOLDER.rglob("__init__.py"))
COMMANDS = sorted(
    path
    for path in TOOLS.glob("*/*.py")
    if path.parent.name in ("agent", "planner", "consensus", "maintenance") and path.name != "__init__.py"
)
SHELL = {"cli/app.py", "cli/outcome.py", "cli/run.py", "cli/bootstrap.py", "cli/hook_program.py"}
"""The way in is one layer: bootstrap and the hook program work without any package, run is what a command is given."""


def shown(path):
    return str(path.relative_to(TOOLS))


def in_core(path):
    return str(path.relative_to(CORE_FOLDER))


def module_in_core(path):
    """The dotted name of a core module below `tools.core`, as a tuple."""
    return path.relative_to(CORE_FOLDER).with_suffix("").parts


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path):
    """Every module an import statement names anywhere in a file, `from a import b` as `a.b`."""
    names = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


MODULES = {module_in_core(path) for path in CORE}


def core_imports(path):
    """The core modules that a file imports, as tuples below `tools.core`."""
    names = [tuple(name.split(".")[2:]) for name in imports_of(path) if name.startswith("tools.core.")]
    return {name[:end] for name in names for end in range(1, len(name) + 1) if name[:end] in MODULES}


def order_of(package):
    """The children of a package in the order of its docstring: packages by line, modules by the word before two spaces."""
    doc = ast.get_docstring(tree_of(package / "__init__.py")) or ""
    if package == CORE_FOLDER:
        return [name for line in doc.splitlines() if "  " in line for name in line.split("  ", 1)[1].split()]
    return [match[1] for match in re.finditer(r"^(\w+) {2,}\S", doc, re.MULTILINE)]


@pytest.mark.parametrize("package", PACKAGES, ids=shown)
def test_a_package_lists_each_of_its_modules_once_and_no_other(package):
    children = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    assert sorted(order_of(package)) == sorted(children - {"__init__"})


def test_the_docstring_of_the_core_is_short():
    assert len((CORE_FOLDER / "__init__.py").read_text().splitlines()) <= 30


def test_the_packages_hold_only_a_docstring():
    for path in TOOLS.rglob("__init__.py"):
        assert all(isinstance(node, ast.Expr) for node in tree_of(path).body), shown(path)


def is_listed_before(imported, importing):
    """Whether the first package that both share lists the branch of one before the branch of the other."""
    shared = next(i for i, (one, other) in enumerate(zip(imported, importing, strict=False)) if one != other)
    order = order_of(CORE_FOLDER.joinpath(*importing[:shared]))
    return order.index(imported[shared]) < order.index(importing[shared])


@pytest.mark.parametrize("path", CORE, ids=shown)
def test_a_core_module_imports_only_what_is_listed_before_it(path):
    importing = module_in_core(path)
    assert [name for name in core_imports(path) if not is_listed_before(name, importing)] == []
    assert all(name.startswith("tools.core.") for name in imports_of(path) if name.split(".")[0] == "tools")


@pytest.mark.parametrize("path", [path for path in CORE + COMMANDS if path.parent.name != "git"], ids=shown)
def test_git_is_run_only_by_the_package_that_asks_it(path):
    assert not {"tools.core.git", "tools.core.git.git"} & set(imports_of(path))
    assert not [name for name in imports_of(path) if name.startswith("tools.core.git.git.")]
    for node in ast.walk(tree_of(path)):
        first = node.elts[0] if isinstance(node, ast.List) and node.elts else None
        assert not (isinstance(first, ast.Constant) and first.value == "git"), f"{shown(path)}:{node.lineno}"


HEAVY = {"starlette": {"served/application.py"}, "uvicorn": {"served/server.py"}, "textual": {"terminal/app.py"},
         "jinja2": {"board/page/engine.py"}, "markupsafe": {"board/page/engine.py"},
         "pydantic": {"models/validate.py"}, "jsonschema": set(), "rich": {"cli/run.py", "terminal/app.py"},
         "click": {"cli/explained.py"}, "filelock": {"fs/locks.py"},
         "psycopg2": {"store/postgres/driver.py"},
         "sqlite3": {
             "store/files/search.py",
             *(f"store/files/index/{name}.py" for name in ("build", "database", "documents", "owner", "schema", "seal", "settle")),
         },
         "tomlkit": {"setup/config/edit_toml.py"}, "mcp": {"integrations/mcp/server.py"},
         "mcp_types": {"integrations/mcp/server.py"}, "anyio": {"integrations/mcp/server.py"},
         "subprocess": {"git/git.py", "demo/player.py", "receipts/process.py", "setup/programs.py", "setup/probes/running.py"}}  # fmt: skip


@pytest.mark.parametrize("path", CORE, ids=shown)
def test_a_heavy_package_has_one_home(path):
    for name in {name.split(".")[0] for name in imports_of(path)} & HEAVY.keys():
        assert in_core(path) in HEAVY[name], f"{shown(path)} imports {name}"


@pytest.mark.parametrize("path", COMMANDS, ids=shown)
def test_a_command_imports_the_standard_library_and_the_core_and_no_other_command(path):
    for name in imports_of(path):
        top = name.split(".")[0]
        assert top in sys.stdlib_module_names or name.startswith("tools.core"), f"{shown(path)} imports {name}"
        assert top not in HEAVY or top == "subprocess", f"{shown(path)} imports {name}"


SHELL_NAMES = {
    "argv",
    "orig_argv",
    "stdout",
    "stdin",
    "stderr",
    "exit",
    "_exit",
    "environ",
    "getenv",
    "putenv",
    "getcwd",
    "getcwdb",
    "chdir",
}
GIT_NEEDS_THE_ENVIRONMENT = {("git/environment.py", "environ")}
"""git runs with what this process inherited, less what would point it elsewhere."""


@pytest.mark.parametrize("path", [path for path in CORE if in_core(path) not in SHELL], ids=shown)
def test_below_the_shell_nothing_reads_argv_environment_or_folder_prints_or_exits(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("sys", "os"):
            allowed = node.attr not in SHELL_NAMES or (in_core(path), node.attr) in GIT_NEEDS_THE_ENVIRONMENT
            assert allowed, f"{shown(path)}:{node.lineno}: {node.value.id}.{node.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("print", "input", "exit", "quit"), f"{shown(path)}:{node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in ("cwd", "absolute"), f"{shown(path)}:{node.lineno}"


REDACTS = {
    "receipts/write.py": "evidence and documents of the checkout",
    "store/redacted.py": "records and documents of the bus, in files or on a server",
    "store/files/repair.py": "a claim that is made again from the log",
    "board/page/engine.py": "the texts of a page, whose markup stays as it is",
    "board/forms.py": "a document that is served, and one that joins a job's summary",
    "cli/run.py": "what is shown",
    "cli/outcome.py": "says what was replaced",
    "cli/hints.py": "a hint whose command would carry a secret is left out",
    "receipts/run.py": "the output of a run, as it comes, and the name of its files",
    "plans/storage.py": "a plan in the spelling of the file it replaces",
    "seats/manifests.py": "a manifest is compared with the one that is there",
    "seats/saved_sessions.py": "a manifest is compared with the one that is there",
    "session/dirty_tree.py": "a receipt is compared with those that are there",
    "trackers/imports/changes.py": "a piece is compared with the task it became",
}
"""Where secrets are replaced, once, and why there; what encodes a record changes nothing in it."""


def test_secrets_are_replaced_only_where_something_leaves_the_process():
    users = [path for path in CORE + COMMANDS if "tools.core.text.secrets" in imports_of(path)]
    assert sorted(map(in_core, users)) == sorted(REDACTS)


FOLDER = re.compile(r"(_bus|_report|_plans|queue)(/.*)?")


def calls_with_paths(path):
    """The constants that are given to something that opens or builds a path."""
    doors = re.compile(
        r"(.*\.)?(open|Place|in_root|child|Path|exists|isdir|isfile|listdir|stat|mkdir|makedirs|names_in)|.*path\.join"
    )
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and doors.fullmatch(ast.unparse(node.func)):
            for argument in node.args:
                yield from (
                    part
                    for part in ast.walk(argument)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )


@pytest.mark.parametrize(
    "path", [path for path in CORE + COMMANDS if path.name not in ("workspace.py", "bus_place.py")], ids=shown
)
def test_nothing_but_workspace_spells_the_folders_where_a_path_is_built(path):
    for constant in calls_with_paths(path):
        assert not FOLDER.match(constant.value), f"{shown(path)}:{constant.lineno}: {constant.value!r}"


WITH_FILES = (
    *(
        f"core/{name}"
        for name in (
            "store/",
            "sync/",
            "relocation/",
            "setup/",
            "workspace.py",
            "bus_place.py",
            "which_bus.py",
            "templates.py",
        )
    ),
    "core/integrations/hooks/",  # one starts at every call of a tool: it reads small files without a store
    "core/backlog/ready.py",  # the hook of a session's start asks it, in the same way
    "maintenance/bus_repair.py",
)
"""What begins, mends, exchanges or is a bus in files may name its folder; in the store SQL may be written."""
ELSEWHERE = [path for path in CORE + COMMANDS if not shown(path).startswith(WITH_FILES)]
SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA)\b.*\b(FROM|INTO|SET|TABLE|INDEX)\b|^PRAGMA ")


def texts_of(path):
    """Every text in a module that is not a docstring."""
    tree = tree_of(path)
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    statements = [node.body[0] for node in nodes if node.body] + [
        node for node in ast.walk(tree) if isinstance(node, ast.Expr)
    ]
    docs = {
        id(node.value) for node in statements if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


@pytest.mark.parametrize("path", ELSEWHERE, ids=shown)
def test_history_is_asked_of_the_store_and_the_bus_has_no_folder_elsewhere(path):
    assert not [name for name in imports_of(path) if "store.files" in name or name.startswith("sqlite3")]
    for text in texts_of(path):
        assert not SQL.search(text.value), f"{shown(path)}:{text.lineno}: {text.value!r}"
        assert not re.search(r"(^|[^a-z])_bus(/|$)", text.value), f"{shown(path)}:{text.lineno}: {text.value!r}"


def test_no_module_has_a_name_that_says_nothing_or_hides_the_standard_library():
    for path in CORE + COMMANDS:
        assert path.stem not in ("utils", "helpers", "common", "misc", "util"), shown(path)
    for path in COMMANDS:
        if path.parent.name == "agent":
            assert path.stem not in sys.stdlib_module_names, shown(path)


HOOK = TOOLS / "agent" / "hook.py"
"""Started at every step of an agent, so that its file does without the command it also is."""


@pytest.mark.parametrize("path", [path for path in COMMANDS if path != HOOK], ids=shown)
def test_a_command_starts_as_every_command_does(path):
    text = path.read_text()
    assert text.startswith("#!/usr/bin/env python3\n") and path.stat().st_mode & 0o111, shown(path)
    assert text.rstrip().endswith('if __name__ == "__main__":\n    cli.main(main)'), shown(path)
    assert ast.get_docstring(ast.parse(text)), shown(path)


START = """
from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)
"""


@pytest.mark.parametrize("path", [*COMMANDS, TOOLS / "__main__.py"], ids=shown)
def test_a_command_chooses_where_modules_come_from_before_it_imports_one(path):
    assert path.read_text().partition('"""\n')[2].startswith(START), shown(path)
