"""The contract of the commands: exit status, what goes where, several files, formats."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import CALCULUS, GRAPH, INVALID, LINUX, PROBLEMS, command, environment, run

from stepsolve import cli

Invoke = Callable[..., tuple[int, str, str]]


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Invoke:
    """One command within this process, so that its inside can be changed."""

    def call(*args: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["stepsolve", *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        code = ended.value.code
        assert isinstance(code, int)
        return code, told.out, told.err

    return call


@pytest.fixture
def invalid(tmp_path: Path) -> Path:
    path = tmp_path / "invalid.yaml"
    path.write_text(INVALID, encoding="utf-8")
    return path


# -------------------------------------------------------------------------------- exit status


@pytest.mark.parametrize("path", [GRAPH, CALCULUS])
def test_0_when_all_is_confirmed(path: Path) -> None:
    found = run("run", path)
    assert found.returncode == 0
    assert found.stderr == ""
    assert " passed: " in found.stdout


@pytest.mark.parametrize("path", [GRAPH, CALCULUS])
def test_1_when_a_check_fails(path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepsolve.checking.worksheets.GRADIENT_TOLERANCE", -1.0)
    code, out, err = invoke("run", path)
    assert code == 1
    assert "checks failed" in out and "✗ df/dx: error" in out
    assert " passed" not in out and err == ""


def test_1_is_also_said_in_json(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepsolve.checking.rewrites.TOLERANCE", -1.0)
    code, out, _ = invoke("run", CALCULUS, "--format", "json")
    told = json.loads(out)
    assert code == 1
    assert told["confirmed"] is False
    assert {check["of"] for check in told["checks"] if not check["passed"]} >= {"df/dx"}


def test_a_wrong_rule_is_found_out(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken once on purpose: a sigmoid whose local gradient lacks its second factor."""
    from stepsolve.operations.table import OPERATIONS

    row = OPERATIONS["sigmoid"]
    true = type(row).local_rules
    monkeypatch.setattr(
        type(row),
        "local_rules",
        lambda self, count: true(OPERATIONS["exp"], 1) if self is row else true(self, count),
    )
    code, out, _ = invoke("run", PROBLEMS / "graphs/vanishing-chain.yaml")
    assert code == 1
    assert "✗ dL/dz" in out


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "Usage: stepsolve"),
        (("run",), "Missing argument"),
        (("solve", "x.yaml"), "No such command 'solve'"),
        (("run", GRAPH, "--nope"), "No such option: --nope"),
        (("run", GRAPH, "--format", "pfd"), "'pfd' is not one of terminal, text, json"),
        (("run", GRAPH, "--detail", "some"), "'some' is not one of brief, normal, full"),
        (("explain",), "Missing argument"),
        (("explain", "sigmoyd"), "did you mean sigmoid?"),
        (("new", "grahp"), "did you mean graph?"),
        (("new", "graph", "-o", "/nowhere/x.yaml"), "cannot write /nowhere/x.yaml"),
    ],
)
def test_2_on_bad_usage(args: tuple[object, ...], told: str) -> None:
    found = run(*args)
    assert found.returncode == 2
    assert told in found.stderr
    assert found.stdout == ""


def test_3_when_a_file_is_invalid(invalid: Path) -> None:
    found = run("run", invalid)
    assert found.returncode == 3
    assert found.stdout == ""
    assert found.stderr == (
        f"{invalid}:4:13: y has no value\n"
        "    4 |   - f = x * y\n"
        "      |             ^\n"
        "  hint: give it one, or given: {y: symbol}\n"
    )


@pytest.mark.parametrize("name", ["no-such-file.yaml", ".", ""])
def test_3_when_there_is_no_file(name: str) -> None:
    found = run("run", name)
    assert found.returncode == 3
    assert found.stdout == "" and found.stderr.count("\n") == 1


def test_70_on_what_nobody_foresaw(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: object, **__: object) -> None:
        raise RuntimeError("the sky")

    monkeypatch.setattr("stepsolve.solve", fall)
    code, out, err = invoke("run", GRAPH)
    assert (code, out) == (70, "")
    assert err == (
        f"stepsolve: unforeseen RuntimeError while solving in {GRAPH}: the sky\n"
        "  please report it, with the problem file\n"
    )


