"""What the site needs beyond docs/: the pages that lie elsewhere in the repository, and links between the two.

A link in a document leads to a file of the repository, as hosting sites and editors follow it. On the
site it leads to the page made from that file; where there is none (source, folders), its text stays.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ELSEWHERE = {
    ".github/AGENT_ONBOARDING.md": "onboarding.md",
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "LICENSE": "licence.txt",
    "README.md": "overview.md",
    "SECURITY.md": "reporting.md",
    "changelog.d/README.md": "changelog-fragments.md",
    "tests/README.md": "tests.md",
    "tools/README.md": "source.md",
    "tools/core/demo/minute.md": "minute.md",
    "tools/core/demo/playbook.md": "walkthrough.md",
}
"""Files outside docs/ that the site has, by their path in the repository."""

ROOT = Path(__file__).resolve().parent.parent
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages that lie outside docs/."""
    for path, page in ELSEWHERE.items():
        files.append(File.generated(config, page, content=(ROOT / path).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turns links to files of the repository into links to pages of the site, outside code blocks."""
    uri = page.file.src_uri
    source = {page: path for path, page in ELSEWHERE.items()}.get(uri, f"docs/{uri}")
    lines, fence = [], ""
    for line in markdown.split("\n"):
        mark = _FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        elif not fence:
            line = _LINK.sub(lambda link: _on_site(link, source, uri, files), line)
        lines.append(line)
    return "\n".join(lines)


def _on_site(link: re.Match[str], source: str, uri: str, files: Files) -> str:
    path, hash_mark, anchor = link[2].partition("#")
    if not path or re.match(r"[a-z]+:", path):
        return link[0]
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    page = ELSEWHERE.get(target, target.removeprefix("docs/") if target.startswith("docs/") else "")
    if not page or files.get_file_from_path(page) is None:
        if not os.path.exists(ROOT / target):
            return link[0]  # it is broken: the strict build says so
        return link[1]
    return f"[{link[1]}]({posixpath.relpath(page, posixpath.dirname(uri) or '.')}{hash_mark}{anchor})"
