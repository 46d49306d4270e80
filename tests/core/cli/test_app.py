"""How commands meet the shell: exit codes, one JSON object per failure, hints that can be pasted."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tools.core import errors, hint
from tools.core.cli import app as cli
from tools.core.cli.hints import spell_hint
from tools.core.problem import Problem

KINDS = [
    (errors.UsageError, 2, "usage"), (errors.GuardError, 3, "guard"), (errors.ConflictError, 4, "conflict"),
    (errors.BusyError, 5, "busy"), (errors.DataError, 6, "data"), (errors.SetupError, 7, "setup"),
]  # fmt: skip


def command(act):
    @cli.command(doc="A command of this test.")
    def made(run):
        act(run)

    return made


def call(act, *arguments):
    return cli.call(command(act), list(arguments))


def failing(problem):
    def act(run):
        raise problem

    return act


@pytest.mark.parametrize(("kind", "code", "word"), KINDS)
def test_each_kind_of_failure_has_its_exit_code_in_words_and_in_json(kind, code, word, capsys):
    problem = kind("it failed", code="x.y", hint=hint.tool("agent.bus_watch"), details={"holder": "a"})
    assert call(failing(problem)) == code
    assert "error: it failed\nhint: " in capsys.readouterr().err
    assert call(failing(problem), "--json") == code
    out, err = capsys.readouterr()
    error = json.loads(err)["error"]
    assert out == "" and error.pop("hint").endswith("bus_watch")
    assert error.pop("hint_command") == ["python", "-m", "tools.agent.bus_watch"]
    assert error == {"code": "x.y", "kind": word, "message": "it failed", "details": {"holder": "a"}, "exit_code": code}


def test_a_bad_command_line_is_a_usage_error_in_json_too(capsys):
    assert call(lambda run: None, "--absent", "--json") == 2
    error = json.loads(capsys.readouterr().err)["error"]
    assert error["kind"] == "usage" and "--help" in error["hint"]


def test_a_usage_error_without_a_hint_of_its_own_points_to_the_help(run, git_repo):
    done = run("agent.bus_claim", "claim", "--root", str(git_repo), "--task", "../x", "--json", code=2)
    assert json.loads(done.err)["error"]["hint"].endswith(" claim --help")


def test_a_missing_subcommand_is_one_sentence_and_a_hint(run):
    error, hint = run("agent.bus_claim", code=2).err.splitlines()
    assert error == "error: Missing command." and hint.endswith(" --help")


def test_a_message_that_carries_escapes_is_shown_safely(capsys):
    call(failing(errors.DataError("\x1b[31m red\n", code="x")))
    assert "\x1b" not in capsys.readouterr().err


def test_a_bug_exits_70_and_says_where_the_details_are(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert call(failing(ZeroDivisionError("oops"))) == 70
    err = capsys.readouterr().err
    assert "Traceback" not in err and "ZeroDivisionError: oops" in err and err.count("\n") == 2
    assert "Traceback" in next(tmp_path.glob("teof-*.txt")).read_text()


def test_a_bug_shows_its_traceback_when_asked(capsys, monkeypatch):
    monkeypatch.setenv("TEOF_DEBUG", "1")
    assert call(failing(ZeroDivisionError("oops"))) == 70
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_exits_130(capsys):
    assert call(failing(KeyboardInterrupt())) == 130


def test_an_answer_that_is_no_error_has_its_own_code(capsys):
    assert call(lambda run: run.finish(1)) == 1
    assert call(lambda run: None) == 0


def test_what_is_said_beside_the_result_goes_to_stderr_or_into_the_document(capsys):
    def act(run):
        run.note("by the way")
        run.emit({"n": 1}, "result")

    call(act)
    assert capsys.readouterr() == ("result\n", "by the way\n")
    call(act, "--json")
    out, err = capsys.readouterr()
    assert json.loads(out) == {"n": 1, "notes": ["by the way"]} and err == ""


def test_only_the_first_bad_lines_are_named(capsys):
    call(lambda run: run.skipped([Problem("x", n, "bad", "c") for n in range(9)]))
    err = capsys.readouterr().err
    assert err.count("skipped: x:") == 5 and "4 more" in err


def test_free_data_splits_at_the_first_equals_sign_and_takes_no_field_of_a_record():
    assert cli.key_values(["a=b=c", "empty="]) == {"a": "b=c", "empty": ""}
    for pair in ("no", "=x", "a b=c", "agent_id=me", "ts=now", "from=me", "../x=1"):
        with pytest.raises(errors.UsageError):
            cli.key_values([pair])


def test_hints_of_the_console_script_have_its_form(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/teof"])
    texts = [spell_hint(made) for made in (hint.tool("agent.bus_watch"), hint.tool("planner.cli"), hint.init())]
    assert texts == ["teof bus_watch", "teof planner.cli", "teof init"]


@pytest.mark.parametrize(
    ("started", "wanted"),
    [
        (["-m", "tools.agent.bus_event"], "python -m tools.agent.session_boot"),
        (["{}/tools/agent/bus_event.py"], "{}/tools/agent/session_boot.py"),
    ],
)
def test_a_hint_has_the_form_in_which_the_command_was_started(git_repo, checkout, spawn, started, wanted):
    done = spawn(*(part.format(checkout) for part in started), "log", "--event", "note", cwd=git_repo)
    assert done.returncode == 7 and f'hint: {wanted.format(checkout)} --agent "…"' in done.stderr


def test_stdout_that_nobody_reads_exits_141(git_repo, run):
    for _ in range(3):
        run("agent.bus_event", "log", "--agent", "a", "--event", "note", "--summary", "x" * 1900)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "tools.agent.bus_watch"], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_process_without_stdout_or_stderr_does_its_work(git_repo):
    begin = f"{sys.executable} -m tools.agent.bus_message --agent codex-1 --task T --type note --summary"
    for redirection in (">&-", "2>&-", ">&- 2>&-"):
        assert subprocess.run(["sh", "-c", f"{begin} hello {redirection}"], cwd=git_repo).returncode == 0
    lines = (git_repo / "_bus/messages/T.jsonl").read_text().splitlines()
    assert [json.loads(line)["summary"] for line in lines] == ["hello"] * 3


def test_an_interrupted_process_exits_130_without_a_traceback(git_repo):
    code = "import time\nfrom tools.core.cli import app as cli\n"
    code += "@cli.command(doc='')\ndef main(run):\n print('up', flush=True); time.sleep(60)\ncli.main(main)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in err


def test_text_that_stdout_cannot_encode_is_shown_as_escapes(git_repo, run):
    run("agent.bus_event", "log", "--agent", "a", "--event", "note", "--summary", "日本")
    done = subprocess.run(
        [sys.executable, "-m", "tools.agent.bus_watch"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0 and "\\u65e5" in done.stdout


def test_a_current_folder_that_is_gone_is_no_traceback(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", f"rmdir {gone}; exec {sys.executable} -m tools.agent.bus_status"],
        cwd=gone,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 7 and "Traceback" not in done.stderr


def test_a_pasted_hint_whose_words_are_not_filled_in_changes_nothing(git_repo, run):
    done = run("agent.bus_claim", "claim", "--task", "T", "--agent", "a", "--notes", "…", code=2)
    assert "--notes is still …" in done.err and not (git_repo / "_bus").exists()


@pytest.mark.parametrize("stream", ["1", "2", "1 2"])
@pytest.mark.parametrize("words", ["bus_status", "bus_claim list", "bus_claim show --task ../x", "bus_claim"])
def test_a_stream_on_a_full_device_is_a_plain_refusal(git_repo, stream, words):
    redirections = " ".join(f"{number}>/dev/full" for number in stream.split())
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m tools {words} {redirections}"], capture_output=True, text=True
    )
    assert done.returncode in (0, 2, 7) and "Traceback" not in done.stdout + done.stderr
    assert stream == "2" or "list" not in words or done.returncode == 7


def test_a_bug_that_finds_no_place_for_its_details_shows_them(capsys, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    assert call(failing(ZeroDivisionError("oops"))) == 70
    assert "ZeroDivisionError: oops" in capsys.readouterr().err