@pytest.mark.parametrize("name", ["list", "schema"])
def test_70_in_other_commands(name: str, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: object, **__: object) -> None:
        raise RuntimeError("the sky")

    monkeypatch.setattr("stepsolve.reference.kind_names", fall)
    code, out, err = invoke(name)
    assert (code, out) == (70, "")
    assert "unforeseen RuntimeError" in err


def _heed_interrupts() -> None:
    """What is started in the background of a shell ignores them, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@LINUX
def test_130_when_interrupted(tmp_path: Path) -> None:
    pipe = tmp_path / "slow.yaml"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        command("run", GRAPH, pipe),
        stdout=-1,
        stderr=-1,
        text=True,
        env=environment(),
        preexec_fn=_heed_interrupts,
    )
    with pipe.open("w"):  # opens when the command begins to read, and gives it nothing
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err) == (130, "", "interrupted\n")


@pytest.mark.parametrize("force", ["", "1"])
@pytest.mark.parametrize(
    "args", [("run", GRAPH), ("run", GRAPH, "--format", "json"), ("list",), ("schema",)], ids=str
)
def test_a_closed_pipe_is_left_quietly(args: tuple[object, ...], force: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        found = run(
            *args,
            capture_output=False,
            stdout=writer,
            stderr=-1,
            env=environment(FORCE_COLOR=force),
        )
    finally:
        os.close(writer)
    assert found.stderr == ""
    assert found.returncode == 141


@LINUX
@pytest.mark.parametrize("args", [("run", GRAPH), ("list",)], ids=str)
def test_a_full_disk_is_told_in_plain_words(args: tuple[object, ...]) -> None:
    with open("/dev/full", "w") as full:
        found = run(*args, capture_output=False, stdout=full, stderr=-1)
    assert found.returncode not in (0, 1, 3, 70)
    assert "no space left" in found.stderr.lower()
    assert "unforeseen" not in found.stderr


# ----------------------------------------------------------------------- several files, formats


def test_the_others_are_solved_when_one_is_invalid(invalid: Path) -> None:
    found = run("run", GRAPH, invalid, CALCULUS)
    assert found.returncode == 3
    first, second = found.stdout.index("A sum times"), found.stdout.index("The logistic function")
    assert first < second
    assert found.stderr.startswith(f"{invalid}:4:13: ")


def test_invalid_outweighs_unconfirmed(
    invalid: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stepsolve.checking.worksheets.GRADIENT_TOLERANCE", -1.0)
    assert invoke("run", GRAPH, invalid)[0] == 3
    assert invoke("run", invalid, GRAPH)[0] == 3


def test_one_file_is_an_object_in_json_and_several_are_an_array(invalid: Path) -> None:
    one = json.loads(run("run", GRAPH, "--format", "json").stdout)
    both = json.loads(run("run", GRAPH, CALCULUS, "--format", "json").stdout)
    assert isinstance(one, dict)
    assert [told["title"] for told in both] == ["A sum times a factor", "The logistic function"]
    assert both[0] == one
    # whoever gives several files gets an array, however many of them are valid
    left = json.loads(run("run", GRAPH, invalid, "--format", "json").stdout)
    assert left == [one]


def test_a_dash_is_standard_input() -> None:
    text = GRAPH.read_text(encoding="utf-8")
    assert run("run", "-", input=text).stdout == run("run", GRAPH).stdout
    both = json.loads(run("run", CALCULUS, "-", "--format", "json", input=text).stdout)
    assert [told["kind"] for told in both] == ["derivative", "graph"]
    found = run("run", "-", input=INVALID)
    assert (found.returncode, found.stderr.split(": ")[0]) == (3, "<stdin>:4:13")
    assert run("run", "-", input="").returncode == 3


@pytest.mark.parametrize(
    "file", ["graphs/neuron.yaml", "graphs/sum.yaml", "calculus/sigmoid.yaml", "calculus/tanh.yaml"]
)
def test_the_levels_of_detail_are_nested(file: str, invoke: Invoke) -> None:
    pages = [invoke("run", PROBLEMS / file, "--detail", d)[1] for d in ("brief", "normal", "full")]
    lengths = [page.count("\n") for page in pages]
    assert lengths[0] < lengths[1] < lengths[2]
    assert invoke("run", PROBLEMS / file)[1] == pages[1]
    frame = pages[2][pages[2].rindex("┌") : pages[2].rindex("┘")]
    assert all(frame in page for page in pages)
