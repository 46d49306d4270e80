"""The MCP server through the SDK's own client: the tools, their words, their refusals."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tools.core.integrations.mcp import catalogue, server

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")
anyio = pytest.importorskip("anyio")


def run_alone(talk):
    """What a coroutine function returns, run in a thread of its own: a browser may keep a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, talk).result()


def ask(folder, *calls, environment=None, mode="auto", meta=None):
    """The answers to some calls, made by one client in memory: (is it a refusal, its text)."""
    from mcp.client import Client

    async def talk():
        made = server.make(lambda: (environment or {}, str(folder)), "1")
        async with Client(made, mode=mode) as client:
            found = []
            for name, given in calls:
                more = {"meta": meta} if meta else {}
                answer = await client.call_tool(name, given, **more)
                found.append((bool(answer.is_error), answer.content[0].text))
            return found

    return run_alone(talk)


def one(folder, name, given=None, **more):
    return ask(folder, (name, given or {}), **more)[0]


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def test_eight_tools_stay_within_their_budget():
    listed = [server.description(tool) for tool in catalogue.TOOLS]
    assert len(listed) == 8 and len(compact({"tools": listed})) <= catalogue.MAX_BYTES
    assert all(len(tool.description) <= catalogue.MAX_DESCRIPTION for tool in catalogue.TOOLS)
    assert len(catalogue.INSTRUCTIONS) <= 600 and not any("outputSchema" in tool for tool in listed)


def test_every_tool_says_that_it_destroys_nothing_and_stays_in_this_world():
    for tool in map(server.description, catalogue.TOOLS):
        hints = tool["annotations"]
        assert hints["destructiveHint"] is False and hints["openWorldHint"] is False
        assert hints.get("readOnlyHint") or hints.get("idempotentHint")


def bm25(query):
    """The two best tools by BM25 over name, description and argument names."""
    import math
    import re

    def words(text):
        return re.findall(r"[a-z]+", text.lower().replace("_", " "))

    documents = {
        tool.name: words(" ".join([tool.name, tool.description, *(argument.name for argument in tool.arguments)]))
        for tool in catalogue.TOOLS
    }
    mean = sum(map(len, documents.values())) / len(documents)
    scores = {}
    for name, document in documents.items():
        score = 0.0
        for word in words(query):
            holding = sum(word in other for other in documents.values())
            weight = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
            count = document.count(word)
            score += weight * count * 2.5 / (count + 1.5 * (0.25 + 0.75 * len(document) / mean))
        scores[name] = score
    return sorted(scores, key=scores.get, reverse=True)[:2]


@pytest.mark.parametrize(
    ("tool", "queries"),
    [
        ("claim_task", ["claim a task", "take work from the queue", "next ready task"]),
        ("check_paths", ["who is working on this file", "is anyone editing these paths", "who holds this file"]),
        ("read_inbox", ["read my messages", "check inbox", "unread mail"]),
        ("send_message", ["send message to another agent", "ask other agent", "answer a request"]),
        ("log_progress", ["heartbeat", "log progress", "report status"]),
        ("release_task", ["release task", "finish task done", "hand off task"]),
        ("wait_for", ["wait for reply", "wait for mail"]),
        ("status", ["who am I", "what should I do now", "coordination status"]),
    ],
)
def test_a_search_by_an_agents_words_finds_the_tool(tool, queries):
    assert [query for query in queries if tool not in bm25(query)] == []


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_round_of_work_in_both_eras(fleet, mode):
    answers = ask(
        fleet.tree,
        ("claim_task", {"task": "T-1", "paths": ["src/**"]}),
        ("check_paths", {"paths": ["src/a.py", "docs/a.md"]}),
        ("log_progress", {"summary": "begun", "task": "T-1"}),
        ("send_message", {"task": "T-1", "type": "request", "to": "manager-1", "summary": "may I?"}),
        ("status", {"claims": True}),
        ("release_task", {"task": "T-1"}),
        mode=mode,
    )
    assert not any(is_error for is_error, _ in answers)
    assert answers[1][1] == "src/a.py: you (codex-1) with T-1 (active)\ndocs/a.md: free"
    assert answers[4][1].startswith("T-1: you (codex-1), active") and answers[5][1] == "T-1 is done"


def test_words_of_others_stand_behind_a_mark(fleet):
    one(fleet.main, "send_message", {"task": "T-1", "summary": "hello\u202e", "to": "codex-1"})
    lines = one(fleet.tree, "read_inbox", {"mark_read": True})[1].splitlines()
    assert lines[0] == "1 unread of 1" and lines[2] == "> hello\\u202e"
    assert one(fleet.tree, "read_inbox")[1].startswith("0 unread of 1")


def test_a_refusal_has_its_code_first_and_the_hint_below(fleet):
    fleet.claim("T-1", "manager-1")
    is_error, text = one(fleet.tree, "claim_task", {"task": "T-1"})
    assert (
        is_error
        and text.startswith("[claim.held] T-1 is held by manager-1")
        and "\nhint: teof bus_message --task T-1" in text
    )


