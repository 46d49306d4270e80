"""The evidence folder of a piece of work, laid out before the first commit.

`agent/<agent>/<plan or task>/` below `_report/` gets the files of docs/formats.md; what is there
already is never touched, so that running it again completes what was interrupted.
"""

from __future__ import annotations

from tools.core.fs import files
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.receipts.write import Content, create_document
from tools.core.workspace import Place, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping


class Work(NamedTuple):
    """What a scaffold is for; `name` is the plan's id, or the task's where there is no plan."""

    agent: str
    name: str
    summary: str = ""
    task_id: str = ""
    plan_id: str = ""
    branch: str = ""


def folder(workspace: Workspace, work: Work) -> Place:
    """Where the evidence of a piece of work is kept."""
    return workspace.agent_report(work.agent).child(work.name)


def missing(workspace: Workspace, work: Work) -> list[Place]:
    """The files that are not there yet; DataError when the folder is a link or a file."""
    top = folder(workspace, work)
    present = set(files.names_in(top))
    return [top.child(name) for name in _contents(work) if name not in present]


def write(workspace: Workspace, work: Work) -> list[Place]:
    """Writes the files that are missing, each durable; says which."""
    contents = _contents(work)
    written = []
    for place in missing(workspace, work):
        try:
            create_document(place, contents[place.name.rsplit("/", 1)[-1]])
        except FileExistsError:  # another process was laying out the same folder
            continue
        written.append(place)
    return written


def _contents(work: Work) -> Mapping[str, Content]:
    about = {
        key: value
        for key, value in {
            "agent_id": work.agent,
            "task_id": work.task_id,
            "plan_id": work.plan_id,
            "branch": work.branch,
        }.items()
        if value
    }
    title = " ".join((work.summary or work.name).split())
    notes = f"# {title}\n\n## What was tried\n\n## What was found\n\n## What is left\n"
    return {
        "notes.md": notes.encode("utf-8", "backslashreplace"),
        "actions.json": {"actions": []},
        "tests.json": {"tests": []},
        "summary.json": {**about, "status": "pending", "summary": title},
        "claim.json": about,
    }
