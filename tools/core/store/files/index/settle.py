"""What follows in the index from records that came and records that are gone: losses, and closed requests.

A log that is read anew has lost what it does not show again. A request is closed by a reply in its thread
of one who has a say in it, in whatever order request, reply and what gives the say are read.
"""

from __future__ import annotations

from tools.core.models.bus import EVENTS
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection


def set_aside(connection: Connection, name: str) -> None:
    """Before a log is read anew: every record is suspected lost until the new log shows it."""
    which = "stream='events'" if name == EVENTS else "stream<>'events' AND stream=?"
    values = () if name == EVENTS else (name,)
    connection.execute(f"INSERT INTO lost SELECT stream, id, mark, raw FROM entries WHERE {which}", values)
    answered = (
        "" if name == EVENTS else f" AND id IN (SELECT reply_to FROM entries WHERE {which} AND reply_to IS NOT NULL)"
    )
    connection.execute(f"UPDATE entries SET waiting=1 WHERE waiting=0{answered}", values)
    connection.execute(f"DELETE FROM entries WHERE {which}", values)


def keep_missing(connection: Connection, replaced: Sequence[str]) -> None:
    """After a bulk load: what the old table has and the new one has not."""
    marks = ", ".join("?" * len(replaced))
    connection.execute(
        f"INSERT INTO lost SELECT stream, id, mark, raw FROM before WHERE stream IN ({marks}) AND NOT EXISTS"
        " (SELECT 1 FROM entries WHERE entries.id=before.id AND entries.stream=before.stream) AND NOT EXISTS"
        " (SELECT 1 FROM entries WHERE entries.mark=before.mark AND entries.stream=before.stream)",
        replaced,
    )


def settle_lost(connection: Connection, streams: Sequence[str], after: int) -> None:
    """Takes back what has shown up again, and counts what has not."""
    if not connection.execute("SELECT 1 FROM lost LIMIT 1").fetchone():
        connection.execute("DELETE FROM losses")
        return
    for name in streams:
        for column in ("id", "mark"):
            connection.execute(_back_again(column, after), (after, name))
        connection.execute("DELETE FROM losses WHERE stream=?", (name,))
        connection.execute("INSERT INTO losses SELECT ?, COUNT(*) FROM lost WHERE stream=?", (name, name))
    connection.execute("DELETE FROM losses WHERE count=0")


def _back_again(column: str, after: int) -> str:
    """Deletes lost records that are there again, beginning with the smaller table."""
    if not after:
        return (
            "DELETE FROM lost WHERE rowid IN (SELECT lost.rowid FROM lost JOIN entries ON"
            f" entries.{column}=lost.{column} AND entries.stream=lost.stream AND entries.seq>?"
            f" WHERE lost.stream=? AND lost.{column} IS NOT NULL)"
        )
    return (
        "DELETE FROM lost WHERE rowid IN (SELECT lost.rowid FROM entries CROSS JOIN lost ON"
        f" lost.stream=entries.stream AND lost.{column}=entries.{column} WHERE entries.seq>?"
        f" AND entries.stream=? AND entries.{column} IS NOT NULL)"
    )


_HELD = "SELECT 1 FROM entries AS party INDEXED BY by_party WHERE party.task=entries.task AND party.party"
_MANAGES = "SELECT 1 FROM entries AS party INDEXED BY by_manager WHERE party.kind='handshake' AND party.party"
_IS_ANSWERED = (
    "id IS NOT NULL AND EXISTS (SELECT 1 FROM entries AS reply INDEXED BY by_reply"
    " WHERE reply.reply_to=entries.id AND reply.task=entries.task AND (reply.agent IN (entries.agent, entries.target)"
    f" OR EXISTS ({_HELD}=reply.agent) OR EXISTS ({_MANAGES}=reply.agent) OR (entries.target IS NULL AND NOT EXISTS"
    f" ({_HELD}<>entries.agent AND party.kind<>'handshake' AND party.moment<=MAX(entries.moment, reply.moment)))))"
)
"""Whether one replied who has a say: the addressee, the sender, who held or gave out the task, a manager.

A request that names nobody is answered by anybody, unless others than who asked had its task by then.
"""

_NEW = "FROM entries NOT INDEXED WHERE seq>:after AND"
_CAME = (
    f"INDEXED BY by_id SET waiting=0 WHERE waiting=1 AND (id, task) IN (SELECT reply_to, task {_NEW} reply_to IS NOT NULL)",
    "INDEXED BY waiting_by_task SET waiting=0 WHERE waiting=1 AND task IN"
    f" (SELECT task {_NEW} party IS NOT NULL AND kind<>'handshake')",
    "INDEXED BY by_id SET waiting=0 WHERE waiting=1 AND id IN (SELECT reply_to FROM entries INDEXED BY by_reply"
    f" WHERE reply_to IS NOT NULL AND agent IN (SELECT came.party {_NEW.replace('entries', 'entries AS came')}"
    f" party IS NOT NULL AND kind='handshake' AND NOT EXISTS ({_MANAGES}=came.party AND party.seq<=:after)))",
    "NOT INDEXED SET waiting=0 WHERE seq>:after AND waiting=1",
)
"""The requests that may be answered by what came: by replies, holders, and managers; and those that came themselves."""

_ALL = "INDEXED BY waiting_by_time SET waiting=0 WHERE waiting=1"


def settle_requests(connection: Connection, after: int) -> None:
    """Closes requests that are answered; `after` is the last record that was settled before.

    Each statement names its indexes: which of them were made last would else decide, and by task it reads a history
    for every request.
    """
    for requests in _CAME if after else (_ALL,):
        connection.execute(f"UPDATE entries {requests} AND {_IS_ANSWERED}", {"after": after})
