"""What a hook asks of the bus, be it files, which it reads itself, or a server, which answers through its store."""

from __future__ import annotations

from tools.core import which_bus
from tools.core.integrations.hooks import mail
from tools.core.plain import TYPE_CHECKING
from tools.core.store.files.documents import live_claims as files_of_claims

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.core.integrations.hooks.mail import Letter, Standing
    from tools.core.integrations.hooks.surroundings import Surroundings
    from tools.core.store.files.documents.catalogue import ShortClaim


def opened(here: Surroundings) -> Surroundings:
    """The surroundings with the server that the bus is on, if it is on one; who opened it closes it."""
    if not which_bus.may_be_on_server(here.workspace):
        return here
    from tools.core.integrations.hooks import server  # most buses are in files

    return here._replace(server=server.context_of(here.workspace, here.seat))


def live_claims(here: Surroundings, now: int) -> list[ShortClaim]:
    """All live claims, by task; `now` is in nanoseconds."""
    if here.server is None:
        return files_of_claims.live_claims(here.workspace, now)
    from tools.core.integrations.hooks import server

    return server.live_claims(here.server)


def is_due(here: Surroundings, now: int) -> bool:
    """Whether a step that changes no file looks at the bus."""
    if here.server is None:
        return True
    from tools.core.integrations.hooks import server

    return server.is_due(here.workspace, here.seat, now // 10**9)


def standing(here: Surroundings, own: Sequence[ShortClaim]) -> Standing:
    """How much is unread and unanswered; all of it counts as mentioned from now on."""
    tasks = [claim.task_id for claim in own]
    if here.server is None:
        return mail.standing(here.workspace, here.seat, tasks)
    from tools.core.integrations.hooks import server

    return server.standing(here.server, tasks)


def new_mail(here: Surroundings, own: Sequence[ShortClaim]) -> list[Letter]:
    """What came since mail was last mentioned."""
    tasks = [claim.task_id for claim in own]
    if here.server is None:
        return mail.new_mail(here.workspace, here.seat, tasks)
    from tools.core.integrations.hooks import server

    return server.new_mail(here.server, tasks)


def waiting(here: Surroundings, own: Sequence[ShortClaim]) -> list[Letter]:
    """The requests and directives without an answer that the seat did not mark as read."""
    tasks = [claim.task_id for claim in own]
    if here.server is None:
        return mail.waiting(here.workspace, here.seat, tasks)
    from tools.core.integrations.hooks import server

    return server.waiting(here.server, tasks)


def ready_tasks(here: Surroundings, now: int) -> list[str]:
    """The ids of the ready tasks, best first; `now` is in nanoseconds."""
    if here.server is None:
        from tools.core.backlog import ready  # only as a session starts

        return ready.ready_tasks(here.workspace, now)
    from tools.core.integrations.hooks import server

    return server.ready_tasks(here.server)
