"""One pass through the bus commands; the suites beside this file go deeper."""


def test_two_seats_ask_for_one_task_and_the_second_learns_who_has_it(git_repo, run):
    run("agent.bus_claim", "claim", "--agent", "codex-1", "--task", "QUEUE-1")
    refused = run("agent.bus_claim", "claim", "--agent", "codex-2", "--task", "QUEUE-1", code=4)
    assert "codex-1" in refused.err
