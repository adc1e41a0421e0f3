"""Guards over what a notebook stores: counts, outputs, metadata, marks, paths, size."""

import ast
import json
import re
import tempfile
from pathlib import Path

from course_utils import folders

from .reading import code_cells, joined, name, output_texts, source

LIMIT_BYTES = 1_000_000
REASON = re.compile(r"#\s*not compared:\s*\S+(?:\s+\S+){2,}", re.I)
MARKS = ("NBVAL_IGNORE_OUTPUT", "PYTEST_VALIDATE_IGNORE_OUTPUT")
FORBIDDEN_MARKS = ("NBVAL_SKIP",)
ONLY_A_NAME = re.compile(r"\s*\[?(?:<[\w.]+:?(?: [^<>]*)?>[\s,]*)+\]?\s*")

_OWN = {
    Path(p).parts[1]
    for p in (folders.home_folder(), Path(__file__).resolve(), Path(tempfile.gettempdir()))
    if p is not None and p.is_absolute() and len(p.parts) > 1 and p.parts[0] == "/"
}
_TOPS = sorted(
    _OWN | {"home", "Users", "root", "tmp", "private", "var", "opt", "mnt", "usr", "srv", "media", "content"}
)
POSIX_PATH = re.compile(r"(?<![\w.:/~>])/(?:" + "|".join(map(re.escape, _TOPS)) + r")/[\w.~-]+")
WINDOWS_PATH = re.compile(
    r"\b[A-Z]:(?:\\+|/)(?:Users|Windows|Program|Temp|Python|Anaconda|Documents)\b", re.I
)
FILE_URL = re.compile(r"file://\S+")
HOME_FILE = re.compile(r"File\s+(?:\x1b\[[\d;]*m)*~/\S+")


def execution_counts(notebook: dict) -> list[str]:
    """Every code cell was run, in order: strict nbval does not compare a cell without an execution count."""
    found = []
    for expected, cell in enumerate(code_cells(notebook), 1):
        count = cell.get("execution_count")
        if count != expected:
            found.append(
                f"{name(cell)}: execution count {count}, not {expected}; run `python -m course_utils refresh`"
            )
    return found


def stored_outputs(notebook: dict) -> list[str]:
    """A cell that prints or displays at its top level has outputs stored."""
    return [
        f"{name(cell)}: it prints or displays, and no output is stored; run `python -m course_utils refresh`"
        for cell in code_cells(notebook)
        if not cell.get("outputs") and _shows_something(source(cell))
    ]


