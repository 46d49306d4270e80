"""A decision on a log whose process is killed before it ends: a second run leaves its records once."""

import pytest

from tests.acting import context_of
from tools.core import clock
from tools.core.bus import directives, handoffs, posts
from tools.core.bus.directives import Directive
from tools.core.bus.posts import MessageDraft
from tools.core.models.bus import EVENTS
from tools.core.seats.seat import Seat
from tools.core.session import dirty_tree

DIRECTIVE = Directive(
    MessageDraft("BUS-COORD-0001", "directive", "rebase"), MessageDraft("manager-report", "status", "see there")
)


@pytest.fixture
def acting(noon):
    """A context of codex-1's on a store."""
    return lambda workspace, store: context_of(workspace=workspace, store=store, now=noon, seat=Seat("codex-1", None))


def summaries(store, stream):
    lines = store.read(stream).records
    return [line.record["summary"] for line in lines if line.record.get("event") != "recovered"]


def test_a_directive_posted_again_after_a_kill_exists_once(deaths, acting):
    def post(store):
        directives.post(acting(store._workspace, store), DIRECTIVE)

    for workspace, store in deaths(lambda store: None, post):
        directives.post(acting(workspace, store), DIRECTIVE)
        assert summaries(store, "messages/BUS-COORD-0001") == ["rebase"]
        assert summaries(store, "messages/manager-report") == ["see there"]


def test_an_event_and_its_message_posted_again_after_a_kill_exist_once(deaths, acting):
    draft = posts.Draft(posts.EventDraft("alert", "no manager watches"), [posts.MessageDraft("T", "status", "look")])

    def raise_alert(workspace, store):
        context = acting(workspace, store)
        return posts.post_once(context, lambda: None if context.history.events_of(["alert"]) else draft)

    for workspace, store in deaths(lambda store: None, lambda store: raise_alert(store._workspace, store)):
        raise_alert(workspace, store)
        assert (summaries(store, EVENTS), summaries(store, "messages/T")) == (["no manager watches"], ["look"])


def test_a_decision_is_taken_again_when_the_log_grew_under_it(workspace, store, acting, logged):
    counts = []

    def decide():
        counts.append(len(store.history.events_of(["note"])))
        if len(counts) == 1:
            logged(summary="meanwhile")
        return posts.Draft(posts.EventDraft("status", f"saw {counts[-1]}"))

    posts.post_once(acting(workspace, store), decide)
    assert counts == [0, 1] and summaries(store, EVENTS) == ["meanwhile", "saw 1"]


def test_the_next_boot_announces_a_dirty_tree_whose_finder_was_killed(workspace, store, acting, monkeypatch):
    lines = [" M README.md"]
    with monkeypatch.context() as dying:
        dying.setattr(store, "commit", lambda changes: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            dirty_tree.record(acting(workspace, store), "main", lines)
    assert summaries(store, EVENTS) == [] and len(handoffs.receipts_of(workspace)[0]) == 1
    for _ in range(2):
        assert not dirty_tree.record(acting(workspace, store), "main", lines).is_new
    assert len(summaries(store, EVENTS)) == 1


def test_a_handoff_is_cleared_once_however_often_it_is_asked(workspace, store, acting, noon):
    context = acting(workspace, store)
    handoff = dirty_tree.record(context, "agent/codex-2/work", [" M a"]).handoff
    assert (handoff.owner, clock.to_text(noon)) == ("codex-2", clock.to_text(handoff.captured_at))
    settled = handoffs.settle(context, "codex-2", handoffs.CLEARED, "", "")
    assert settled.event.receipts == (handoff.path,)
    assert handoffs.settle(context, "codex-2", handoffs.CLEARED, "", "") is None
