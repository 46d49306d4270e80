"""The loop of the whole-screen board: keys, looks at the bus, drawing; the home of textual."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static

from tools.core.board.model import View
from tools.core.board.view import BoardView, RecordRow, record_row, take
from tools.core.bus import posts
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.models.entry import Query
from tools.core.seats.seat import Seat
from tools.core.served import watch
from tools.core.terminal.rows import Size, Spans
from tools.core.terminal.screen import Shown, rows_of, screen
from tools.core.terminal.state import Effect, State, press

_STYLES = {"red": "bold red", "amber": "yellow", "bold": "bold", "dim": "dim", "blue": "blue", "": ""}
INTERVAL = 0.25
AGES_EVERY = 20.0
"""Seconds after which ages are counted anew although nothing happened."""

_THREAD = 200
"""Messages of a thread that are shown; the newest."""


class Top(App[None]):
    """The board on the screen."""

    CSS = "Screen { background: $background; } #board { width: 100%; height: 100%; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = []

    def __init__(self, context: Context, options: View, seat: Seat | None, *, plain: bool) -> None:
        super().__init__(ansi_color=True)
        self._acting_in, self._options, self._seat, self._plain = context, options, seat, plain
        self._records = watch.news_of(context)
        self._look = watch.look(
            context.workspace, watch.NOTHING, self._records, thorough=True
        )  # before the board, so that it misses nothing
        self._looks = 0
        self._is_read = True
        self._thread: list[RecordRow] = []
        self.state = State()
        self.view: BoardView = self._taken()

    def _taken(self) -> BoardView:
        manager = self._seat.agent_id if self._seat is not None and self._seat.is_manager else ""
        self._acting_in.store.history.refresh()
        return take(self._acting_in.at_present(), self._options, manager)

    def compose(self) -> ComposeResult:
        """One widget is the whole screen."""
        yield Static(id="board", markup=False)

    def on_mount(self) -> None:
        """Draws, and looks at the bus from now on."""
        self.draw()
        self.set_interval(INTERVAL, self._watch)
        self.set_interval(AGES_EVERY, self._refresh)

    def on_resize(self, event: events.Resize) -> None:
        """Draws anew on a screen of another size, once it has it."""
        self.call_after_refresh(self.draw)

    def _watch(self) -> None:
        is_thorough = self._looks % watch.SLOW_EVERY == 0
        looked = watch.look(self._acting_in.workspace, self._look, self._records, thorough=is_thorough)
        self._looks += 1
        has_changed = looked.differs(self._look)
        self._look = looked
        if has_changed:
            self._refresh()

    def _refresh(self) -> None:
        try:
            self.view = self._taken()
            self._is_read = True
        except (ToolkitError, OSError):
            self._is_read = False
        if self.state.thread:
            self._thread = self._messages(self.state.thread)
        self.draw()

    def _messages(self, thread: str) -> list[RecordRow]:
        entries, _ = self._acting_in.store.history.select(Query(tasks=[thread], events=False), _THREAD)
        return [record_row(entry) for entry in entries]

    def on_key(self, event: events.Key) -> None:
        """One key."""
        event.prevent_default()
        event.stop()
        before = self.state
        rows = rows_of(self.view, self.state, self._sized())
        self.state, effect = press(self.state, event.key, event.character or "", rows)
        if self.state.answer is not None and before.answer is None and self._seat is None:
            self.state = before._replace(note="no seat here: boot one to answer")
        if self.state.thread and self.state.thread != before.thread:
            self._thread = self._messages(self.state.thread)
            self.state = self.state._replace(top=10**6)
        self._follow(effect)
        self.draw()

    def on_paste(self, event: events.Paste) -> None:
        """Words that were pasted count as typed."""
        for char in event.text.replace("\n", " ").replace("\r", ""):
            self.state, _ = press(self.state, "", char, [])
        self.draw()

    def _follow(self, effect: Effect) -> None:
        if effect.end:
            self.exit()
        if effect.copy:
            self.copy_to_clipboard(effect.copy)
        if effect.send:
            self._send()

    def _send(self) -> None:
        request = self.state.request_row.request if self.state.request_row else None
        if request is None or self._seat is None:
            return
        acting = self._acting_in.at_present().acting_as(self._seat)
        draft = posts.MessageDraft(request.task_id, "status", self.state.answer or "", reply_to=request.id)
        try:
            posts.post(acting, messages=[draft])
        except ToolkitError as problem:
            self.state = self.state._replace(note=problem.message)
            return
        self.state = self.state._replace(answer=None, request_row=None, note="sent")
        self._refresh()

    def _sized(self) -> Size:
        return Size(self.size.width, self.size.height, self._plain)

    def draw(self) -> None:
        """Puts the screen's lines on the screen."""
        size = self._sized()
        if not size.columns or not size.rows:
            return
        seat = self._seat.agent_id if self._seat else ""
        lines, self.state = screen(self.view, self.state, size, Shown(self._thread, seat, self._is_read))
        self.query_one("#board", Static).update(_text(lines))

    def action_help_quit(self) -> None:
        """Ctrl-C ends at once."""
        self.exit()

    async def action_quit(self) -> None:
        """The same."""
        self.exit()


def _text(lines: list[Spans]) -> Text:
    """The lines as text with styles; what records say is never read as markup."""
    text = Text(no_wrap=True, end="")
    for number, spans in enumerate(lines):
        if number:
            text.append("\n")
        for part, style in spans:
            text.append(part, style=_STYLES[style])
    return text


def run(context: Context, options: View, seat: Seat | None, *, plain: bool) -> None:
    """Shows the board until it is left."""
    top: Any = Top(context, options, seat, plain=plain)
    top.run(mouse=False)
