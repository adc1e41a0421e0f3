"""Every entry is provoked on the installed packages, and recognised; nothing that is thrown at `explain` breaks it."""

import io
import logging
import os
import random
import re
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import nbclient
import nbformat
import pytest
import tiny
import torch
import transformers
from guards.chinese import punctuation, simplified, spacing, words_to_avoid
from matplotlib import pyplot
from mishaps import PROVOCATIONS, VARIANTS, saved

import course_utils
from course_utils import __main__ as program
from course_utils import explain_last
from course_utils.commands.explain import main
from course_utils.explain import LONGEST, Explanations, explain
from course_utils.explanations import CATALOGUE, DEPENDS, NO, YES, Entry
from course_utils.texts import CourseError

ROOT = Path(__file__).resolve().parent.parent
BY_SLUG = {entry.slug: entry for entry in CATALOGUE}
LOGGERS = ("transformers", "huggingface_hub", "matplotlib")


@pytest.fixture(autouse=True)
def own_settings(own_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_LANGUAGE", "both")


class Ears(logging.Handler):
    """Collects what is logged, as it is shown."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"[{record.name.split('.')[0]}] {record.getMessage()}")


def witness(provoke: Callable[[Path], object], folder: Path) -> tuple[BaseException | None, str]:
    """Run it; return its exception, if any, and its warnings as a terminal would show them."""
    ears, heard = Ears(), io.StringIO()
    transformers.utils.logging.warning_once.cache_clear()
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addHandler(ears)
    error = None
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            redirect_stderr(heard),
            redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("always")
            try:
                provoke(folder)
            except Exception as raised:
                error = raised
    finally:
        for logger in loggers:
            logger.removeHandler(ears)
    shown = [warnings.formatwarning(w.message, w.category, "cell.py", 1) for w in caught]
    return error, "\n".join([*shown, *ears.heard, heard.getvalue()])


def test_the_catalogue_and_the_provocations_are_the_same_list() -> None:
    assert len(BY_SLUG) == len(CATALOGUE) >= 25
    assert BY_SLUG.keys() == PROVOCATIONS.keys()


@pytest.mark.parametrize(
    ("slug", "provoke"),
    [*PROVOCATIONS.items(), *VARIANTS],
    ids=[*PROVOCATIONS, *(f"{slug}-{at}" for at, (slug, _) in enumerate(VARIANTS))],
)
def test_what_really_comes_is_recognised(
    slug: str, provoke: Callable[[Path], object], tmp_path: Path
) -> None:
    error, shown = witness(provoke, tmp_path)
    entry = BY_SLUG[slug]
    if not entry.is_error:
        assert error is None, error
        assert explain(shown)[0] is entry
        return
    assert error is not None
    assert {kind.__name__ for kind in type(error).__mro__} & set(entry.kinds)
    assert explain(error)[0] is entry
    pasted = "".join(traceback.format_exception(error))
    assert explain(pasted)[0] is entry
    assert explain(f"{shown}\n{pasted}")[0] is entry, "the error comes before the warnings of the same log"


@pytest.mark.parametrize("entry", CATALOGUE, ids=BY_SLUG)
def test_an_entry_recognises_its_own_sign(entry: Entry) -> None:
    assert (
        entry in explain(f"{entry.kinds[0]}: {entry.sign}" if entry.kinds else entry.sign)
        or "|" in entry.pattern
    )
    assert explain(entry.slug) == [entry]


@pytest.mark.parametrize("entry", CATALOGUE, ids=BY_SLUG)
def test_an_entry_says_everything_in_both_languages(entry: Entry) -> None:
    assert entry.matters in (YES, NO, DEPENDS)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.slug)
    for text in (entry.meaning, entry.remedy):
        assert re.search(r"[\u4e00-\u9fff]", text.zh) and not re.search(r"[\u4e00-\u9fff]", text.en)
        assert text.en.rstrip(")")[-1] in ".:" and text.zh[-1] in "。）"
        assert words_to_avoid(text.zh) + simplified(text.zh) + spacing(text.zh) + punctuation(text.zh) == []
        assert sorted(re.findall("`[^`]+`", text.en)) == sorted(re.findall("`[^`]+`", text.zh))


NEEDS_THE_HUB = {"no-such-model", "weights-damaged"}
IN_PYTHON = [
    entry for entry in CATALOGUE if entry.code and not entry.is_shell and not entry.code.startswith("%")
]
RUNNABLE = [entry for entry in IN_PYTHON if entry.slug not in NEEDS_THE_HUB]


@pytest.mark.parametrize("entry", RUNNABLE, ids=lambda entry: entry.slug)
def test_the_code_of_a_remedy_runs_and_the_message_does_not_come_back(entry: Entry, tmp_path: Path) -> None:
    code = compile(entry.code, entry.slug, "exec")
    error, shown = witness(lambda folder: exec(code, names_of_a_lesson(folder)), tmp_path)
    assert error is None, "".join(traceback.format_exception(error))
    assert entry not in explain(shown)


def test_the_collator_that_is_advised_keeps_the_ends(tmp_path: Path) -> None:
    """Where padding is the end-of-text token, the usual collator drops the real ends from the labels."""
    names = names_of_a_lesson(tmp_path)
    exec(BY_SLUG["trainer-got-no-loss"].code, names)
    end, examples = names["tokenizer"].eos_token_id, names["examples"]
    usual = transformers.DataCollatorForLanguageModeling(names["tokenizer"], mlm=False)
    ends = {
        kind: (collate(examples)["labels"] == end).sum().item()
        for kind, collate in [
            ("usual", lambda rows: usual([{"input_ids": row["input_ids"]} for row in rows])),
            ("advised", names["collator"]),
        ]
    }
    assert ends == {"usual": 0, "advised": len(examples)}
    assert (names["collator"](examples)["labels"] == -100).sum() == 2  # the padding


def names_of_a_lesson(folder: Path) -> dict[str, object]:
    """What a learner's notebook has by the time that something goes wrong."""
    model, tokenizer = tiny.build(n_positions=64), tiny.byte_tokenizer()
    tokenizer.pad_token = tokenizer.eos_token
    inputs = tokenizer("Hello", return_tensors="pt")
    outputs = model(**inputs, use_cache=True)
    return {
        **{name: getattr(transformers, name) for name in LIBRARY},
        **{
            "torch": torch,
            "F": torch.nn.functional,
            "plt": pyplot,
            "DataLoader": torch.utils.data.DataLoader,
        },
        **{
            "model": model,
            "lm": model,
            "base": tiny.build(n_positions=64).transformer,
            "tokenizer": tokenizer,
        },
        **{"inputs": inputs, **inputs, "outputs": outputs, "cache": outputs.cache, "wanted_length": 3},
        **{"logits": outputs.logits.detach(), "hidden": torch.ones(5, 16), "weight": model.lm_head.weight},
        **{"losses": torch.ones(3, requires_grad=True), "loss": None, "arguments": None},
        **{"text": "Hello", "texts": ["a", "abc"], "prompts": ["a", "abc"], "folder": str(folder / "new")},
        **dict.fromkeys(("CHECKPOINT", "name"), saved(folder / "checkpoint", n_positions=64)),
    }


LIBRARY = (
    *(
        "AutoModel",
        "DynamicCache",
        "GPT2Config",
        "GPT2ForSequenceClassification",
        "GPT2LMHeadModel",
        "GPT2Model",
    ),
    *("TextStreamer", "Trainer", "TrainingArguments", "pipeline"),
)


def raised(action: Callable[[], object]) -> Exception:
    try:
        action()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    "hostile",
    [
        None,
        "",
        " \n\t",
        b"",
        b"\x00\xff\xfe\x80" * 100,
        os.urandom(10_000),
        "\x00" * 1000,
        "\x1b[31m" * 1000,
        "（" * 1000,
        "\ud800",
        42,
        object(),
        [],
        {"a": 1},
        Exception(),
        KeyError(),
        SystemExit(1),
        ExceptionGroup("several", [ValueError("a"), TypeError("b")]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_hostile_input_finds_nothing_and_says_what_to_do(hostile: object) -> None:
    found = explain(hostile)
    assert isinstance(found, Explanations) and found == []
    assert "course_utils doctor" in repr(found) and "清單裡沒有" in repr(found)
    assert '<div lang="en">' in found._repr_markdown_()


class MuteError(Exception):
    """An exception that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


def circle() -> Exception:
    """Two exceptions, each the cause of the other."""
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    return one


def long_chain() -> Exception:
    error = ValueError("at the bottom")
    for _ in range(3000):
        error, error.__cause__ = ValueError("above"), error
    return error


def deep() -> Exception:
    def dig() -> None:
        dig()

    return raised(dig)


@pytest.mark.parametrize("make", [MuteError, circle, long_chain, deep])
def test_hostile_exceptions(make: Callable[[], object]) -> None:
    assert explain(make()) == []


SIGNS = [f"{entry.title}\n" for entry in CATALOGUE]
LOGS = {
    "many lines": "step 1: loss 3.14, 9000 tokens/s\n" * 32_000,
    "one line": "x" * 1_000_000,
    "spaces": "|" + " " * 1_000_000,
    "bars": "| " * 500_000,
    "headings": "ValueError: \n" * 80_000,
    "frames": "    wte wpe attentions = 1\n" * 40_000 + "IndexError: index out of range in self",
    "every message": "".join(SIGNS) * (1_000_000 // len("".join(SIGNS))),
    "beginnings": "Repo id must Unrecognized model in Glyph 1 (`a` `max_new_tokens` Both " * 15_000,
    "names": "name '" + "a" * 1_000_000,
    "words": ("name 'a No module named 'a. " + "a" * 90) * 8_000,
    "random": "".join(random.Random(0).choices("' `()[]|:.aE1\n", k=1_000_000)),
}


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_a_megabyte_takes_less_than_a_second_of_processor_time(log: str) -> None:
    explain("warm up the patterns")
    start = time.process_time()
    explain(log)
    assert time.process_time() - start < 1


def test_of_a_huge_text_the_beginning_and_the_end_are_read() -> None:
    filling = "a line of a log\n" * (LONGEST // 10)
    first, last = BY_SLUG["two-lengths"], BY_SLUG["out-of-memory"]
    assert explain(first.sign + filling + last.sign) == [last, first]


def test_a_message_alone_names_every_cause_and_a_traceback_the_right_one(tmp_path: Path) -> None:
    both_causes = {"past-the-last-position", "token-id-out-of-range"}
    assert {entry.slug for entry in explain("index out of range in self")} == both_causes
    error, _ = witness(PROVOCATIONS["token-id-out-of-range"], tmp_path)
    assert [entry.slug for entry in explain(error)] == ["token-id-out-of-range"]


@pytest.mark.parametrize(
    "action",
    [
        lambda: ()[0],
        lambda: {}["size"],
        lambda: [].shape,
        lambda: "".size,
        lambda: range(1.5),
        lambda: torch.ones(2, 2)[0, 0, 0],
        lambda: torch.nn.Embedding(2, 2)(torch.tensor([5])),
    ],
)
def test_an_error_that_only_resembles_an_entry_is_not_explained(action: Callable[[], object]) -> None:
    assert explain(raised(action)) == []


def test_the_error_comes_before_its_causes() -> None:
    def fail() -> None:
        try:
            raise NameError("name 'model' is not defined")
        except NameError as error:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x2)") from error

    assert [entry.slug for entry in explain(raised(fail))] == ["shapes-do-not-fit", "name-not-defined"]


def test_what_python_itself_says_of_a_missing_module() -> None:
    assert [entry.slug for entry in explain("python: No module named jupyter")] == [
        "package-not-in-this-kernel"
    ]


def test_messages_may_be_wrapped_and_coloured() -> None:
    wrapped = "\x1b[31mRuntimeError\x1b[0m: grad can be implicitly\r\n    created only for\n scalar outputs"
    assert [entry.slug for entry in explain(wrapped)] == ["backward-needs-one-number"]


# In a notebook


def shell_says(*cells: str) -> str:
    """Run cells in an IPython of their own, without colours; return what it printed."""
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance(colors='nocolor')\n"
        f"for cell in {cells!r}: shell.run_cell(cell)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "COURSE_LANGUAGE": "en"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout


def test_explain_last_in_a_shell_and_the_traceback_that_it_shows() -> None:
    shown = shell_says(
        "import tiny, torch; model = tiny.build()",
        "model(torch.zeros(1, 60, dtype=torch.long))",
        "from course_utils import explain_last",
        "print('then:', [entry.slug for entry in explain_last()])",
        "print(____)",
        "print('then:', [entry.slug for entry in explain_last()])",
    )
    assert re.findall("then: (.*)", shown) == ["['past-the-last-position']", "['blank-left-open']"]
    pasted = shown.split("then:")[0]
    assert "IndexError" in pasted
    assert [entry.slug for entry in explain(pasted)] == ["past-the-last-position"]


def test_explain_last_where_nothing_went_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("last_exc", "last_value"):
        monkeypatch.delattr(sys, name, raising=False)
    assert explain_last() == []
    assert "還沒有發生過錯誤" in repr(explain_last())


def test_explain_last_takes_what_python_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "last_exc", raising=False)
    monkeypatch.setattr(sys, "last_value", NameError("name 'x' is not defined"), raising=False)
    assert [entry.slug for entry in explain_last()] == ["name-not-defined"]
    monkeypatch.setattr(sys, "last_exc", NameError("name '____' is not defined"), raising=False)
    assert [entry.slug for entry in explain_last()] == ["blank-left-open"]


def test_markdown_holds_both_languages_and_text_the_learners(monkeypatch: pytest.MonkeyPatch) -> None:
    found = explain("name '____' is not defined")
    markdown = found._repr_markdown_()
    assert markdown.index('<div lang="zh-Hant">') < markdown.index('<div lang="en">')
    assert "**怎麼做：**" in markdown and "**What to do:**" in markdown
    monkeypatch.setenv("COURSE_LANGUAGE", "zh")
    assert "怎麼做：" in repr(found) and "What to do" not in repr(found)
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    assert "What to do:" in repr(found) and "怎麼做" not in repr(found)


def test_of_many_entries_the_first_are_shown_and_the_others_named() -> None:
    shown = repr(explain("".join(SIGNS)))
    assert shown.count("What it means:") == 5 and "Also: " in shown and "還有：" in shown


def test_in_jupyter_it_is_markdown_and_its_coloured_tracebacks_are_read() -> None:
    cells = (
        "import tiny, torch; tiny.build()(torch.tensor([[1000]]))",
        "from course_utils import explain_last; explain_last()",
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    nbclient.NotebookClient(notebook, allow_errors=True).execute(env={**os.environ, "PYTHONPATH": paths})
    (error,), (shown,) = (cell.outputs for cell in notebook.cells)
    assert "\x1b[" in "".join(error.traceback)
    assert [entry.slug for entry in explain("\n".join(error.traceback))] == ["token-id-out-of-range"]
    assert "**What to do:**" in shown.data["text/markdown"] and "怎麼做：" in shown.data["text/plain"]


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("NameError: name 'tokeniser' is not defined", "NameError: name 'tokeniser' is not defined"),
        ("name 'tokeniser' is not defined", "NameError: name 'tokeniser' is not defined"),
        ("x\nModuleNotFoundError: No module named 'nunpy'\n", "ModuleNotFoundError: No module named 'nunpy'"),
        ("NameError: name '____' is not defined.\nmore", "NameError: name '____' is not defined."),
        (
            "RuntimeError: grad can be implicitly\n  created only for\n scalar outputs\nx",
            "RuntimeError: grad can be implicitly created only for scalar outputs",
        ),
        (CourseError("Choose.", "請選擇。"), "CourseError: 請選擇。 Choose."),
        ("name-not-defined", "NameError: name 'model' is not defined"),
    ],
)
def test_the_heading_is_the_learners_own_message(message: object, title: str) -> None:
    found = explain(message)
    assert repr(found).startswith(f"■ {title}\n")
    assert f"**`` {title} ``**" in found._repr_markdown_()


def test_a_message_cannot_break_out_of_its_heading() -> None:
    found = explain("NameError: name 'x' is not defined ``**<b>" + "y" * 1000)
    first = found._repr_markdown_().split("\n")[2]
    assert first.startswith("**`` NameError") and first.count("``") == 2 and len(first) < 200


# On the command line


def run(monkeypatch, capsys, *argv: str, stdin: bytes | None = None) -> tuple[int, str]:
    """Run the command; return its status and what it printed."""
    stream = io.TextIOWrapper(io.BytesIO(stdin or b""), encoding="ascii")
    monkeypatch.setattr(sys, "stdin", stream)
    status = program.main(["explain", *argv])
    return status, capsys.readouterr().out


def test_a_message_on_the_command_line(monkeypatch, capsys) -> None:
    status, out = run(monkeypatch, capsys, "IndexError: index out of range in self")
    assert status == 0 and "[past-the-last-position]" in out and "[token-id-out-of-range]" in out


def test_a_log_on_standard_input_in_any_encoding(monkeypatch, capsys) -> None:
    log = "步驟 1\n".encode("big5") + b"NameError: name 'model' is not defined\n"
    status, out = run(monkeypatch, capsys, stdin=log)
    assert status == 0 and "[name-not-defined]" in out


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-8-sig"]
)  # as PowerShell 5 writes `2> log.txt`, as Notepad does
def test_a_log_that_names_its_encoding(monkeypatch, capsys, encoding: str) -> None:
    log = "no-length-given".encode(encoding)
    status, out = run(monkeypatch, capsys, stdin=log)
    assert status == 0 and "[no-length-given]" in out
    assert [entry.slug for entry in explain(log)] == ["no-length-given"]


def test_a_message_may_begin_with_a_dash(monkeypatch, capsys) -> None:
    status, out = run(monkeypatch, capsys, "-" * 75, "NameError: name 'model' is not defined")
    assert status == 0 and "[name-not-defined]" in out
    for message in ("-" * 75, "-foo=bar", "-house"):
        assert run(monkeypatch, capsys, message)[0] == 1


def test_a_terminal_is_asked_to_paste(monkeypatch, capsys) -> None:
    terminal = io.StringIO("Using the model-agnostic default `max_length` (=20)\n")
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", terminal)
    assert main([]) == 0
    said = capsys.readouterr()
    assert "[no-length-given]" in said.out and "Ctrl-D" in said.err


def test_what_is_not_known_is_status_1_and_nothing_at_all_is_help(monkeypatch, capsys) -> None:
    status, out = run(monkeypatch, capsys, "no such message")
    assert status == 1 and "course_utils doctor" in out
    status, out = run(monkeypatch, capsys)
    assert status == 2 and "usage" in out


def test_list_and_help(monkeypatch, capsys) -> None:
    status, out = run(monkeypatch, capsys, "--list")
    assert status == 0 and all(entry.slug in out for entry in CATALOGUE)
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    assert "標準輸入" in capsys.readouterr().out
    assert "explain" in program.usage()


def test_the_name_explain_is_the_module_and_explain_last_the_function() -> None:
    assert course_utils.explain.explain is explain
    assert course_utils.explain_last is explain_last is course_utils.explain.explain_last


def test_the_commands_start_without_torch() -> None:
    code = "import sys; from course_utils.explain import explain; explain('x'); print('torch' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "False"


def test_an_error_of_the_course_keeps_its_own_words() -> None:
    assert [entry.slug for entry in explain(CourseError("Choose.", "請選擇。"))] == ["course-error"]


def test_the_message_of_a_resize_is_not_silenced_by_breaking_the_model() -> None:
    """`mean_resizing=False` gives a new token nearly all of the probability, where logits lie far below 0."""
    entry = BY_SLUG["new-embeddings-resized"]
    assert "False" not in entry.code
    assert all("Do not" in text or "不要" in text for text in (entry.remedy.en, entry.remedy.zh))
