"""The terminal board without a terminal: every line fits, every key does what it says, hostile text is shown."""

from __future__ import annotations

import pytest

from tests.core.board.test_page import hostile_view
from tools.core.terminal.rows import Size, ago, filtered, wrapped
from tools.core.terminal.screen import Shown, answering, rows_of, screen
from tools.core.terminal.state import State, press, row_under, settled
from tools.core.terminal.views import VIEWS
from tools.core.terminal.width import cut, left, width

FIRST = State()
WIDE, SMALL = Size(120, 40), Size(80, 24)


def lines(seen, state=FIRST, size=WIDE, **shown):
    drawn, _ = screen(seen, state, size, Shown(shown.pop("thread", []), **shown))
    return ["".join(text for text, _ in spans) for spans in drawn]


def pressed(seen, *keys, state=FIRST, size=WIDE):
    """The state after keys, each given its rows as the loop gives them, and the last effect."""
    effect = None
    for key in keys:
        _, state = screen(seen, state, size, Shown([]))
        char = " " if key == "space" else key if len(key) == 1 else ""
        state, effect = press(state, key, char, rows_of(seen, state, size))
    _, state = screen(seen, state, size, Shown([]))
    return state, effect


@pytest.mark.parametrize("size", [WIDE, SMALL, Size(60, 15), Size(200, 60), Size(97, 33), Size(80, 24, plain=True)])
@pytest.mark.parametrize("name", VIEWS)
def test_every_screen_has_its_lines_and_none_is_longer_than_it_is_wide(seen, name, size):
    for view in (seen, hostile_view(seen)):
        drawn = lines(view, State(view=name), size)
        assert len(drawn) == size.rows
        assert max(map(width, drawn)) <= size.columns


def test_the_first_screen_shows_verdict_alerts_requests_and_lanes(seen):
    drawn = lines(seen)
    assert drawn[0].startswith(" harbour  ■ 9 need somebody") and "8 held · 13 ready · 12 waiting · 37 done" in drawn[0]
    assert drawn[0].rstrip().endswith("● live") and "[1 Needs 9]" in drawn[1]
    assert any("FOR manager-1  7 wait for an answer" in line for line in drawn)
    assert any("gemini-2  SILENT" in line and "····" in line for line in drawn)
    assert drawn[-2].startswith(" $ python -m tools.agent.manager_report")


def test_a_small_screen_has_the_lanes_in_a_view_of_their_own(seen):
    assert not any("WHO IS AT WHAT" in line for line in lines(seen, size=SMALL))
    agents = lines(seen, State(view="Agents"), SMALL)
    assert "who" in agents[3] and "holds nothing" in agents[5]


def test_a_screen_that_is_too_small_says_so_in_one_line(seen):
    assert lines(seen, size=Size(59, 15)) == ["The screen is too small; 60 × 15 is enough."]


def test_the_numbers_are_the_boards(seen):
    drawn = lines(seen)
    board = seen.board
    for text in (
        f"Needs {len(board.alerts)}",
        f"Waiting {len(board.requests)}",
        f"Agents {len(seen.lanes)}",
        f"Work {len(board.claims)}",
    ):
        assert text in drawn[1]


def test_keys_move_the_cursor_over_what_can_be_chosen_and_stop_at_the_ends(seen):
    keys = [row.key for row in rows_of(seen, State(), WIDE) if row.key]
    assert pressed(seen, "j", "down", "k")[0].cursor == keys[1]
    assert pressed(seen, "k")[0].cursor == keys[0]
    assert pressed(seen, "end")[0].cursor == keys[-1]


def test_the_cursor_stays_on_its_row_though_others_come_and_go(seen):
    state, _ = pressed(seen, "j", "j", "j")
    fewer = seen._replace(board=seen.board._replace(alerts=seen.board.alerts[1:]))
    _, after = screen(fewer, state, WIDE, Shown([]))
    assert after.cursor == state.cursor
    gone = seen._replace(board=seen.board._replace(alerts=[]))
    assert settled(state, rows_of(gone, state, WIDE)).cursor != state.cursor


def test_a_long_list_scrolls_with_the_cursor(seen):
    many = [
        seen.board.alerts[4]._replace(agent_id=f"a-{number}", text=f"alert number {number}") for number in range(90)
    ]
    view = seen._replace(board=seen.board._replace(alerts=many))
    state, _ = pressed(view, *["j"] * 60, size=SMALL)
    assert any("alert number 60" in line and line.startswith("▌") for line in lines(view, state, SMALL))


