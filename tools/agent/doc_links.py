#!/usr/bin/env python3
"""Find the right page: the quick links into the documents, and whether they still lead somewhere."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import json

from tools.core import hint
from tools.core.checks import links
from tools.core.cli import app as cli
from tools.core.fs import files, locks
from tools.core.text import terminal

main = cli.group(__doc__)


@cli.command(main, "list")
@cli.option(
    "--format", "form", type=cli.Choice(["table", "json"]), default="table", show_default=True, help="The form."
)
@cli.option("--category", help="Only this category.")
def list_links(run: cli.Run, *, form: str, category: str | None) -> None:
    """Show the quick links."""
    index = links.read(run.workspace)
    run.skipped(index.problems)
    shown = [link for link in index.links if category in (None, link.category)]
    document = {"updated": index.updated, "links": [link._asdict() for link in shown]}
    cells = [(link.id, link.category or "-", link.target, link.title) for link in shown]
    table = terminal.table(("id", "category", "where", "title"), cells) if cells else "no quick links"
    run.emit(document, json.dumps(document, indent=2, sort_keys=True) if form == "json" else table)


@cli.command(main, "show")
@cli.argument("link_id", metavar="ID")
@cli.option(
    "--format", "form", type=cli.Choice(["plain", "json"]), default="plain", show_default=True, help="The form."
)
def show(run: cli.Run, *, link_id: str, form: str) -> None:
    """Show one quick link."""
    link = links.link_of(links.read(run.workspace).links, link_id)
    plain = f"{link.title}: {link.target}" + (f"\n{link.summary}" if link.summary else "")
    run.emit(link._asdict(), json.dumps(link._asdict(), indent=2, sort_keys=True) if form == "json" else plain)


@cli.command(main, "check")
def check(run: cli.Run) -> None:
    """Check that every path and anchor exists and that the page is up to date; exit 1 otherwise."""
    index = links.read(run.workspace)
    problems = links.problems(run.workspace, index)
    texts = [str(problem) for problem in problems]
    if any(problem.code == "links.stale" for problem in problems):
        run.advise(hint.tool("agent.doc_links", "render"))
    text = "\n".join(texts) or f"all {len(index.links)} quick links are valid"
    run.emit({"ok": not problems, "links": len(index.links), "findings": texts}, text)
    if problems:
        run.finish(1)


@cli.command(main, "render")
def render_page(run: cli.Run) -> None:
    """Write the page of the quick links."""
    data = links.markdown(links.read(run.workspace)).encode()
    place = run.workspace.in_root(links.MARKDOWN)
    changed = files.read_bytes(place) != data
    if changed:
        with locks.hold(run.workspace.report):
            files.replace(place, data)
    run.emit({"path": place.name, "changed": changed}, f"{'wrote' if changed else 'unchanged:'} {place.name}")


if __name__ == "__main__":
    cli.main(main)
