"""Secrets are replaced; everything that only looks like an identifier stays."""

import hashlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.core import ids, token_shapes
from tools.core.text import secrets

LETTERS = "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8"
BODY = (LETTERS * 8)[:200]
SAMPLES = {
    "github": ["ghp_" + BODY[:36], "gho_" + BODY[:36], "ghs_" + BODY[:36], "github_pat_" + BODY[:22] + "_" + BODY[:59]],
    "gitlab": ["glpat-" + BODY[:20]],
    "aws": ["AKIA" + "IOSFODNN7EXAMPLE"[:16]],
    "google": ["AIza" + BODY[:35], "ya29." + BODY[:60], "1//0" + BODY[:60]],
    "slack": ["xoxb-" + "123456789012-" + BODY[:24], "xoxp-" + BODY[:40]],
    "stripe": ["sk_live_" + BODY[:24], "rk_test_" + BODY[:24], "whsec_" + BODY[:32]],
    "anthropic": ["sk-ant-api03-" + BODY[:90] + "-" + BODY[:6]],
    "openai": ["sk-" + BODY[:48], "sk-proj-" + BODY[:20] + "_" + BODY[:40]],
    "npm": ["npm_" + BODY[:36]],
    "pypi": ["pypi-AgEIcHlwaS5vcmc" + BODY[:70]],
    "gitlab ci": ["glrt-" + BODY[:20], "gldt-" + BODY[:20], "glptt-" + "0a1b2c3d4e" * 4],
    "huggingface": ["hf_" + BODY[:34]],
    "groq": ["gsk_" + BODY[:52]],
    "xai": ["xai-" + BODY[:80]],
    "perplexity": ["pplx-" + BODY[:48]],
    "replicate": ["r8_" + BODY[:37]],
    "openrouter": ["sk-or-v1-" + "0a1b2c3d" * 8],
    "docker": ["dckr_pat_" + BODY[:27]],
    "rubygems": ["rubygems_" + "0a1b2c3d" * 6],
    "digitalocean": ["dop_v1_" + "0a1b2c3d" * 8],
    "sendgrid": ["SG." + BODY[:22] + "." + BODY[:43]],
    "shopify": ["shpat_" + "0a1b2c3d" * 4],
    "linear": ["lin_api_" + BODY[:40]],
    "notion": ["ntn_" + BODY[:46]],
    "vault": ["hvs." + BODY[:90]],
    "databricks": ["dapi" + "0a1b2c3d" * 4],
    "age": ["AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" * 2],
    "telegram": ["123456789:AA" + BODY[:33]],
    "mailgun": ["key-" + "0a1b2c3d" * 4],
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
        assert secrets.redact(before + secret + after) == f"{before}[redacted:{kind.split()[0]}]{after}"


GLUED = [
    "github",
    "gitlab",
    "gitlab ci",
    "google",
    "slack",
    "openrouter",
    "npm",
    "docker",
    "rubygems",
    "digitalocean",
    "shopify",
    "age",
]


@pytest.mark.parametrize("kind", GLUED)
def test_a_token_with_a_beginning_of_its_own_is_found_behind_a_letter_too(kind):
    assert secrets.redact(f"x{SAMPLES[kind][0]}") == f"x[redacted:{kind.split()[0]}]"


def test_a_token_that_begins_a_line_of_a_text_in_json_is_found():
    for kind, some in SAMPLES.items():
        assert secrets.redact(f"first\\n{some[0]}") == f"first\\n[redacted:{kind.split()[0]}]"


def test_a_secret_that_its_name_gives_away_is_found():
    for before, secret, after in (
        ("aws_secret_access_key=", BODY[:40], ""),
        ('"SecretAccessKey": "', BODY[:40], '"'),
        ("AccountKey=", BODY[:86] + "==", ";"),
        ("https://hooks.slack.com/services/", "T0123456/B0123456/" + BODY[:24], ""),
        ("X-Api-Key: ", BODY[:40], ""),
        ("X-API-Key: ", BODY[:40], ""),
        ("Secret_Access_Key=", BODY[:40], ""),
        ("Authorization: Basic ", "YWxhZGRpbjpvcGVuIHNlc2FtZQ==", ""),
        ("postgres://app:", "hunter2secret", "@db/x"),
    ):
        shown = secrets.redact(before + secret + after)
        assert shown.startswith(f"{before}[redacted:") and shown.endswith(f"]{after}"), before


def _plain(pattern):
    """A pattern without what the generator of texts cannot read: boundaries and quantifiers that never give back."""
    for part in (token_shapes._START, token_shapes._END):
        pattern = pattern.replace(part, "")
    for quantifier in ("*", "+", "}"):
        pattern = pattern.replace(f"{quantifier}+", quantifier)
    return pattern


@pytest.mark.parametrize("shape", token_shapes.SHAPES, ids=lambda shape: shape.literals[0])
@given(data=st.data())
@settings(max_examples=15)
def test_no_text_that_matches_a_shape_is_passed_over(shape, data):
    text = data.draw(st.from_regex(_plain(shape.pattern), fullmatch=True))
    assert shape in token_shapes.shapes_in(text)
    assert shape in token_shapes.shapes_in(f"{'some words ' * 30}{text}")


@pytest.mark.parametrize("shape", token_shapes.SHAPES, ids=lambda shape: shape.literals[0])
def test_the_sign_of_a_shape_is_in_each_of_its_literals(shape):
    assert all(shape.sign in literal for literal in shape.literals)


INNOCENT = [
    "authorization: token required by the server", "Authorization: Basic authentication is off", "Authorization: Bearer <token>",
    "Bearer authentication-middleware-refactoring", "see https://example.com:8080/a@b", "git@github.com:org/repo.git",
    "sk-learn-contrib-experiments", "sk-ant-parser-refactoring-of-2026", "sk-proj-management-tools-and-more-words", "SK-LEARN",
    "npm_config_registry_override_for_ci_builds", "pypi-publish-workflow-for-the-main-branch-of-the-project-and-more-words",
    "_report/runner/codex-1/20260131T120000Z-sk-ant-parser-refactoring.json", "AKIAIOSFODNN7EXAMPLEDOC", "eyJ.eyJ.x",
    "urn:uuid:123e4567-e89b-12d3-a456-426614174000", "data:image/png;base64," + BODY[:80], "ssh-rsa AAAAB3NzaC1yc2E" + BODY[:60],
    "scheme://user:${DB_PASSWORD}@host/db", "https://x:%s@host", "https://x:%(word)s@host", "https://me:{password}@host", "https://me:***@host",
    "xoxo-love-from-everybody", "xoxb-is-a-prefix-of-tokens", "glpat-is-the-prefix-of-a-token", "api_key=read_from_the_environment",
    "github_pat_is_a_prefix_of_tokens", "hf_transfer_is_installed", "the key-value-store-of-the-application", "SG.MESSAGE.of-the-application",
    "hvs.is-the-prefix-of-a-service-token", "AccountKey=none", "task-management-systems-overview-2026", "sk_live_is_not_a_test_key",
]  # fmt: skip


@pytest.mark.parametrize("text", INNOCENT)
def test_words_that_only_look_like_a_secret_stay(text):
    assert secrets.redact(text) == text


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
    "x-api-key: a", "api_key=", "secret_access_key=", "AccountKey=a", "SG.", "SG.aaaaaaaaaaaaaaaaaaaa.", "hooks.slack.com/services/aaaaaa/",
    "1//0", "ya29.", "gh", "do", "a-", "aA-", "Bearer aA", "0", "12345678:AA", "1234567890", "Bearer a", "AKIA", "AIza", "-", "a", "PRIVATE KEY",
    "-----BEGIN " + "A " * 20, "://" + "a" * 50 + ":" + "b" * 50, "pypi-AgE", "npm_",
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


@pytest.mark.parametrize("shift", range(0, 45, 4))
def test_a_token_across_the_place_where_a_long_line_is_parted_is_found(shift):
    token = SAMPLES["github"][0].encode()
    line = b"x," * 70_000
    text = line + b'"' + token + b'"' + line
    for end in (len(line) + shift, len(line) + shift + 8192):  # of the first block, and of what it lets go
        stream = secrets.Stream()
        shown = stream.feed(text[:end]) + stream.feed(text[end:]) + stream.end()
        assert shown.count(b"[redacted:github]") == 1  # counts, as a difference of such lines takes minutes to print
        assert len(shown) == len(text) - len(token) + len(b"[redacted:github]")


def test_an_id_that_is_a_token_is_refused_and_its_text_is_not_repeated(git_repo, run, seat):
    seat("codex-1")
    token = "sk-" + BODY[:40]
    for command in (
        ("agent.bus_claim", "claim", "--task", token),
        ("agent.bus_message", "--task", token, "--type", "note", "--summary", "x"),
        ("agent.task_assign", "--task", token, "--engineer", "codex-2"),
        ("agent.bus_event", "log", "--event", "note", "--summary", "x", "--task", token),
        ("consensus.receipts", "--decision", token),
    ):
        refusal = run(*command, code=2)
        assert token not in refusal.err and "secret" in refusal.err
    assert not (git_repo / "_bus" / "claims").exists() or not list((git_repo / "_bus" / "claims").iterdir())


def test_an_old_claim_under_such_an_id_stops_no_reader(git_repo, run, seat):
    seat("codex-1")
    token = "sk-" + BODY[:40]
    folder = git_repo / "_bus/claims"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{token}.json").write_text(
        '{"agent_id":"codex-2","status":"active","claimed_at":"2026-01-01T00:00:00Z"}'
    )
    (git_repo / "_bus/messages").mkdir(exist_ok=True)
    (git_repo / f"_bus/messages/{token}.jsonl").write_text('{"from":"codex-2","type":"note","summary":"old"}\n')
    for command in (("agent.bus_status",), ("agent.bus_claim", "list"), ("agent.bus_watch",), ("agent.bus_inbox",)):
        assert token not in run(*command).out


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


