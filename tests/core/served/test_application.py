"""The places: each shows what the commands show; health and figures are the board's."""

from __future__ import annotations

import json
import re
import shutil
import time

import pytest

from tests.core.board import pages
from tests.core.served.conftest import BEARER
from tools.core.board.page import html
from tools.core.bus import posts
from tools.core.context import Context
from tools.core.seats.seat import Seat

HOSTILE = '<script>alert(1)</script> \u202e " onload=x {{ 7*7 }}'


def eventually(condition, seconds=30.0):
    """Waits for what a server does by itself."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def busy(by):
    """A bus with a task that was claimed, asked about, answered and released."""
    by("codex-1", "agent.bus_claim", "claim", "--task", "T-1")
    message = ("agent.bus_message", "--task", "T-1", "--type")
    asked = by("codex-1", *message, "request", "--summary", HOSTILE, "--json").json["message"]["id"]
    by("boss", *message, "status", "--summary", "yes", "--reply-to", asked)
    by("codex-1", *message, "request", "--summary", "and now?")
    by("codex-1", "agent.bus_claim", "release", "--task", "T-1")


def test_the_page_is_live_and_has_its_style_and_script_as_files(busy, serving):
    client = serving().client
    top = pages.read(client.get("/", headers=BEARER).text)
    assert not top.all("style") and [script.attributes["src"] for script in top.all("script")] == [
        "/board.js",
        "/live.js",
    ]
    assert not [script for script in top.all("script") if script.raw.strip()]
    for name in ("/board.css", "/board.js", "/live.js"):
        assert client.get(name, headers=BEARER).text == html.asset(name[1:])
    assert not top.all(id="photo") and top.all(id="lamp")


def test_the_document_is_that_of_the_command(busy, serving, run):
    served = serving().client.get("/board.json", headers=BEARER).json()
    printed = run("agent.coord_dashboard", "report", "--format", "json", "--output", "-").out
    written = json.loads(printed)
    assert {**served, "generated_at": ""} == {**written, "generated_at": ""}


def test_every_part_is_the_section_of_the_page(busy, serving):
    client = serving().client
    whole = client.get("/", headers=BEARER).text
    for name in html.SECTIONS:
        part = client.get(f"/part/{name}", headers=BEARER).text
        ids = re.findall(r'<section[^>]* id="([a-z]+)"', part)
        assert all(f'id="{name}"' in whole for name in ids) and pages.read(part)


def test_the_page_of_a_task_tells_answered_from_open(busy, serving):
    text = pages.read(serving().client.get("/task/T-1", headers=BEARER).text).text
    assert "answered" in text and "open" in text and "answers codex-1" in text and "fence 1" in text
    assert "<script>alert(1)</script>" in text and "{{ 7*7 }}" in text


def test_a_thread_shows_every_message(busy, serving):
    rows = pages.read(serving().client.get("/thread/T-1", headers=BEARER).text).all("li", data_k="message")
    assert len(rows) == 3


def test_search_finds_what_the_command_finds(busy, serving, run):
    client = serving().client
    rows = pages.read(client.get("/search?q=alert", headers=BEARER).text).all("li", data_k="hit")
    assert len(rows) == len(run("agent.bus_search", "alert", "--json").json["hits"]) == 1
    assert 'value="&lt;' in client.get("/search?q=%3Cscript%3E", headers=BEARER).text


def test_what_is_not_recorded_is_404(busy, serving):
    client = serving().client
    for place in ("/task/T-9", "/thread/T-9", "/nowhere"):
        assert client.get(place, headers=BEARER).status_code == 404


def test_figures_are_those_of_the_document(busy, serving):
    client = serving().client
    board = client.get("/board.json", headers=BEARER).json()
    text = client.get("/metrics", headers=BEARER).text
    names = re.findall(r"^teof_(\w+)", text, re.MULTILINE)
    for name in set(names):
        assert f"# HELP teof_{name} " in text and f"# TYPE teof_{name} " in text

    def total(name):
        return sum(float(value) for value in re.findall(rf"^teof_{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))

    counts = {"alerts": "alerts", "claims": "claims", "requests_open": "requests", "ready": "ready"}
    counts |= {"handoffs_open": "handoffs", "decisions_open": "decisions"}
    for name, key in counts.items():
        assert total(name) == len(board[key]), name
    assert total("events_total") == 2 and total("up") == 1
    assert total("messages_total") == 4  # three in the thread, and the answer in the inbox of who asked


def test_health_says_no_while_a_bus_that_was_there_is_gone(busy, serving, folder):
    served = serving()
    assert served.client.get("/healthz").json() == {"ok": True}
    shutil.move(folder / "_bus", folder / "elsewhere")
    eventually(lambda: served.client.get("/healthz").status_code == 503)
    assert served.client.get("/healthz").json() == {"ok": False, "why": "the bus was there and is gone"}
    shutil.move(folder / "elsewhere", folder / "_bus")
    eventually(lambda: served.client.get("/healthz").status_code == 200)
    assert served.client.get("/", headers=BEARER).status_code == 200


def held_tasks(served):
    return [row["task_id"] for row in served.client.get("/board.json", headers=BEARER).json()["claims"]]


@pytest.mark.parametrize("is_seen_gone", [True, False], ids=["seen gone", "exchanged at once"])
def test_a_bus_that_is_replaced_is_the_one_that_is_shown(serving, folder, by, is_seen_gone):
    by("codex-1", "agent.bus_claim", "claim", "--task", "T-7")
    shutil.move(folder / "_bus", folder / "next")
    by("codex-1", "agent.bus_claim", "claim", "--task", "T-1")
    served = serving()
    assert held_tasks(served) == ["T-1"]
    (folder / "_bus").rename(folder / "before")
    if is_seen_gone:
        eventually(lambda: served.client.get("/healthz").status_code == 503)
    (folder / "next").rename(folder / "_bus")
    eventually(lambda: held_tasks(served) == ["T-7"])
    assert served.client.get("/healthz").json() == {"ok": True} and served.complaints == []
    assert 'id="task-T-7"' in served.client.get("/part/work", headers=BEARER).text
    by("codex-1", "agent.bus_claim", "claim", "--task", "T-8")
    eventually(lambda: held_tasks(served) == ["T-7", "T-8"])


def test_a_bus_that_is_swept_away_leaves_an_empty_board_and_a_restored_one_comes_back(busy, serving, folder):
    served = serving()
    shutil.copytree(folder / "_bus", folder / "copy")
    shutil.rmtree(folder / "_bus")
    eventually(lambda: served.client.get("/healthz").status_code == 503)
    shutil.copytree(folder / "copy", folder / "_bus")
    eventually(lambda: served.client.get("/healthz").status_code == 200)
    eventually(lambda: "and now?" in served.client.get("/part/waiting", headers=BEARER).text)


def test_a_record_makes_a_new_edition_and_the_passing_of_time_does_not(busy, serving, workspace):
    served = serving()
    first = served.live.edition
    time.sleep(0.4)
    assert served.live.edition.version == first.version
    posts.post(Context(workspace, seat=Seat("codex-1", None)), posts.EventDraft("note", "news"))
    eventually(lambda: served.live.edition.version > first.version)
    changed = {name for name, value in served.live.edition.hashes.items() if first.hashes[name] != value}
    assert "log" in changed and "needs" not in changed and "waiting" not in changed


def test_a_bus_that_cannot_be_read_is_one_line_and_the_old_board_stays(busy, serving, folder):
    served = serving()
    (folder / "_bus/events/events.jsonl").unlink()
    (folder / "_bus/events/events.jsonl").mkdir()
    eventually(lambda: served.client.get("/healthz").status_code == 503 or served.live.edition.version > 1)
    assert served.client.get("/", headers=BEARER).status_code == 200
    assert len(served.complaints) <= 1
