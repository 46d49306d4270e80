"""The live page in a browser: what a reader opened, typed and selected survives what comes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

pytest.importorskip("uvicorn", reason="the extra [web] is not installed")


@pytest.fixture
def live(git_repo, seat, spawn):
    """A served bus with three requests; `live.run(…)` runs a command of another seat, `live.url` is where it is."""
    seat("boss", roles=["manager"])
    (git_repo / "codex.json").write_text(json.dumps({"agent_id": "codex-1"}))

    class Live:
        def run(self, *words, manager=False):
            """Runs a command of codex-1, or of the manager."""
            manifest = {} if manager else {"TEOF_MANIFEST": "codex.json"}
            done = spawn("-m", *words, cwd=git_repo, env={**os.environ, **manifest})
            assert done.returncode == 0, done.stderr
            return done

        def ask(self, text, task="T-1"):
            self.run(
                "tools.agent.bus_message", "--task", task, "--type", "request", "--summary", text, "--target", "boss"
            )

    made = Live()
    for number in range(3):
        made.ask(f"question {number}")
    command = [sys.executable, "-m", "tools.agent.serve", "--port", "0", "--json", "--allow-actions"]
    process = subprocess.Popen(command, cwd=git_repo, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    made.url = json.loads(process.stdout.readline())["url"]
    made.process = process
    yield made
    process.kill()
    process.communicate()


def wait(tab, script):
    """Waits until a script is true; asked from outside, because the page allows no evaluation of its own."""
    end = time.monotonic() + 15
    while not tab.page.evaluate(script):
        assert time.monotonic() < end, script
        tab.page.wait_for_timeout(50)


def test_new_rows_come_and_what_the_reader_did_stays(open_tab, live):
    tab = open_tab(live.url)
    first = tab.page.locator(".requests > li").first
    first.locator("summary").click()
    field = first.locator("form.act input")
    field.fill("half an answer")
    field.evaluate("field => field.setSelectionRange(2, 5)")
    tab.page.evaluate("window.marked = document.querySelector('.requests > li'); scrollTo(0, 120)")
    for number in range(3, 6):
        live.ask(f"question {number}")
        wait(tab, f"document.querySelectorAll('.requests > li').length === {number + 1}")
    assert first.locator("details").evaluate("part => part.open")
    assert field.input_value() == "half an answer" and field.evaluate(
        "field => [field.selectionStart, field.selectionEnd]"
    ) == [2, 5]
    assert field.evaluate("field => document.activeElement === field")
    assert tab.page.evaluate("window.marked === document.querySelector('.requests > li')")
    assert tab.page.evaluate("scrollY") == 120
    assert tab.page.locator("[data-n=requests]").inner_text() == "6" and tab.faults == []


def test_what_was_selected_chosen_and_filtered_stays(open_tab, live):
    tab = open_tab(live.url)
    tab.page.click("label[for=span-week]")
    tab.page.fill("#filter", "question")
    tab.page.evaluate(
        """const range = document.createRange(), words = document.querySelector('.requests .asks').firstChild;
        range.setStart(words, 0); range.setEnd(words, 8);
        getSelection().removeAllRanges(); getSelection().addRange(range)"""
    )
    live.ask("question 3")
    wait(tab, "document.querySelectorAll('.requests > li').length === 4")
    assert tab.page.evaluate("getSelection().toString()") == "question"
    assert tab.page.is_checked("#span-week") and tab.page.input_value("#filter") == "question"
    wait(tab, "[...document.querySelectorAll('[data-k=log]')].filter(row => row.checkVisibility()).length === 4")
    assert tab.faults == []


def test_the_title_and_the_icon_follow_the_verdict(open_tab, live):
    tab = open_tab(live.url)
    red = tab.page.get_attribute("link[rel=icon]", "href")
    assert tab.page.title().startswith("1 needs somebody")
    live.run("tools.agent.manager_report", "--log-heartbeat", manager=True)
    wait(tab, "document.title.startsWith('3 wait for you')")
    amber = tab.page.get_attribute("link[rel=icon]", "href")
    for number in (2, 1, 0):
        first = tab.page.locator(".requests > li").first
        first.locator("form.act input").fill("yes")
        first.locator("form.act button").click()
        wait(tab, f"document.querySelectorAll('.requests > li').length === {number}")
    wait(tab, "document.title.startsWith('All green')")
    green = tab.page.get_attribute("link[rel=icon]", "href")
    assert len({red, amber, green}) == 3 and tab.page.inner_text("h1").strip() == "All clear"
    assert tab.page.get_attribute("#top", "data-verdict") == "green" and tab.faults == []


def test_a_request_is_answered_on_the_page(open_tab, live):
    tab = open_tab(live.url)
    wait(tab, "document.querySelector('.command > button') !== null")
    first = tab.page.locator(".requests > li").first
    first.locator("form.act input").fill("it's yes")
    assert "--summary 'it'\"'\"'s yes'" in first.locator(".will").inner_text()
    first.locator("form.act button").click()
    wait(tab, "document.querySelectorAll('.requests > li').length === 2")
    assert tab.page.inner_text("#status").startswith("Done: python -m tools.agent.bus_message") and tab.faults == []


def test_a_refusal_stands_beside_the_form_and_the_words_stay(open_tab, live, git_repo):
    tab = open_tab(live.url)
    first = tab.page.locator(".requests > li").first
    first.locator("form.act").evaluate("form => { form.dataset.fReply_to = 'no id'; }")
    first.locator("form.act input").fill("words")
    first.locator("form.act button").click()
    wait(tab, "document.querySelector('.refused').textContent !== ''")
    assert "bad record id" in first.locator(".refused").inner_text()
    assert first.locator("form.act input").input_value() == "words"
    assert tab.page.locator(".requests > li").count() == 3


def test_a_lost_server_is_said_in_words(open_tab, live):
    tab = open_tab(live.url)
    wait(tab, "document.getElementById('lamp').textContent.includes('live')")
    live.process.terminate()
    wait(tab, "document.getElementById('lamp').textContent.includes('not connected; trying again')")


def test_axe_finds_nothing_on_the_live_places(open_tab, live, violations):
    for place in ("/", "/task/T-1", "/thread/T-1", "/search?q=question"):
        tab = open_tab(live.url)
        tab.page.goto(live.url.split("/?")[0] + place)
        assert violations(tab) == []
