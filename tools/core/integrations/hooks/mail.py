"""What is new for a seat: its inbox, and requests and directives of others in the threads of tasks it holds.

Being told is not being read: only `bus_inbox --mark-read` moves the read mark. Streams are read from where they
were last told, and never more than a bounded part of their end.
"""

from __future__ import annotations

from tools.core import ids, plain_json
from tools.core.integrations.hooks import memory
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.files import small

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tools.core.workspace import Workspace

ASKING = ("request", "directive")
WINDOW = 256 * 1024
"""Bytes of the end of a stream that are read at once."""

MAX_THREADS = 20
"""Threads in which an answer is looked for."""


class Letter(NamedTuple):
    """One message, without its words: they are read with `bus_inbox`, whose output is data to the agent."""

    id: str
    kind: str
    sender: str
    task: str
    stamp: str
    reply_to: str


class Standing(NamedTuple):
    """What waits for a seat as its session starts; the counts are at least these where `is_cut`."""

    unread: int
    open_requests: int
    is_cut: bool


def streams_of(agent: str, tasks: Iterable[str]) -> list[str]:
    """The threads that concern a seat, its inbox first."""
    return [ids.inbox_of(agent), *sorted(set(tasks))]


def new_mail(workspace: Workspace, agent: str, tasks: Iterable[str]) -> list[Letter]:
    """What came since mail was last told; remembers it as told, and is empty where that cannot be done."""
    told = memory.read(workspace, memory.told_name(agent))
    marks = dict(told)
    letters: list[Letter] = []
    for name in streams_of(agent, tasks):
        mark = told.get(name)
        start = mark if type(mark) is int and mark >= 0 else 0
        found, end, _ = _read(workspace, name, start)
        marks[name] = end
        letters += _concerning(found, name, agent)
    unread = _without_read(workspace, agent, letters)
    if marks == told or memory.write(workspace, memory.told_name(agent), marks):
        return unread
    return []


def standing(workspace: Workspace, agent: str, tasks: Iterable[str], *, tell: bool = True) -> Standing:
    """How much is unread and unanswered, told or not; with `tell` it counts as told from now on, where that can be kept."""
    marks: dict[str, object] = dict(memory.read(workspace, memory.told_name(agent)))
    letters: list[Letter] = []
    cut = False
    for name in streams_of(agent, tasks):
        found, end, is_cut = _read(workspace, name, 0)
        marks[name] = end
        letters += _concerning(found, name, agent)
        cut = cut or is_cut
    if tell:
        memory.write(workspace, memory.told_name(agent), marks)
    unread = _without_read(workspace, agent, letters)
    asking = [letter for letter in _distinct(letters) if letter.kind in ASKING]
    return Standing(len(unread), len(_unanswered(workspace, asking)), cut)


def waiting(workspace: Workspace, agent: str, tasks: Iterable[str]) -> list[Letter]:
    """The requests and directives that nobody answered and the seat did not mark as read, told or not."""
    return [letter for letter in unread(workspace, agent, tasks) if letter.kind in ASKING]


def unread(workspace: Workspace, agent: str, tasks: Iterable[str]) -> list[Letter]:
    """Everything that concerns a seat and was not marked as read, told or not."""
    letters: list[Letter] = []
    for name in streams_of(agent, tasks):
        letters += _concerning(_read(workspace, name, 0)[0], name, agent)
    return _without_read(workspace, agent, letters)


def _read(workspace: Workspace, name: str, start: int) -> tuple[list[Letter], int, bool]:
    """The messages from byte `start` on, where they end, and whether older ones were left out."""
    data, size, is_cut = small.tail(workspace.thread(name).path, start, WINDOW)
    whole = data[: data.rfind(b"\n") + 1]  # the rest may still be completed by its writer
    lines = whole.split(b"\n")[1 if is_cut else 0 :]
    letters = [letter for line in lines if (letter := _letter(line, name)) is not None]
    return letters, size - (len(data) - len(whole)), is_cut


def _letter(line: bytes, thread: str) -> Letter | None:
    if not line.strip():
        return None
    try:
        raw = plain_json.load_object(line)
    except ValueError:
        return None

    def text(*keys: str) -> str:
        return next((value for key in keys if isinstance(value := raw.get(key), str) and value), "")

    kind = text("type", "event")
    sender = text("from", "agent_id")
    task = text("task_id", "task") or thread
    return Letter(text("id"), kind, sender, task, text("ts"), text("reply_to"))


def _concerning(letters: Sequence[Letter], name: str, agent: str) -> list[Letter]:
    """Of the inbox all that others sent; of a task's thread what asks the seat for something and has no reply yet."""
    answered = {letter.reply_to for letter in letters if letter.reply_to}
    others = [letter for letter in letters if letter.sender != agent and letter.id not in answered]
    if name == ids.inbox_of(agent):
        return others
    return [letter for letter in others if letter.kind in ASKING]


def _without_read(workspace: Workspace, agent: str, letters: Sequence[Letter]) -> list[Letter]:
    if not letters:
        return []
    try:
        mark = plain_json.load_object(small.read(workspace.session(agent).child("inbox.json").path) or b"").get("read")
    except ValueError:
        mark = None
    read = {key for key in mark if isinstance(key, str)} if isinstance(mark, list) else set()
    return _unanswered(workspace, [letter for letter in _distinct(letters) if letter.id not in read])


def _unanswered(workspace: Workspace, letters: Sequence[Letter]) -> list[Letter]:
    """Without the requests that have a reply in their task's thread, where answers go; the newest threads are read."""
    tasks = dict.fromkeys(letter.task for letter in reversed(letters) if letter.kind in ASKING)
    threads = [task for task in tasks if ids.is_task(task)][:MAX_THREADS]
    answered = {reply.reply_to for task in threads for reply in _read(workspace, task, 0)[0]}
    return [letter for letter in letters if not letter.id or letter.id not in answered]


def _distinct(letters: Iterable[Letter]) -> list[Letter]:
    """Each message once, the oldest first; the copy in an inbox has the id of the one in the thread."""
    by_id = {letter.id or f"{number}": letter for number, letter in enumerate(letters)}
    return sorted(by_id.values(), key=lambda letter: letter.stamp)
