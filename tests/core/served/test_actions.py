"""Acting: only where it was allowed, from the server's seat, by the commands' own rules."""

from __future__ import annotations

import json
import shlex

import pytest

from tests.core.board.test_build import put_dirty
from tests.core.served.conftest import BEARER, OWN, PORT, TOKEN
from tests.core.served.test_access import PLACES
from tools.core.served.actions import VERBS

BODIES = {
    "reply": {"task": "T-1", "reply_to": "01M86T0M700A4EZ2A2TGBR1VH2", "summary": "s"},
    "message": {"task": "T-1", "type": "status", "summary": "s"},
    "assign": {"task": "T-1", "engineer": "codex-1"},
    "pause": {"task": "T-1", "notes": "s"},
    "release": {"task": "T-1"},
    "clear": {"agent": "codex-1", "note": "s"},
    "reassign": {"agent": "codex-1", "to": "codex-2", "note": "s"},
    "heartbeat": {"summary": "s"},
}


@pytest.fixture
def client(serving, seat):
    seat("boss", roles=["manager"])
    return serving("boss").client


def do(client, verb, body, **headers):
    sent = {**BEARER, "content-type": "application/json", **headers}
    return client.post(f"/do/{verb}", content=json.dumps(body), headers=sent)


def test_there_is_a_body_for_every_verb():
    assert BODIES.keys() == VERBS.keys()


@pytest.mark.parametrize("verb", BODIES)
def test_a_server_that_only_shows_changes_nothing(serving, folder, verb):
    answer = do(serving().client, verb, BODIES[verb])
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "serve.read_only")
    assert "--allow-actions" in answer.json()["error"]["hint"] and not (folder / "_bus/events").exists()


def test_no_place_changes_anything_by_any_method_where_it_only_shows(serving, folder, by):
    by("codex-1", "agent.bus_claim", "claim", "--task", "T-1")
    client = serving().client
    before = contents(folder)
    for place in PLACES:
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            if place != "/events":  # it does not end
                sent = {**BEARER, "content-type": "application/json", "origin": OWN}
                answer = client.request(method, place, content=json.dumps(BODIES["pause"]), headers=sent)
                assert method in ("GET", "HEAD") or answer.status_code >= 400
    assert contents(folder) == before


def contents(folder):
    """Every file but the index that is made from the others."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not {".cache", ".git"} & set(path.parts)]
    return {path: path.read_bytes() for path in paths}


@pytest.mark.parametrize("verb", BODIES)
def test_unknown_missing_and_wrongly_typed_fields_are_refused(client, folder, verb):
    wrong = [
        [],
        "x",
        None,
        {},
        {**BODIES[verb], "extra": "x"},
        dict.fromkeys(BODIES[verb], 7),
        {name: ["x"] for name in BODIES[verb]},
    ]
    for body in wrong:
        answer = do(client, verb, body)
        assert answer.status_code == 400 and answer.json()["error"]["exit_code"] == 2
    assert not (folder / "_bus/events").exists()


def test_what_is_done_says_by_what_way_and_which_command_would_have_done_it(client, run):
    answer = do(client, "heartbeat", {"summary": "watching 'it'"})
    assert answer.status_code == 200
    (record,) = answer.json()["records"]
    assert (record["agent_id"], record["meta"]["via"]) == ("boss", "serve")
    words = shlex.split(answer.json()["command"])
    assert words[:3] == ["python", "-m", "tools.agent.bus_event"] and words[-1] == "watching 'it'"
    run("agent.bus_event", *words[3:])


def test_every_command_that_is_shown_can_be_parsed(client, run):
    run("agent.bus_claim", "claim", "--task", "T-1", "--agent", "boss")
    for verb, body in BODIES.items():
        words = list(VERBS[verb].command(body))
        shown = run(words[0].removeprefix("tools."), *words[1:], code=None)
        assert "No such option" not in shown.err and "Missing option" not in shown.err, shown.err


def test_a_request_is_answered(client, run, by):
    asked = by("codex-1", "agent.bus_message", "--task", "T-1", "--type", "request", "--summary", "may I?", "--json")
    answer = do(client, "reply", {"task": "T-1", "reply_to": asked.json["message"]["id"], "summary": "yes"})
    assert answer.status_code == 200
    assert run("agent.bus_status", "--json").json["open_requests"] == []


def test_refusals_of_the_rules_come_back_as_their_own_errors(client, by):
    by("codex-1", "agent.bus_claim", "claim", "--task", "T-1")
    fresh = do(client, "pause", {"task": "T-1", "notes": "found"})
    assert (fresh.status_code, fresh.json()["error"]["exit_code"]) == (409, 4)
    other = do(client, "release", {"task": "T-1"})
    assert (other.status_code, other.json()["error"]["kind"]) in ((403, "guard"), (409, "conflict"))
    assert (
        do(client, "pause", {"task": "T-1", "notes": "found", "force": True, "reason": "asked to"}).status_code == 200
    )


def test_a_misspelt_task_is_assigned_to_nobody(client, folder):
    (folder / "queue").mkdir(exist_ok=True)
    (folder / "queue/012-x.md").write_text("# Task: X\nTask-ID: QUEUE-012\nStatus: open\n")
    answer = do(client, "assign", {"task": "queue-12", "engineer": "codex-1"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "task.misspelt")
    assert do(client, "assign", {"task": "QUEUE-012", "engineer": "codex-1"}).status_code == 200


def test_who_is_no_manager_clears_nothing_of_others(serving, folder):
    put_dirty(folder, "codex-3", "codex-2")
    answer = do(serving("codex-9", role="").client, "clear", {"agent": "codex-2", "note": "done"})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (403, "guard")


def test_a_browser_that_acts_must_say_from_where(client):
    cookie = {"cookie": f"board-{PORT}={TOKEN}"}
    body = {"summary": "s"}
    assert client.post("/do/heartbeat", json=body, headers=cookie).status_code == 403
    assert client.post("/do/heartbeat", json=body, headers={**cookie, "origin": OWN}).status_code == 200


def test_only_json_by_post_acts(client, folder):
    form = {**BEARER, "content-type": "application/x-www-form-urlencoded"}
    assert client.post("/do/heartbeat", content="summary=s", headers=form).status_code == 415
    assert (
        client.post("/do/heartbeat", content=b"{", headers={**BEARER, "content-type": "application/json"}).status_code
        == 400
    )
    assert client.get("/do/heartbeat", headers=BEARER).status_code == 405
    assert do(client, "wipe", {}).status_code == 400
    assert not (folder / "_bus/events").exists()


def test_forms_stand_on_the_page_only_where_it_acts(serving, run, seat):
    run("agent.bus_message", "--task", "T-1", "--type", "request", "--summary", "may I?", "--agent", "codex-1")
    assert '<form class="act"' not in serving().client.get("/", headers=BEARER).text
    text = serving("boss").client.get("/", headers=BEARER).text
    assert 'data-do="reply"' in text and "acting as boss" in text