def test_digits_change_the_view(seen):
    assert [pressed(seen, str(number))[0].view for number in range(1, 6)] == list(VIEWS)


def test_the_filter_looks_at_words_that_are_cut_as_well(seen):
    state, _ = pressed(seen, "/", "s", "u", "i", "t", "e", size=SMALL)
    assert state.is_looking and [row.key.split()[1] for row in rows_of(seen, state, SMALL)] == ["agent_idle"]
    kept, _ = pressed(seen, "enter", state=state, size=SMALL)
    assert (kept.words, kept.is_looking) == ("suite", False)
    assert pressed(seen, "escape", state=kept, size=SMALL)[0].words == ""
    nothing, _ = pressed(seen, "/", "x", "q", "x")
    assert "No row has these words." in "\n".join(lines(seen, nothing))


def test_keys_are_letters_while_something_is_typed(seen):
    assert pressed(seen, "/", "q", "j")[0].words == "qj"
    assert pressed(seen, "j", "j", "r", "q", "space", "backspace", "?")[0].answer == "q?"


def test_an_answer_shows_the_command_that_sends_it(seen):
    state, effect = pressed(seen, "j", "j", "r", "i", "t", "'", "s")
    assert answering(state).endswith(f"--summary 'it'\"'\"'s' --reply-to {state.request_row.request.id}")
    drawn = lines(seen, state, seat="manager-1")
    assert drawn[-3].startswith(" reply as manager-1 > it's█") and drawn[-2].startswith(
        " $ python -m tools.agent.bus_message"
    )
    assert pressed(seen, "enter", state=state)[1].send
    left_again, effect = pressed(seen, "escape", state=state)
    assert left_again.answer is None and not effect.send


def test_an_empty_answer_is_not_sent_and_a_row_that_asks_nothing_says_so(seen):
    assert not pressed(seen, "j", "j", "r", "space", "enter")[1].send
    assert pressed(seen, "r")[0].note == "this row asks nothing"


def test_c_copies_the_command_of_the_row(seen):
    state, effect = pressed(seen, "j", "c")
    assert effect.copy == row_under(state, rows_of(seen, state, WIDE)).command


def test_enter_opens_the_thread_and_escape_goes_back(seen):
    state, _ = pressed(seen, "j", "j", "enter")
    assert state.thread == "QUEUE-015"
    thread = seen.threads["QUEUE-015"]
    drawn = lines(seen, state._replace(top=10**6), SMALL, thread=thread)
    assert drawn[1].startswith(" QUEUE-015   Fares: round to five cents") and any("← open" in line for line in drawn)
    assert pressed(seen, "escape", state=state)[0].thread == ""


def test_q_and_control_c_end(seen):
    assert pressed(seen, "q")[1].end and pressed(seen, "ctrl+c")[1].end
    assert pressed(seen, "/", "ctrl+c")[1].end


def test_help_lists_the_keys_until_the_next_one(seen):
    state, _ = pressed(seen, "?")
    assert any("answer the request under the cursor" in line for line in lines(seen, state))
    assert not pressed(seen, "j", state=state)[0].is_helping


def test_text_of_records_is_shown_and_never_obeyed(seen):
    drawn = "\n".join(lines(hostile_view(seen)))
    assert "\x1b" not in drawn and "\u202e" not in drawn and "\x00" not in drawn


def test_without_utf8_the_lanes_are_drawn_with_ascii(seen):
    drawn = lines(seen, State(view="Agents"), Size(80, 24, plain=True))
    strips = [line[28:77] for line in drawn[4:20:2]]
    assert all(strip.isascii() for strip in strips) and any(
        "=" in strip or ":" in strip or "." in strip for strip in strips
    )


def test_wide_and_combining_characters_take_the_columns_they_take():
    assert [width("日本"), width("e\u0301"), width("😀"), width("abc")] == [4, 1, 2, 3]
    assert cut("日本語", 5) == "日本…" and left("日本", 6) == "日本  " and cut("abc", 0) == ""
    assert wrapped("one two three", 7) == ["one two", "three"] and wrapped("x" * 10, 4) == ["xxxx", "xxxx", "xx"]


def test_ages_take_five_columns(seen):
    now = seen.board.generated_at
    moments = [seen.board.requests[0].at, now, None]
    assert [ago(at, now) for at in moments] == ["2d06", "0m", "never"]


def test_a_filter_keeps_what_follows_a_row_with_it(seen):
    rows = rows_of(seen, State(view="Agents"), SMALL)
    kept = filtered(rows, "gemini-2")
    assert len(kept) == 2 and kept[1].follows
