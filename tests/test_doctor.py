"""The doctor: a verdict and a remedy for everything, in both languages, and a meaningful exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from course_utils import checkpoints, machine
from course_utils.commands import doctor
from course_utils.commands.doctor import OK, PROBLEM, WARNING, Finding
from course_utils.texts import Bilingual, CourseError


@pytest.fixture(autouse=True)
def own_settings(own_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_LANGUAGE", "both")
    monkeypatch.delenv("COURSE_CHECKPOINT", raising=False)


def only(check) -> Finding:
    """The one finding of a check."""
    (finding,) = check()
    return finding


def assert_has_remedy(finding: Finding) -> None:
    assert bool(finding.remedy) == (finding.verdict != OK)


def test_here_every_check_runs_and_what_is_not_well_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "hub_answers", lambda: False)
    findings = list(doctor.examine(doctor.CHECKS))
    for finding in findings:
        assert_has_remedy(finding)
        assert "could not be checked" not in finding.fact.en
    assert {"the Hugging Face hub does not answer"} <= {finding.fact.en for finding in findings}
    assert any(finding.fact.en.startswith(f"torch {metadata.version('torch')}") for finding in findings)


def run_main(monkeypatch: pytest.MonkeyPatch, *verdicts: str, argv: tuple[str, ...] = ()) -> int:
    def check() -> Iterator[Finding]:
        for verdict in verdicts:
            yield Finding(
                verdict,
                Bilingual(f"a {verdict}", "某事"),
                None if verdict == OK else Bilingual("Mend it.", "修好它。"),
            )

    monkeypatch.setattr(doctor, "CHECKS", (check,))
    return doctor.main(list(argv))


@pytest.mark.parametrize(
    ("verdicts", "status", "ending"),
    [
        ((OK,), 0, "一切正常。\nAll is well."),
        ((OK, WARNING), 0, "The course can run; 1 to know about (!)."),
        ((WARNING, PROBLEM, OK), 1, "1 to mend before the course can run (✗), 1 to know about (!)."),
    ],
)
def test_only_a_problem_fails(verdicts, status: int, ending: str, monkeypatch, capsys) -> None:
    assert run_main(monkeypatch, *verdicts) == status
    assert capsys.readouterr().out.rstrip().endswith(ending)


def test_a_finding_is_shown_with_mark_and_remedy_in_both_languages(monkeypatch, capsys) -> None:
    run_main(monkeypatch, PROBLEM)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["✗ 某事 | a problem", "    → 修好它。", "    → Mend it."]


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "✗ a problem\n    → Mend it."), ("zh", "✗ 某事\n    → 修好它。")]
)
def test_a_finding_is_shown_in_the_language_of_the_learner(
    language: str, expected: str, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("COURSE_LANGUAGE", language)
    run_main(monkeypatch, PROBLEM)
    assert capsys.readouterr().out.startswith(expected + "\n")


@pytest.mark.skipif(os.name == "nt", reason="needs another operating system: one with broken pipes")
def test_a_reader_that_has_gone_is_no_error() -> None:
    """`python -m course_utils doctor | head -1`, for any command."""
    end, start = os.pipe()
    os.close(end)
    done = subprocess.run(
        [sys.executable, "-m", "course_utils", "explain", "--list"], stdout=start, stderr=subprocess.PIPE
    )
    os.close(start)
    assert (done.returncode, done.stderr) == (141, b"")


def test_json_is_json(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    assert run_main(monkeypatch, OK, PROBLEM, argv=("--json",)) == 1
    findings = json.loads(capsys.readouterr().out)
    assert [finding["verdict"] for finding in findings] == [OK, PROBLEM]
    assert findings[1]["remedy_en"] == "Mend it."


def test_a_check_that_crashes_is_a_warning_and_the_others_run(monkeypatch, capsys) -> None:
    def check_broken() -> Iterator[Finding]:
        raise RuntimeError("oh")
        yield

    monkeypatch.setattr(doctor, "CHECKS", (check_broken, doctor.check_python))
    assert doctor.main([]) == 0
    out = capsys.readouterr().out
    assert "broken: could not be checked (RuntimeError: oh)" in out
    assert "✓ Python 3" in out


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("no-such-package-here>=1", PROBLEM),
        ("transformers<5", PROBLEM),
        ("numpy<1", WARNING),
        ("torch>=2.13.0", OK),
        ("numpy", OK),
    ],
)
def test_a_package_is_held_against_its_pin(line: str, verdict: str) -> None:
    finding = doctor.compare(Requirement(line))
    assert finding.verdict == verdict
    assert_has_remedy(finding)


def test_pins_are_read_with_and_without_an_installed_course(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "requires", lambda _: ["torch==2.13.0", 'pytest; extra == "test"'])
    assert [str(one) for one in doctor.requirements()] == ["torch==2.13.0"]

    def missing(_: str) -> None:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "requires", missing)
    assert "torch==2.13.0" in [str(one) for one in doctor.requirements()]


def test_an_old_python_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    assert only(doctor.check_python).verdict == PROBLEM


def test_a_torch_that_cannot_be_loaded_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    finding = only(doctor.check_torch)
    assert finding.verdict == PROBLEM
    assert_has_remedy(finding)


@pytest.mark.parametrize(("size", "verdict"), [(None, WARNING), (2**30, WARNING), (2**33, OK)])
def test_memory(size: int | None, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "memory_bytes", lambda: size)
    finding = only(doctor.check_memory)
    assert finding.verdict == verdict
    assert_has_remedy(finding)


def test_memory_is_known_here_and_plausible() -> None:
    size = machine.memory_bytes()
    assert size is not None
    assert 2**28 < size < 2**50


def test_a_single_core_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert only(doctor.check_cores).verdict == WARNING


def test_the_bundled_model_is_checked_even_where_another_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    def checkpoint(name: str) -> str:
        if name == "bundled":
            return str(checkpoints.BUNDLED)
        raise CourseError("Broken.", "壞了。")

    monkeypatch.setattr(checkpoints, "checkpoint", checkpoint)
    assert [finding.verdict for finding in doctor.check_checkpoint()] == [OK]
    monkeypatch.setenv("COURSE_CHECKPOINT", "gpt2")
    bundled, chosen = doctor.check_checkpoint()
    assert (bundled.verdict, chosen.verdict) == (OK, PROBLEM)
    assert (chosen.remedy.en, chosen.remedy.zh) == ("Broken.", "壞了。")


@pytest.mark.parametrize(("answers", "verdict"), [(True, OK), (False, WARNING)])
def test_network(answers: bool, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "hub_answers", lambda: answers)
    assert only(doctor.check_network).verdict == verdict


def test_cached_models_are_those_of_gpt2_with_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert doctor.cached_models() == []
    for name, kind, weights in [
        ("a--b", "gpt2", True),
        ("c", "gpt2", False),
        ("d", "bert", True),
        ("gpt2", "gpt2", True),
    ]:
        folder = tmp_path / f"models--{name}" / "snapshots" / "0"
        folder.mkdir(parents=True)
        (folder.parents[1] / "refs").mkdir()
        (folder.parents[1] / "refs" / "main").write_text("0", encoding="utf-8")
        (folder / "config.json").write_text(json.dumps({"model_type": kind}), encoding="utf-8")
        if weights:
            (folder / "model.safetensors").touch()
    assert doctor.cached_models() == ["a/b", "gpt2"]
    partial, whole = doctor.check_cached_models()
    assert "a/b, gpt2" in whole.fact.en and whole.verdict == OK
    assert partial.fact.en.endswith(": c") and "checkpoint('c')" in partial.remedy.en
    (tmp_path / "models--gpt2" / "refs" / "main").unlink()  # its files are there, and its name leads nowhere
    assert doctor.cached_models() == ["a/b"]
    for finding in (partial, whole):
        assert_has_remedy(finding)


@pytest.mark.parametrize("damaged", ["refs/main", "snapshots"])
def test_a_damaged_entry_of_the_cache_does_not_hide_the_others(
    damaged: str, tmp_path: Path, monkeypatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    for name in ("gpt2", "distilgpt2"):
        for file, content in {
            "refs/main": "0",
            "snapshots/0/config.json": '{"model_type": "gpt2"}',
            "snapshots/0/model.safetensors": "",
        }.items():
            (tmp_path / f"models--{name}" / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / f"models--{name}" / file).write_text(content, encoding="utf-8")
    place = tmp_path / "models--gpt2" / damaged
    if place.is_dir():
        place.rename(tmp_path / "moved")
    place.write_bytes(b"\xff\xfe\0")
    partial, whole = doctor.check_cached_models()
    assert partial.fact.en.endswith(": gpt2") and whole.fact.en.endswith(": distilgpt2")


def test_a_file_in_the_place_of_the_cache_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    (tmp_path / "file").touch()
    for cache in (tmp_path / "file", tmp_path / "file" / "hub"):
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        finding = only(doctor.check_cached_models)
        assert f"{tmp_path / 'file'} is not a folder" in finding.fact.en and "HF_HOME" in finding.remedy.en
        assert_has_remedy(finding)
        assert doctor.cached_models() == []


def test_a_cache_that_nobody_can_write_is_named_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(doctor.folders, "is_writable", lambda place: place != tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--gpt2"
    for name, content in {
        "refs/main": "0",
        "snapshots/0/config.json": '{"model_type": "gpt2"}',
        "snapshots/0/model.safetensors": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    for offline, verdict in ((True, OK), (False, WARNING)):
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
        finding = only(doctor.check_cached_models)
        assert (finding.verdict, str(tmp_path) in finding.fact.en, "唯讀" in finding.fact.zh) == (
            verdict,
            True,
            True,
        )
        assert_has_remedy(finding)


@pytest.mark.parametrize(
    ("command", "verdict"), [(sys.executable, OK), ("python", OK), ("/other/python", WARNING)]
)
def test_the_kernel_is_this_python(command: str, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_client import kernelspec

    found = kernelspec.KernelSpec(argv=[command])
    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", lambda *_: found)
    finding = only(doctor.check_kernel)
    assert finding.verdict == verdict
    assert_has_remedy(finding)


def test_no_kernel_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_client import kernelspec

    def missing(*_: object) -> None:
        raise kernelspec.NoSuchKernel("python3")

    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", missing)
    assert only(doctor.check_kernel).verdict == PROBLEM


def test_without_the_widget_extension_there_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jupyter_core import paths

    monkeypatch.setattr(paths, "jupyter_path", lambda: [str(tmp_path)])
    finding = only(doctor.check_widgets)
    assert finding.verdict == WARNING
    assert_has_remedy(finding)


def test_the_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ASSETS", tmp_path)
    assert only(doctor.check_fonts).verdict == WARNING
    (tmp_path / "fonts").mkdir(parents=True)
    (tmp_path / "fonts" / "a.otf").touch()
    assert only(doctor.check_fonts).verdict == OK


def test_a_data_folder_that_cannot_be_made_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert only(doctor.check_data_folder).verdict == OK
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "file" / "below"))
    assert only(doctor.check_data_folder).verdict == WARNING
