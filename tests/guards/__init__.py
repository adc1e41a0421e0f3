"""Guards: functions `guard(notebook) -> list[str]` whose findings name a cell and a remedy; an empty list
is a pass."""

import json
from pathlib import Path

from .chinese import (
    alternative_texts,
    chinese_punctuation,
    chinese_spacing,
    chinese_style,
    markdown_findings,
    python_findings,
    taiwan_words,
    traditional,
)
from .parity import both_languages, parity
from .shape import cell_ids, code_length, links, opening, prose_between
from .state import (
    execution_counts,
    measured_numbers,
    no_paths,
    no_stderr,
    number_beside_picture,
    promised_errors,
    reasoned_marks,
    size,
    stored_outputs,
    widget_state,
)

GUARDS = {
    guard.__name__: guard
    for guard in (
        execution_counts,
        stored_outputs,
        widget_state,
        promised_errors,
        no_stderr,
        reasoned_marks,
        no_paths,
        size,
        number_beside_picture,
        measured_numbers,
        cell_ids,
        opening,
        code_length,
        prose_between,
        links,
        both_languages,
        parity,
        taiwan_words,
        traditional,
        chinese_spacing,
        chinese_punctuation,
        chinese_style,
        alternative_texts,
    )
}

__all__ = ["GUARDS", "markdown_findings", "python_findings", "read"]


def read(path: Path) -> dict:
    """A notebook as plain data, as it is on disk."""
    return json.loads(Path(path).read_text(encoding="utf-8"))
