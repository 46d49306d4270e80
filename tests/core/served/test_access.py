"""Who may read: host before all, origin, token; on every path, with every header."""

from __future__ import annotations

import re

import pytest

from tests.core.served.conftest import BEARER, OWN, PORT, TOKEN
from tools.core.board.model import View
from tools.core.context import Context
from tools.core.served.access import Gate, is_loopback, is_plain_path
from tools.core.served.application import Service, routes_of
from tools.core.served.edition import Reader
from tools.core.served.stream import Live

PLACES = ["/", "/board.css", "/board.js", "/live.js", "/task/T-1", "/thread/T-1", "/search", "/board.json", "/part/needs",
          "/events", "/metrics", "/do/pause", "/nowhere", "/healthz"]  # fmt: skip
FOREIGN = [
    "evil.example",
    f"evil.example:{PORT}",
    "127.0.0.1",
    "127.0.0.1:80",
    f"127.0.0.1.evil.example:{PORT}",
    "",
    "[::1]",
]


@pytest.fixture
def client(serving):
    return serving().client


def test_every_place_of_the_application_is_tried(workspace):
    service = Service(Context(workspace), Reader(View()), Live(Context(workspace), Reader(View()), 1.0, print), "1")
    patterns = [re.sub(r"\{\w+\}", "[^/]+", route.path) for route in routes_of(service)]
    assert [pattern for pattern in patterns if not any(re.fullmatch(pattern, place) for place in PLACES)] == []


@pytest.mark.parametrize("place", PLACES)
def test_another_host_is_refused_on_every_path_before_anything_else(client, place):
    for host in FOREIGN:
        answer = client.get(place, headers={**BEARER, "host": host})
        assert answer.status_code == 403 and "by that name" in answer.text


@pytest.mark.parametrize("place", PLACES)
def test_another_origin_is_refused_on_every_path(client, place):
    for origin in ("https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", f"{OWN}.evil.example"):
        for method in ("GET", "POST", "OPTIONS", "HEAD"):
            assert client.request(method, place, headers={**BEARER, "origin": origin}).status_code == 403


@pytest.mark.parametrize("place", [place for place in PLACES if place != "/healthz"])
def test_without_the_token_there_is_one_sentence_and_no_word_of_the_bus(client, place):
    wrong = f"{TOKEN[:-1]}x"
    for headers in (
        {},
        {"authorization": f"Bearer {wrong}"},
        {"authorization": f"Basic {TOKEN}"},
        {"cookie": f"board-{PORT}={wrong}"},
    ):
        answer = client.get(place, headers=headers)
        assert (answer.status_code, answer.text) == (
            401,
            "This needs the token that the server printed when it started.\n",
        )


def test_the_token_in_an_address_becomes_a_cookie_and_the_address_goes_without(client):
    answer = client.get(f"/search?q=a&token={TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/search?q=a")
    cookie = answer.headers["set-cookie"]
    assert cookie == f"board-{PORT}={TOKEN}; HttpOnly; SameSite=Lax; Path=/"
    assert client.get("/", headers={"cookie": cookie.partition(";")[0]}).status_code == 200
    assert client.get(f"//evil.example/?token={TOKEN}").headers["location"] == "/"


def test_a_token_in_the_address_of_a_post_counts_for_nothing(client):
    assert client.post(f"/do/pause?token={TOKEN}", json={}).status_code == 401


def test_every_answer_carries_the_headers_and_none_invites_other_sites(client):
    for answer in (
        client.get("/", headers=BEARER),
        client.get("/"),
        client.get("/healthz"),
        client.get("/nowhere", headers=BEARER),
    ):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert not [name for name in answer.headers if name.startswith("access-control") or name == "server"]


def test_options_is_not_answered(client):
    assert client.options("/", headers=BEARER).status_code == 405
    assert client.options("/", headers={**BEARER, "origin": OWN}).status_code == 405


@pytest.mark.parametrize(
    "place", ["/task/%2e%2e", "/a//b", "/task/a%00b", "/task/%252e", "/task/a%2Fb", "/thread/-x", "/part/x"]
)
def test_what_is_no_place_is_404(client, place):
    assert client.get(place, headers=BEARER).status_code == 404


def test_a_body_that_is_too_long_is_413(serving):
    client = serving("boss").client
    headers = {**BEARER, "content-type": "application/json"}
    assert client.post("/do/message", content=b"x" * 70_000, headers=headers).status_code == 413
    parts = (b"x" * 10_000 for _ in range(10))
    assert client.post("/do/message", content=parts, headers=headers).status_code == 413


def test_a_further_name_opens_the_gate_for_itself_alone(serving):
    client = serving(gate=Gate(PORT, TOKEN, ("board.example.org",))).client
    for host in ("board.example.org", f"board.example.org:{PORT}", f"localhost:{PORT}", f"[::1]:{PORT}"):
        assert client.get("/", headers={**BEARER, "host": host}).status_code == 200
    assert client.get("/", headers={**BEARER, "host": "x.board.example.org"}).status_code == 403
    assert Gate(PORT, TOKEN, ("board.example.org",)).owns_origin("https://board.example.org")
    assert not Gate(PORT, TOKEN, ("board.example.org",)).owns_origin("https://127.0.0.1:8137")


def test_loopback_and_plain_paths_are_what_they_are():
    assert is_loopback("127.0.0.1") and is_loopback("127.8.8.8") and is_loopback("::1") and is_loopback("localhost")
    assert not is_loopback("0.0.0.0") and not is_loopback("192.168.1.2") and not is_loopback("example.org")
    assert is_plain_path("/task/T-1") and not is_plain_path("/a/../b") and not is_plain_path("/a\x00")
