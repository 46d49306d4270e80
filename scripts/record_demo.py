#!/usr/bin/env python3
"""Record `teof demo` as pictures of a terminal, light and dark, in docs/assets/terminal/.

The pictures are SVG with the system's own fonts, so that a page that shows them fetches nothing.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, DIMMED_MONOKAI, TerminalTheme
from rich.text import Text

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(HOME, "docs", "assets", "terminal")
THEMES = {"light": DEFAULT_TERMINAL_THEME, "dark": DIMMED_MONOKAI}
WIDTH = 118
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def main() -> None:
    """Plays the minute and writes a picture for each theme."""
    os.makedirs(FOLDER, exist_ok=True)
    lines = played()
    for name, theme in THEMES.items():
        with open(os.path.join(FOLDER, f"demo-{name}.svg"), "w", encoding="utf-8") as file:
            file.write(picture(lines, theme))


def played() -> list[str]:
    """What the demonstration prints, without what differs from run to run."""
    command = [sys.executable, "-m", "tools.maintenance.demo", "--board", os.path.join(HOME, "build", "board.html")]
    output = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=True).stdout
    text = re.sub(r"\b01[0-9A-Z]{24}\b", "01M8CYQWY6D5JH2FWJ3J6Q8R3E", output.strip())
    return re.sub(r"(as a page: ).*/", r"\1", text).splitlines()


def picture(lines: list[str], theme: TerminalTheme) -> str:
    """The lines as an SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(_painted(line), overflow="fold")
    svg = console.export_svg(title="teof demo", theme=theme)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
    return re.sub(r"font-family: [^;]*;", f"font-family: {FONTS};", svg).replace(
        "<!-- Generated with Rich https://www.textualize.io -->", ""
    )


def _painted(line: str) -> Text:
    if line.startswith("== "):
        return Text(line, style="bold cyan")
    seat, prompt, command = line.partition(" $ ")
    if prompt and not line.startswith(" "):
        return Text.assemble((seat, "bold green"), prompt, command)
    style = "red" if line.strip().startswith(("error:", "[exit")) or '"deny"' in line else ""
    return Text(line, style=style)


if __name__ == "__main__":
    main()
