"""The board for GitHub: it fits, its commands can be copied, its records call nobody."""

from __future__ import annotations

import re

from tests.core.board.test_page import HOSTILE, hostile_view
from tools.core.board import github


def outside_code(text):
    without = re.sub(r"^( *)(`{3,})[^\n]*\n.*?\n *\2$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", without)


def test_it_begins_with_the_verdict_and_one_line_of_numbers(seen):
    lines = github.document(seen).splitlines()
    assert lines[0] == "## 🟥 harbour: 9 things need somebody"
    assert lines[1].startswith("8 held · 13 ready · 12 waiting for an answer · 37 done")


def test_each_alert_is_an_item_with_its_command_in_a_block(seen):
    text = github.document(seen)
    others = [row for row in seen.board.reminders if row.kind != "request_for_you"]
    rows = [*seen.board.alerts, *others]
    assert re.findall(r"^   ```sh\n   (.*)\n   ```$", text, re.MULTILINE) == [row.command for row in rows]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. \*\*", text, re.MULTILINE)]
    assert numbers == list(range(1, len(seen.board.alerts) + 1))


def test_a_command_with_backticks_stays_in_its_block(seen):
    row = seen.board.alerts[0]._replace(command="x '```' y")
    text = github.document(seen._replace(board=seen.board._replace(alerts=[row])))
    assert "   ````sh\n   x '```' y\n   ````" in text


def test_records_call_no_person_and_name_no_issue(seen):
    text = outside_code(github.document(hostile_view(seen)))
    assert not re.search(r"(@|#|\bGH-)\w", re.sub(r"&#8203;|&#60;", "\u200b", text).replace("## ", ""))


def test_html_is_only_what_folds(seen):
    text = outside_code(github.document(hostile_view(seen)))
    assert set(re.findall(r"</?([a-z]+)", text)) <= {"details", "summary", "b", "br"}


def test_tables_have_as_many_cells_as_headings(seen):
    for table in re.findall(r"(?:^\|.*\n)+", github.document(hostile_view(seen)), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in table.splitlines()}) == 1


def test_the_chart_holds_ids_alone(seen):
    odd = [lane._replace(agent_id=text) for lane, text in zip(seen.lanes, [*HOSTILE, "section"], strict=False)]
    lanes = [*seen.lanes, *odd, seen.lanes[2]._replace(agent_id="title")]
    (chart,) = re.findall(r"```mermaid\n(.*?)```", github.document(seen._replace(lanes=lanes)), re.DOTALL)
    assert "todayMarker off" in chart and "  section title-" in chart
    for line in chart.splitlines()[5:]:
        assert re.fullmatch(
            r"  section [A-Za-z0-9._-]+|  [A-Za-z0-9._-]+ :((done|active|crit), )?[\dT:-]+, [\dT:-]+", line
        ), line
    assert "QUEUE-031 :crit," in chart


def test_a_board_that_is_too_long_is_shortened_from_its_end_and_says_so(seen):
    board = seen.board
    long = "many words " * 20
    huge = board._replace(
        findings=[f"{number} {long}" for number in range(400)],
        ready=[row._replace(title=long) for row in board.ready * 30],
        requests=[row._replace(summary=long) for row in board.requests * 30],
        alerts=[row._replace(text=long) for row in board.alerts * 40],
    )
    text = github.document(seen._replace(board=huge))
    assert len(text.encode()) <= github.MAX_BYTES
    assert "more; `python -m tools.agent.coord_dashboard report --compact` shows all" in text


def test_a_quiet_board_is_green(seen):
    quiet = seen._replace(
        board=seen.board._replace(alerts=[]), verdict=seen.verdict._replace(colour="green", sentence="All clear")
    )
    assert github.document(quiet).startswith("## 🟩 harbour: all clear\n")
