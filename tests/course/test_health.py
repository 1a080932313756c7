"""``python course.py check``: a line for everything, in words, and all of it in any case."""

import re
import sys

import pytest
import torch

from coursekit.course import health
from coursekit.data.files import FileReport, read_checksums


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (health.python_line, r"^Python 3\.\d+\.\d+\S* on \w+ \S+$"),
        (health.torch_line, r"^PyTorch \S+ multiplies matrices with \d+ threads$"),
        (health.device_line, r"^CPU\b"),
        (health.kernel_line, r"^a notebook kernel started and computed$"),
        (
            health.widgets_line,
            r"^an explorer drew its picture; .* widgets are version \d",
        ),
        (health.data_line, r"^\d+ data files, all as published$"),
    ],
)
def test_each_check_on_this_machine(check, words):
    assert re.search(words, check())


def test_the_figures_of_the_lines_are_this_machines():
    assert torch.__version__ in health.torch_line()
    assert health.data_line().startswith(f"{len(read_checksums())} data files")
    assert health.python_line().startswith(f"Python {sys.version.split()[0]} ")


def test_every_check_of_the_module_is_made():
    functions = {f for n, f in vars(health).items() if n.endswith("_line")}
    assert functions == {check for _, check in health.CHECKS}


def lines(capsys):
    return capsys.readouterr().out.splitlines()


def test_all_well(monkeypatch, capsys):
    monkeypatch.setattr(health, "CHECKS", (("One", lambda: "fine"), ("Two", lambda: "good")))
    assert health.main() == 0
    assert lines(capsys) == ["ok    One: fine", "ok    Two: good", "Everything works."]


@pytest.mark.parametrize("number", range(len(health.CHECKS)))
@pytest.mark.parametrize("error", [RuntimeError, ImportError, OSError, KeyError])
def test_one_failure_is_told_and_the_others_still_run(monkeypatch, capsys, number, error):
    def broken():
        raise error("the thing is not there")

    checks = [(name, lambda: "fine") for name, _ in health.CHECKS]
    name = checks[number][0]
    checks[number] = (name, broken)
    monkeypatch.setattr(health, "CHECKS", tuple(checks))
    assert health.main() == 1
    *rows, end = lines(capsys)
    assert len(rows) == len(checks)
    assert [line.startswith("ok    ") for line in rows] == [i != number for i in range(len(checks))]
    assert rows[number].startswith(f"FAIL  {name}: ") and "the thing is not there" in rows[number]
    assert end == f"1 of {len(checks)} checks failed."


def test_a_failure_without_words_is_named(monkeypatch, capsys):
    def broken():
        raise NotImplementedError

    monkeypatch.setattr(health, "CHECKS", (("One", broken),))
    assert health.main() == 1
    assert lines(capsys)[0] == "FAIL  One: NotImplementedError"


def test_an_old_python_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 2, "final", 0))
    with pytest.raises(RuntimeError, match=r"too old; 3\.11 is needed"):
        health.python_line()


def test_a_wrong_product_is_found(monkeypatch):
    monkeypatch.setattr(torch.Tensor, "tolist", lambda x: [[5.0, 14.0], [14.0, 51.0]])
    with pytest.raises(RuntimeError, match="wrong matrix product"):
        health.torch_line()


def test_a_bad_data_file_is_told_with_its_own_line(monkeypatch):
    reports = [FileReport("a", True, "a: good"), FileReport("b", False, "b is missing; git ...")]
    monkeypatch.setattr(health, "check_all", lambda: reports)
    with pytest.raises(RuntimeError, match=r"^b is missing; git \.\.\.$"):
        health.data_line()


def test_an_explorer_without_a_picture_is_told(monkeypatch):
    class Blank:
        picture = b""

    monkeypatch.setattr("coursekit.course.widgets.gallery.EXPLORERS", {"lines": Blank})
    with pytest.raises(RuntimeError, match="drew no picture"):
        health.widgets_line()


def test_a_kernel_that_cannot_compute_is_told_and_stopped(monkeypatch):
    stopped = []

    class Client:
        def execute_interactive(self, code, timeout):
            return {"content": {"status": "error"}}

        def stop_channels(self):
            stopped.append("client")

    class Manager:
        def shutdown_kernel(self, now):
            stopped.append("kernel")

    monkeypatch.setattr(
        "jupyter_client.manager.start_new_kernel", lambda **options: (Manager(), Client())
    )
    with pytest.raises(RuntimeError, match="could not compute"):
        health.kernel_line()
    assert stopped == ["client", "kernel"]


@pytest.mark.parametrize(
    ("cuda", "mps", "words"),
    [
        (True, False, "a CUDA GPU, Model X"),
        (False, True, "an Apple GPU (mps)"),
        (False, False, "CPU, which is all the lessons need"),
    ],
)
def test_device_in_words(monkeypatch, cuda, mps, words):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Model X")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert words in health.device_line()
