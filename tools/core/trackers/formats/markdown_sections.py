"""The sections of a Markdown body that a tracker writes, without the marks it puts around them."""

from __future__ import annotations

import re

_MARK = re.compile(r"\s*<!--\s*/?[A-Z_]+(?::[A-Z_]+)?(?::(?:BEGIN|END))?\s*-->\s*")
_OPENING = re.compile(r"\s*<!--\s*((?:SECTION:)?[A-Z_]+):BEGIN\s*-->\s*")


def split(body: str) -> list[tuple[str, str]]:
    """Headings of the second level and the text below each; what stands above the first has the heading "".

    A heading between two marks of one section (`<!-- SECTION:PLAN:BEGIN -->` … `END`), or inside a
    code fence, belongs to the text.
    """
    sections: list[tuple[str, list[str]]] = [("", [])]
    waiting, fence = "", ""
    for line in body.replace("\r\n", "\n").split("\n"):
        opening = _OPENING.fullmatch(line)
        if opening and not waiting:
            waiting = opening[1]
        elif waiting and line.strip().startswith("<!--") and f"{waiting}:END" in line:
            waiting = ""
        fence = _fence_after(fence, line)
        if line.startswith("## ") and not waiting and not fence:
            sections.append((line[3:].strip().rstrip("#").rstrip(), []))
        elif not _MARK.fullmatch(line):
            sections[-1][1].append(line)
    return [(heading, "\n".join(lines).strip("\n")) for heading, lines in sections]


def _fence_after(fence: str, line: str) -> str:
    """The fence that is open behind a line: "" or the characters that opened it."""
    text = line.lstrip()
    run = text[: len(text) - len(text.lstrip(text[0]))] if text[:1] in ("`", "~") else ""
    if not fence:
        return run if len(run) >= 3 else ""
    return "" if run.startswith(fence) and not text.strip(fence[0] + " \t") else fence