def _shows_something(code: str) -> bool:
    try:
        body = ast.parse(code).body
    except SyntaxError:  # a magic
        return False
    calls = [node.value for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    return any(isinstance(call.func, ast.Name) and call.func.id in ("print", "display") for call in calls)


def widget_state(notebook: dict) -> list[str]:
    """No widget state, which is large, random and stale, and no execution times."""
    found = []
    if "widgets" in notebook.get("metadata", {}):
        found.append("notebook metadata: widget state is stored; run `python -m course_utils refresh`")
    for cell in notebook["cells"]:
        for key in ("widgets", "execution", "ExecuteTime"):
            if key in cell.get("metadata", {}):
                found.append(
                    f"{name(cell)}: `{key}` in the cell's metadata; run `python -m course_utils refresh`"
                )
    return found


def promised_errors(notebook: dict) -> list[str]:
    """Errors stand only where the tag `raises-exception` promises one; and there they do stand.

    The tag permits an exception and does not require one; the stored error, which nbval compares, requires
    it.
    """
    found = []
    for cell in code_cells(notebook):
        promised = "raises-exception" in cell.get("metadata", {}).get("tags", [])
        stored = any(output.get("output_type") == "error" for output in cell.get("outputs", []))
        if stored and not promised:
            found.append(
                f"{name(cell)}: an error is stored; mend the cell, or tag it raises-exception if it is meant"
            )
        if promised and not stored:
            found.append(
                f"{name(cell)}: tagged raises-exception, and no error is stored; drop the tag or run it again"
            )
        if re.search(r"#\s*NBVAL_RAISES_EXCEPTION", source(cell)):
            found.append(
                f"{name(cell)}: use the tag raises-exception, which Jupyter knows too, not the comment"
            )
    return found


def no_stderr(notebook: dict) -> list[str]:
    """Nothing on stderr: a learner reads a warning as a fault."""
    return [
        f"{name(cell)}: stderr is stored ({joined(output.get('text', ''))[:60]!r}); silence its cause"
        for cell in code_cells(notebook)
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]


def reasoned_marks(notebook: dict) -> list[str]:
    """An ignore-output mark has its reason beside it, as a comment `# not compared: …`; nothing is
    skipped."""
    found = []
    for cell in code_cells(notebook):
        text = source(cell)
        tags = {tag.upper().replace("-", "_") for tag in cell.get("metadata", {}).get("tags", [])}
        tags |= {
            line.strip().lstrip("#").strip() for line in text.splitlines() if line.strip().startswith("#")
        }
        if tags & set(FORBIDDEN_MARKS):
            found.append(f"{name(cell)}: nbval is told to skip it; let it run")
        if tags & set(MARKS) and not REASON.search(text):
            found.append(
                f"{name(cell)}: its output is not compared; say why in a comment `# not compared: …`, "
                "or print only what does not vary"
            )
    return found


def no_paths(notebook: dict) -> list[str]:
    """No absolute path of anybody's machine, in sources or outputs."""
    found = []
    for cell in notebook["cells"]:
        texts = [("source", source(cell))]
        texts += [("output", text) for output in cell.get("outputs", []) for _, text in output_texts(output)]
        for where, text in texts:
            patterns = [POSIX_PATH, WINDOWS_PATH, FILE_URL] + ([HOME_FILE] if where == "output" else [])
            hit = next((match for pattern in patterns if (match := pattern.search(text))), None)
            if hit:
                found.append(
                    f"{name(cell)}: {where} holds a path of a machine ({hit[0]}…); show a relative one"
                )
    return found


def size(notebook: dict) -> list[str]:
    """The notebook file stays under 1 MB."""
    total = len(json.dumps(notebook, indent=1, ensure_ascii=False).encode())
    if total <= LIMIT_BYTES:
        return []
    largest = max(notebook["cells"], key=lambda cell: len(json.dumps(cell)))
    return [
        f"notebook: {total:,} bytes, at most {LIMIT_BYTES:,}; the largest is {name(largest)}: fewer or "
        "smaller pictures"
    ]


def number_beside_picture(notebook: dict) -> list[str]:
    """A cell that shows a picture says something in text too: nbval compares no pixels, and not everybody
    sees them."""
    found = []
    for cell in code_cells(notebook):
        outputs = cell.get("outputs", [])
        pictured = any(mime.startswith("image/") for output in outputs for mime in output.get("data", {}))
        if pictured and not any(
            _says_something(mime, text) for o in outputs for mime, text in output_texts(o)
        ):
            found.append(
                f"{name(cell)}: a picture without text beside it; print or return its numbers as well"
            )
    return found


def _says_something(mime: str, text: str) -> bool:
    if mime in ("text/html", "text/markdown", "text/latex"):
        return True
    return mime == "text/plain" and bool(text.strip()) and not ONLY_A_NAME.fullmatch(text)


def measured_numbers(notebook: dict) -> list[str]:
    """A number after ≈ is not compared with the stored one, so an assertion in its cell holds it to its bound."""
    return [
        f"{name(cell)}: it prints a number after ≈, which no comparison sees; assert its bound in the same cell"
        for cell in code_cells(notebook)
        if "≈" in source(cell) and not re.search(r"^\s*assert\b", source(cell), re.M)
    ]