PIECES = [
    "sk-",
    "task-",
    "ghp_",
    "xghp_",
    "eyJ",
    "Bearer ",
    "bearer ",
    "://",
    "@",
    ":",
    "AKIA",
    "k_live_",
    "sk_live_",
    "hf_",
]
PIECES += [
    "PRIVATE KEY",
    "-----BEGIN ",
    "-----END ",
    "-----",
    "uthorization",
    "A",
    ": ",
    "a" * 20,
    "0" * 16,
    ".",
    " ",
    "npm_",
]
PIECES += ["é", "_", "pypi-AgE", "\\n", "\\", "n", "key-", "0123456789abcdef" * 2, "xai-", "SG.", ":AA"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_no_shape_that_is_in_a_text_is_left_unread(text):
    matching = {shape.kind for shape in token_shapes.SHAPES if re.search(shape.pattern, text)}
    assert matching <= {shape.kind for shape in token_shapes.shapes_in(text)}


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), max_size=5))
def test_a_secret_in_many_texts_is_where_it_is_in_each_alone(texts):
    texts = [*texts, "Authorization: basic ", SAMPLES["jwt"][0], "-----BEGIN PRIVATE KEY-----", "words"]
    alone = {place for place, text in enumerate(texts) if secrets.redact(text) != text}
    assert secrets.places_with_secrets(texts) == alone


def test_a_secret_behind_hundreds_of_texts_has_its_place():
    assert secrets.places_with_secrets(["words"] * 250 + [SAMPLES["jwt"][0], "words"]) == {250}
