"""What git inherits: how to reach a remote, and never which repository is meant."""

from __future__ import annotations

import subprocess

import pytest

from tools.core.git import environment

REACHING = {
    "GIT_ASKPASS": "/usr/bin/ask",
    "SSH_ASKPASS": "/usr/bin/ask",
    "GIT_SSH_COMMAND": "ssh -i key",
    "GIT_SSH": "plink",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "GIT_CONFIG_PARAMETERS": "'http.proxy=x'",
    "GIT_HTTP_USER_AGENT": "agent",
    "GIT_SSL_CAINFO": "/ca.pem",
    "GIT_PROXY_COMMAND": "proxy",
}


@pytest.mark.parametrize("name", sorted(REACHING))
def test_what_says_how_to_reach_a_remote_is_passed_on(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, REACHING[name])
    assert environment.scrubbed()[name] == REACHING[name]


def test_whatever_git_says_is_local_to_a_repository_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True).stdout
    local = set(listed.split()) - {"GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"}
    for name in local:
        monkeypatch.setenv(name, "/elsewhere")
    assert len(local) > 10 and not local & environment.scrubbed().keys()


@pytest.mark.parametrize(
    "name", ["GIT_AUTHOR_DATE", "GIT_COMMITTER_NAME", "GIT_EXTERNAL_DIFF", "GIT_TRACE", "GIT_LITERAL_PATHSPECS"]
)
def test_what_would_change_an_answer_or_an_author_is_dropped(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    assert name not in environment.scrubbed()


def test_nothing_is_asked_on_a_terminal_and_no_password_program_is_put_in_place_of_the_users() -> None:
    made = environment.scrubbed()
    assert made["GIT_TERMINAL_PROMPT"] == "0" and "GIT_ASKPASS" not in made
