"""Secrets are replaced; everything that only looks like an identifier stays."""

import hashlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.core import ids
from tools.core.text import secrets

LETTERS = "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8"
BODY = (LETTERS * 8)[:200]
SAMPLES = {
    "github": ["ghp_" + BODY[:36], "gho_" + BODY[:36], "ghs_" + BODY[:36], "github_pat_" + BODY[:22] + "_" + BODY[:59]],
    "gitlab": ["glpat-" + BODY[:20]],
    "aws": ["AKIA" + "IOSFODNN7EXAMPLE"[:16]],
    "google": ["AIza" + BODY[:35]],
    "slack": ["xoxb-" + "123456789012-" + BODY[:24], "xoxp-" + BODY[:40]],
    "stripe": ["sk_live_" + BODY[:24], "rk_test_" + BODY[:24]],
    "anthropic": ["sk-ant-api03-" + BODY[:90] + "-" + BODY[:6]],
    "openai": ["sk-" + BODY[:48], "sk-proj-" + BODY[:20] + "_" + BODY[:40]],
    "npm": ["npm_" + BODY[:36]],
    "pypi": ["pypi-AgEIcHlwaS5vcmc" + BODY[:70]],
    "jwt": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0." + BODY[:43]],
}
KEY = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n" + BODY + "\n-----END RSA PRIVATE KEY-----"
AROUND = [("", ""), ("token=", " end"), ("say '", "'"), ("(", ")"), ("a,", ","), ("https://x.example/?k=", "&b=1")]


@pytest.fixture(autouse=True)
def _no_notices():
    secrets.take_notices()
    yield
    secrets.take_notices()


@pytest.mark.parametrize(("kind", "secret"), [(kind, one) for kind, some in SAMPLES.items() for one in some])
def test_a_token_is_replaced_wherever_it_stands(kind, secret):
    for before, after in AROUND:
        assert secrets.redact(before + secret + after) == f"{before}[redacted:{kind}]{after}"


def test_a_private_key_is_replaced_whole_even_when_it_was_cut_short():
    assert secrets.redact(f"key {KEY} end") == "key [redacted:private-key] end"
    assert BODY[:40] not in secrets.redact("-----BEGIN PRIVATE KEY-----\n" + BODY)


def test_only_the_secret_part_of_a_header_and_of_an_address_goes():
    assert secrets.redact("Authorization: Bearer abcdef123456") == "Authorization: Bearer [redacted:authorization]"
    assert secrets.redact("https://me:hunter2@host/x") == "https://me:[redacted:password]@host/x"
    assert secrets.redact("ssh://git@host:22/x") == "ssh://git@host:22/x"


def test_keys_stay_and_values_at_any_depth_go():
    secret = SAMPLES["github"][0]
    value = {secret: [{"a": secret}], "n": 1, "none": None}
    assert secrets.redact_value(value) == {secret: [{"a": "[redacted:github]"}], "n": 1, "none": None}


def test_what_was_replaced_is_said_once():
    secrets.redact(f"{SAMPLES['github'][0]} {SAMPLES['github'][1]}")
    (line,) = secrets.take_notices()
    assert "github" in line and not secrets.take_notices()


@given(st.text(max_size=300))
def test_redacting_twice_changes_nothing_more(text):
    once = secrets.redact(text + " " + KEY + " https://a:b@c " + SAMPLES["jwt"][0])
    assert secrets.redact(once) == once


@given(st.integers(0, 2**48 - 1))
def test_record_ids_and_hashes_are_never_taken_for_secrets(number):
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    for text in (ids.new_record_id(number), digest, digest[:40], f"sha256:{digest}"):
        assert secrets.redact(text) == text


@given(st.lists(st.from_regex(r"[a-z][a-z0-9]{0,14}(?:[-_.][a-z0-9]{1,12}){0,5}", fullmatch=True), max_size=6))
def test_paths_and_names_are_never_taken_for_secrets(parts):
    path = "_report/agent/" + "/".join(parts)
    assert secrets.redact(path) == path


@pytest.mark.parametrize(
    "name", ["task-runner-for-the-nightly-build-of-everything", "sk-learn-migration-of-old-models"]
)
def test_a_long_kebab_name_stays(name):
    assert secrets.redact(f"_plans/{name}.plan.json") == f"_plans/{name}.plan.json"


HARD = [
    "eyJ", "eyJaaaaaaaa.", ".eyJ", "-eyJaaaaaaaaa.eyJaaaaaaaaaa", "sk-", "sk-proj-", "xoxb-", "ghp_", "github_pat_", "://", "://a:",
    "://a:b", ":", "@", "-----BEGIN PRIVATE KEY-----", "-----BEGIN A PRIVATE KEY-----a-", "Authorization: Bearer ", "authorization:",
    "Bearer a", "AKIA", "AIza", "-", "a", "PRIVATE KEY", "-----BEGIN " + "A " * 20, "://" + "a" * 50 + ":" + "b" * 50, "pypi-AgE", "npm_",
]  # fmt: skip


def seconds(text):
    begun = time.process_time()
    secrets.redact(text)
    return time.process_time() - begun


@pytest.mark.parametrize("unit", HARD)
def test_no_text_makes_the_work_grow_faster_than_its_length(unit):
    """Sixteen times the text may cost sixty times the work; a quadratic pattern would cost 256 times."""
    short = (unit * (16384 // len(unit)))[:16384] + "://PRIVATE KEY eyJ earer uthorization sk- @"
    long = (unit * (262144 // len(unit)))[:262144] + "://PRIVATE KEY eyJ earer uthorization sk- @"
    best = min(seconds(long) for _ in range(2))
    assert best < 60 * max(min(seconds(short) for _ in range(3)), 0.002)


@settings(max_examples=10)
@given(st.lists(st.sampled_from(HARD), min_size=1, max_size=4))
def test_mixtures_of_hard_beginnings_stay_cheap_to_read(units):
    text = ("".join(units) * 65536)[:65536]
    assert min(seconds(text) for _ in range(3)) < 2.0


def test_a_secret_never_reaches_the_bus_nor_the_evidence(git_repo, run, seat):
    seat("codex-1")
    secret = SAMPLES["github"][0]
    done = run("agent.bus_message", "--task", "T-1", "--type", "note", "--summary", f"use {secret}", "--note", KEY,
               "--meta", f"token={secret}")  # fmt: skip
    assert "redacted" in done.err and secret not in done.out + done.err
    run("agent.bus_claim", "claim", "--task", "T-1", "--notes", f"with {secret}")
    run("agent.bus_event", "log", "--event", "note", "--summary", f"has {secret}", "--extra", f"a={secret}")
    run("agent.bus_heartbeat")
    written = [path.read_bytes() for path in git_repo.rglob("*") if path.is_file() and ".git/" not in str(path)]
    assert not any(secret.encode() in data or BODY.encode() in data for data in written)
    assert b"[redacted:github]" in (git_repo / "_bus/events/events.jsonl").read_bytes()


def test_the_notice_is_json_where_json_was_asked_for(git_repo, run, seat):
    seat("codex-1")
    done = run("agent.bus_ping", "--summary", f"x {SAMPLES['npm'][0]}", "--json")
    assert '"note"' in done.err and "[redacted:npm]" in done.out