def test_a_task_that_waits_and_one_that_is_misspelt_are_not_claimed(fleet):
    queue = fleet.tree / "queue"
    queue.mkdir(exist_ok=True)
    (queue / "001-a.md").write_text("# Task: A\nStatus: open\n")
    (queue / "002-b.md").write_text("# Task: B\nStatus: open\nDepends: QUEUE-001\n")
    assert "[pickup.waiting] QUEUE-002 waits for QUEUE-001" in one(fleet.tree, "claim_task", {"task": "QUEUE-002"})[1]
    assert "[task.misspelt] QUEUE-1 is not in the backlog" in one(fleet.tree, "claim_task", {"task": "QUEUE-1"})[1]


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("nope", {}, "there are: status"),
        ("claim_task", {"tusk": "T"}, "no argument 'tusk'"),
        ("release_task", {}, "needs 'task'"),
        ("wait_for", {"seconds": 99}, "from 1 to 50"),
        ("wait_for", {"what": "x"}, "one of mail"),
        ("check_paths", {"paths": "x"}, "a list of strings"),
        ("claim_task", {"task": "../x"}, "bad task id"),
        ("send_message", {"task": "T", "summary": " "}, "empty"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(fleet, name, given, words):
    is_error, text = one(fleet.tree, name, given)
    assert is_error and words in text


def test_without_a_checkout_a_bus_or_a_seat_the_tools_are_listed_and_say_what_is_missing(fleet, tmp_path):
    assert "[workspace.none]" in one(tmp_path, "status")[1]
    (fleet.tree / "AGENT_MANIFEST.json").unlink()
    assert "[seat.none]" in one(fleet.tree, "status")[1]
    assert one(fleet.tree, "check_paths", {"paths": ["x"]}) == (False, "x: free")


def test_the_caller_is_the_workspace_that_the_call_names(fleet, tmp_path):
    meta = {"x-codex-turn-metadata": {"workspaces": {str(fleet.tree): {}}}}
    assert "You are codex-1" in one(fleet.main, "status", meta=meta)[1]
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    meta = {"x-codex-turn-metadata": {"workspaces": {str(other): {}}}}
    assert one(fleet.main, "status", meta=meta) == (True, f"[seat.elsewhere] {other} is not a worktree of {fleet.main}")


def test_a_manifest_that_changes_between_calls_counts_at_once(fleet):
    place = fleet.tree / "AGENT_MANIFEST.json"
    assert "codex-1" in one(fleet.tree, "status")[1]
    place.write_text(place.read_text().replace("codex-1", "codex-2"))
    assert "codex-2" in one(fleet.tree, "status")[1]


def test_long_answers_are_cut_at_whole_rows_and_counted(fleet):
    for number in range(200):
        fleet.claim(f"T-{number}", "manager-1", "lib/**")
    text = one(fleet.tree, "status", {"claims": True})[1]
    assert len(text.encode()) <= 4000 and text.splitlines()[-1].endswith(" more")


def test_of_two_clients_that_claim_at_once_one_wins(fleet):
    from concurrent.futures import ThreadPoolExecutor

    def claim(folder):
        return server.call("claim_task", {"task": "T-1"}, {}, {}, str(folder))

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(claim, [fleet.main, fleet.tree]))
    assert sorted(is_error for _, is_error in answers) == [False, True]


def resource(folder, uri):
    return server.read(uri, {}, str(folder))


def test_resources_show_claims_a_task_the_inbox_and_the_board(fleet):
    fleet.claim("T-1", "manager-1", "lib/**")
    assert resource(fleet.tree, "bus://claims").startswith("T-1: manager-1")
    assert resource(fleet.tree, "bus://task/T-1").startswith("T-1: manager-1")
    assert resource(fleet.tree, "bus://inbox") == "0 unread of 0"
    assert "1 live claim" in resource(fleet.tree, "bus://board")
    assert "[mcp.resource]" in resource(fleet.tree, "bus://nope")


def test_over_stdio_nothing_but_protocol_is_on_stdout(fleet):
    from mcp import ClientSession
    from mcp.client.stdio import StdioServerParameters, stdio_client

    command = StdioServerParameters(
        command=sys.executable, args=[str(CHECKOUT / "tools/agent/mcp.py")], cwd=str(fleet.tree), env=dict(os.environ)
    )

    async def talk():
        async with stdio_client(command) as (incoming, outgoing), ClientSession(incoming, outgoing) as session:
            await session.initialize()
            return len((await session.list_tools()).tools)

    assert run_alone(talk) == 8


def test_without_the_package_the_command_says_how_to_get_it(fleet, spawn):
    script = (
        "import sys\nsys.modules['mcp'] = sys.modules['mcp_types'] = None\nsys.argv = ['teof', 'mcp']\n"
        "from tools.__main__ import main\nmain()"
    )
    done = spawn("-c", script, cwd=fleet.tree)
    assert done.returncode == 7 and "pip install 'teof-parallel-agents[mcp]'" in done.stderr and done.stdout == ""


def test_the_module_is_the_only_home_of_the_package():
    text = Path(server.__file__).read_text()
    assert "import mcp_types" in text
