"""The quick links: an index of places in the documents, and whether they exist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tools.core import hint
from tools.core.errors import DataError, SetupError, UsageError
from tools.core.fs import files
from tools.core.models.lenient import text_of
from tools.core.problem import Problem
from tools.core.text.markdown import escape_markdown
from tools.core.workspace import QUICK_LINKS, Place, Workspace

MARKDOWN = QUICK_LINKS.removesuffix(".json") + ".md"
_HEADING = re.compile(r"^ {0,3}#{1,6}\s")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_ANCHOR = re.compile(r"<a\s+(?:id|name)=[\"']([^\"']+)[\"']", re.IGNORECASE)
_LINKED = re.compile(r"\[([^\[\]]*+)\]\([^()]*+\)")
_NOT_SLUG = re.compile(r"[^\w\- ]")


class Link(NamedTuple):
    """One place worth knowing; `anchor` is without its `#`, "" for the whole file."""

    id: str
    title: str
    summary: str
    path: str
    anchor: str
    category: str

    @property
    def target(self) -> str:
        """Path and anchor as a link names them."""
        return f"{self.path}#{self.anchor}" if self.anchor else self.path


class QuickLinks(NamedTuple):
    """The whole index, and the problems of its own form."""

    updated: str
    links: list[Link]
    problems: list[Problem]


def read(workspace: Workspace) -> QuickLinks:
    """The index of a checkout; SetupError when it has none."""
    content = files.read_json(workspace.in_root(QUICK_LINKS))
    if content is None:
        raise SetupError(
            f"this checkout has no {QUICK_LINKS}", code="links.none", hint=hint.program("ls", "-l", "--", QUICK_LINKS)
        )
    entries = content.get("links")
    if not isinstance(entries, list):
        raise DataError(Problem(QUICK_LINKS, 1, "`links` is not a list", "links.form", "/links"))
    links: list[Link] = []
    problems: list[Problem] = []
    for number, raw in enumerate(entries):
        link = _link(raw) if isinstance(raw, dict) else None
        if link is None or not (link.id and link.title and link.path):
            problems.append(_broken("not a link with id, title and path", f"/links/{number}"))
        elif any(link.id == earlier.id for earlier in links):
            problems.append(_broken(f"the id {link.id!r} is used twice", f"/links/{number}"))
        else:
            links.append(link)
    return QuickLinks(text_of(content.get("updated")), links, problems)


def _broken(reason: str, pointer: str = "") -> Problem:
    return Problem(QUICK_LINKS, 1, reason, "links.broken", pointer)


def _link(raw: Mapping[str, object]) -> Link:
    texts = {name: text_of(raw.get(name)) for name in Link._fields}
    return Link(**{**texts, "anchor": texts["anchor"].removeprefix("#")})


def link_of(links: Iterable[Link], link_id: str) -> Link:
    """The link with an id; UsageError when there is none."""
    for link in links:
        if link.id == link_id:
            return link
    raise UsageError(
        f"there is no quick link {link_id!r}", code="links.unknown", hint=hint.tool("agent.doc_links", "list")
    )


def anchors_of(text: str) -> set[str]:
    """The anchors of a Markdown document: explicit ones, and those that hosting sites make of headings."""
    anchors: set[str] = set()
    counts: dict[str, int] = {}
    fence = ""
    for line in text.split("\n"):
        delimiter = _FENCE.match(line)
        if delimiter and fence in ("", delimiter[1]):
            fence = "" if fence else delimiter[1]
            continue
        if fence:
            continue
        anchors.update(_ANCHOR.findall(line))
        heading = _HEADING.match(line)
        if heading:
            slug = _slug(line[heading.end() :].strip().rstrip("#"))
            number = counts.get(slug, 0)
            counts[slug] = number + 1
            anchors.add(f"{slug}-{number}" if number else slug)
    return anchors


def _slug(heading: str) -> str:
    plain = _LINKED.sub(r"\1", heading).strip().lower()
    return _NOT_SLUG.sub("", plain).replace(" ", "-")


def problems(workspace: Workspace, index: QuickLinks) -> list[Problem]:
    """Problems of the index: its form, missing paths and anchors, a stale Markdown page."""
    listed = list(index.problems)
    for link in index.links:
        reason = _reason(workspace, link)
        if reason:
            listed.append(_broken(f"{link.id}: {reason}"))
    page = files.read_bytes(workspace.in_root(MARKDOWN))
    if page != markdown(index).encode():
        listed.append(Problem(MARKDOWN, 1, f"not rendered from the present {QUICK_LINKS}", "links.stale"))
    return listed


def _reason(workspace: Workspace, link: Link) -> str:
    try:
        place = Place(workspace.root, Workspace(workspace.root, workspace.root).relative(link.path))
        data = files.read_bytes(place)
    except (UsageError, DataError, SetupError) as problem:
        return problem.message
    if data is None:
        return f"{link.path} does not exist"
    if link.anchor and link.anchor not in anchors_of(data.decode("utf-8", "replace")):
        return f"{link.path} has no anchor #{link.anchor}"
    return ""


def markdown(index: QuickLinks) -> str:
    """The index as a page, category by category."""
    folder = QUICK_LINKS.rpartition("/")[0] + "/"
    lines = ["# Quick links", "", f"Made from `{QUICK_LINKS}` by `doc_links render`.", ""]
    for category in sorted({link.category for link in index.links}):
        rows = [
            f"| `{link.id}` | [{escape_markdown(link.title)}]({_from(folder, link.target)}) | {escape_markdown(link.summary)} |"
            for link in index.links
            if link.category == category
        ]
        lines += [
            f"## {escape_markdown(category or 'other')}",
            "",
            "| id | where | what |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    return "\n".join(lines)


def _from(folder: str, target: str) -> str:
    return target.removeprefix(folder) if target.startswith(folder) else f"../{target}"
