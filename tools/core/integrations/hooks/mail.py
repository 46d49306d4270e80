"""What is new for a seat: its inbox, and requests and directives of others in the threads of tasks it holds.

Mail that was mentioned is not read: only `bus_inbox --mark-read` moves the read mark. Streams are read from where
mail was last mentioned, and never more than a bounded part of their end. The counts are those of `bus_inbox`.
"""

from __future__ import annotations

from tools.core import ids, plain_json
from tools.core.bus import read_mark
from tools.core.integrations.hooks import memory
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.files import small

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    key: str  # what the read mark has of it


class Standing(NamedTuple):
    """What waits for a seat as its session starts; the counts are at least these where `is_cut`."""

    unread: int
    open_requests: int
    is_cut: bool


class Stream(NamedTuple):
    """The newest messages of a thread."""

    letters: list[Letter]
    end: int  # the first byte that was not read
    is_cut: bool  # older ones were left out


def new_mail(workspace: Workspace, agent: str, tasks: Iterable[str]) -> list[Letter]:
    """What came since mail was last mentioned; remembers it, and is empty where that cannot be done."""
    earlier = memory.read(workspace, memory.mail_name(agent))
    marks = dict(earlier)
    letters: list[Letter] = []
    for name in _threads(agent, tasks):
        mark = earlier.get(name)
        stream = _read(workspace, name, mark if type(mark) is int and mark >= 0 else 0)
        marks[name] = stream.end
        letters += _concerning(stream.letters, name, agent)
    unread = _without_read(workspace, agent, letters)
    if marks == earlier or memory.write(workspace, memory.mail_name(agent), marks):
        return unread
    return []


def standing(workspace: Workspace, agent: str, tasks: Iterable[str]) -> Standing:
    """How much is unread and unanswered; all of it counts as mentioned from now on, where that can be kept."""
    marks: dict[str, object] = dict(memory.read(workspace, memory.mail_name(agent)))
    streams = {name: _read(workspace, name, 0) for name in _threads(agent, tasks)}
    memory.write(workspace, memory.mail_name(agent), {**marks, **{name: part.end for name, part in streams.items()}})
    received = streams[ids.inbox_of(agent)]
    asking = [
        letter
        for name, part in streams.items()
        for letter in _concerning(part.letters, name, agent)
        if letter.kind in ASKING
    ]
    requests = _unanswered(workspace, agent, _distinct(asking))
    newest = received.letters[-read_mark.NEWEST :]
    mark = _mark(workspace, agent)
    unread = sum(letter.key not in mark.read for letter in _distinct([*newest, *requests]))
    unread += mark.unread_before([letter.key for letter in newest], len(received.letters))
    return Standing(unread, len(requests), any(part.is_cut for part in streams.values()))


def waiting(workspace: Workspace, agent: str, tasks: Iterable[str]) -> list[Letter]:
    """The requests and directives without an answer that the seat did not mark as read."""
    letters: list[Letter] = []
    for name in _threads(agent, tasks):
        letters += _concerning(_read(workspace, name, 0).letters, name, agent)
    return [letter for letter in _without_read(workspace, agent, letters) if letter.kind in ASKING]


def _threads(agent: str, tasks: Iterable[str]) -> list[str]:
    """The threads that concern a seat, its inbox first."""
    return [ids.inbox_of(agent), *sorted(set(tasks))]


def _read(workspace: Workspace, name: str, start: int) -> Stream:
    """The messages from byte `start` on."""
    data, size, is_cut = small.tail(workspace.thread(name).path, start, WINDOW)
    whole = data[: data.rfind(b"\n") + 1]  # the rest may still be completed by its writer
    lines = whole.split(b"\n")[1 if is_cut else 0 :]
    letters = [letter for line in lines if (letter := _letter(line, name)) is not None]
    return Stream(letters, size - (len(data) - len(whole)), is_cut)


def _letter(line: bytes, thread: str) -> Letter | None:
    if not line.strip():
        return None
    try:
        raw = plain_json.load_object(line)
    except ValueError:
        return None

    def text(*keys: str) -> str:
        return next((value for key in keys if isinstance(value := raw.get(key), str) and value), "")

    sender, stamp = text("from", "agent_id"), text("ts")
    key = read_mark.key_of(text("id"), stamp, sender, text("summary"))
    task = text("task_id", "task") or thread
    return Letter(text("id"), text("type", "event"), sender, task, stamp, text("reply_to"), key)


def _concerning(letters: Sequence[Letter], name: str, agent: str) -> list[Letter]:
    """Of the inbox all that others sent; of a task's thread what asks the seat for something and has no reply yet."""
    replies = _replies(letters)
    others = [letter for letter in letters if letter.sender != agent and not _is_settled(letter, replies, agent)]
    if name == ids.inbox_of(agent):
        return others
    return [letter for letter in others if letter.kind in ASKING]


def _without_read(workspace: Workspace, agent: str, letters: Sequence[Letter]) -> list[Letter]:
    if not letters:
        return []
    mark = _mark(workspace, agent)
    return _unanswered(workspace, agent, [letter for letter in _distinct(letters) if letter.key not in mark.read])


def _mark(workspace: Workspace, agent: str) -> read_mark.Mark:
    try:
        content = plain_json.load_object(small.read(workspace.session(agent).child("inbox.json").path) or b"")
    except ValueError:
        return read_mark.Mark()
    return read_mark.mark_of(content)


def _unanswered(workspace: Workspace, agent: str, letters: Sequence[Letter]) -> list[Letter]:
    """Without the requests that are answered in their task's thread; the newest threads are read.

    The seat and whoever asked have a say; of others the history knows whether they have.
    """
    tasks = dict.fromkeys(letter.task for letter in reversed(letters) if letter.kind in ASKING)
    threads = [task for task in tasks if ids.is_task(task)][:MAX_THREADS]
    replies = _replies([reply for task in threads for reply in _read(workspace, task, 0).letters])
    left = [letter for letter in letters if not letter.id or not _is_settled(letter, replies, agent)]
    doubtful = {letter.id for letter in left if letter.id and _place(letter) in replies}
    if not doubtful:
        return left
    from tools.core.store.files.store import FileStore  # few requests are answered by a third seat

    store = FileStore(workspace)
    doubtful -= {entry.record.id for entry in store.history.open_requests(threads=threads)}
    store.close()
    return [letter for letter in left if letter.id not in doubtful]


def _replies(letters: Iterable[Letter]) -> dict[tuple[str, str], set[str]]:
    """By id and thread of a message, who replied to it there."""
    replies: dict[tuple[str, str], set[str]] = {}
    for letter in letters:
        if letter.reply_to:
            replies.setdefault((letter.reply_to, letter.task), set()).add(letter.sender)
    return replies


def _is_settled(letter: Letter, replies: Mapping[tuple[str, str], set[str]], agent: str) -> bool:
    """Whether the seat or whoever sent it replied to it, who have a say for certain."""
    return not replies.get(_place(letter), set()).isdisjoint((agent, letter.sender))


def _place(letter: Letter) -> tuple[str, str]:
    return letter.id, letter.task


def _distinct(letters: Iterable[Letter]) -> list[Letter]:
    """Each message once, the oldest first; the copy in an inbox has the id of the one in the thread."""
    by_key = {letter.key: letter for letter in letters}
    return sorted(by_key.values(), key=lambda letter: letter.stamp)
