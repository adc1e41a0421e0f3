"""Why tests may be skipped: each reason in the suite is one that `.ci/check_skips.py` knows, or something to install."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_readme import script

HERE = Path(__file__).resolve().parent
SKIPPING = {"skip", "skipif", "importorskip"}
INSTALLABLE = ("git is not installed", "playwright is not installed", "no Chromium")
check_skips = script("check_skips")


def text_of(node: ast.expr) -> str:
    """The text of a literal, as far as it stands there: an f-string's beginning."""
    if isinstance(node, ast.JoinedStr):
        node = node.values[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def reasons(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and reason of everything in a file that can skip a test; "" for a reason that is no literal."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = ast.unparse(node.func.value)
        if node.func.attr in SKIPPING and owner in ("pytest", "pytest.mark"):
            named = [one.value for one in node.keywords if one.arg in ("reason", "msg")]
            first = node.args[:1] if node.func.attr == "skip" else []
            yield node.lineno, next(map(text_of, [*named, *first]), "")


EVERY = {
    f"{path.relative_to(HERE).as_posix()}:{line}": reason
    for path in sorted(HERE.rglob("*.py"))
    for line, reason in reasons(path.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("where", EVERY)
def test_its_reason_is_known_to_ci(where):
    reason = EVERY[where]
    assert check_skips.ALLOWED.match(reason) or reason.startswith(INSTALLABLE), (
        f"{where}: a test skipped with {reason!r} would turn a job red that cannot help it"
    )


def test_what_can_be_installed_is_no_excuse():
    assert not any(check_skips.ALLOWED.match(reason) for reason in INSTALLABLE)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('@pytest.mark.skipif(x, reason="no SIGKILL")\ndef f(): pass', ["no SIGKILL"]),
        ('pytest.skip("late")\npytest.skip(reason="named")', ["late", "named"]),
        ('pytest.importorskip("resource")', [""]),
        ('pytest.skip(f"no Chromium: {error}")', ["no Chromium: "]),
        ("pytest.skip(REASON)", [""]),
        ("other.skip(1)", []),
    ],
)
def test_every_way_of_skipping_is_seen(source, found):
    assert [reason for _, reason in reasons(source)] == found
