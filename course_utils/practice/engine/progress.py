"""What is done and what is next, as a table; and forgetting it."""

from ... import record
from ...texts import Bilingual, CourseError
from ..lessons import LESSONS, exercises
from . import look
from .exercise import Card, Exercise

_STATES = {
    "correct": Bilingual("✓ done", "✓ 完成"),
    "cannot check": Bilingual("◆ written", "◆ 已作答"),
    "incorrect": Bilingual("✗ tried", "✗ 試過"),
    None: Bilingual("◇ open", "◇ 還沒做"),
}
_LOOKS = {"correct": look.RIGHT, "cannot check": look.NOTED, "incorrect": look.WRONG, None: look.OPEN}
_HEAD = (Bilingual("Exercise", "練習"), Bilingual("", ""), Bilingual("State", "狀態"))
_DONE = ("correct", "cannot check")


def progress(lesson: str | None = None) -> Card:
    """Show the exercises of a lesson ("01"), or of all, with what is done and what comes next.

    Raise CourseError for a lesson without exercises.
    """
    if lesson is not None and lesson not in LESSONS:
        known = ", ".join(f'"{one}"' for one in LESSONS)
        raise CourseError(
            f"{lesson!r} has no exercises; there are {known}.", f"{lesson!r} 沒有練習；有練習的是 {known}。"
        )
    shown = [one for number in ([lesson] if lesson else LESSONS) for one in exercises(number)]
    outcomes = record.outcomes()
    text = Bilingual(_text("en", shown, outcomes), _text("zh", shown, outcomes))
    return Card(text, _html(shown, outcomes))


def reset() -> Card:
    """Forget what was done, on disk too."""
    if record.reset():
        return Card(Bilingual("Your progress is cleared.", "進度已清除。"))
    return Card(
        Bilingual(
            f"The progress of this session is cleared, but the file could not be: {record.path()}",
            f"這次執行的進度已清除，但無法刪除檔案：{record.path()}",
        )
    )


def _text(language: str, shown: list[Exercise], outcomes: dict[str, str]) -> str:
    def of(text: Bilingual) -> str:
        return getattr(text, language)

    head = f"| {of(_HEAD[0])} | | {of(_HEAD[2])} |"
    rows = [f"| {one.key} | {of(one.title)} | {of(_STATES[outcomes.get(one.key)])} |" for one in shown]
    return "\n".join([head, "|---|---|---|", *rows, "", *map(of, _closing(shown, outcomes))])


def _html(shown: list[Exercise], outcomes: dict[str, str]) -> str:
    head = "".join(f'<th style="text-align: left">{look.both(text)}</th>' for text in _HEAD)
    rows = "".join(_row(one, outcomes.get(one.key)) for one in shown)
    closing = "".join(f"<p>{look.both(line)}</p>" for line in _closing(shown, outcomes))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="course-progress course-bilingual">{table}{closing}</div>'


def _row(one: Exercise, outcome: str | None) -> str:
    state = look.pill(_LOOKS[outcome], _STATES[outcome])
    return (
        f'<tr><td>{one.key}</td><td style="text-align: left">{look.both(one.title)}</td>'
        f'<td style="text-align: left">{state}</td></tr>'
    )


def _closing(shown: list[Exercise], outcomes: dict[str, str]) -> list[Bilingual]:
    left = [one for one in shown if outcomes.get(one.key) not in _DONE]
    done, total = len(shown) - len(left), len(shown)
    lines = [Bilingual(f"{done} of {total} done.", f"{total} 題中完成了 {done} 題。")]
    if left:
        first = left[0]
        lines = [
            lines[0]
            + Bilingual(f"Next: {first.key}, {first.title.en}.", f"下一題：{first.key} {first.title.zh}。")
        ]
    if not record.is_saved():
        lines.append(
            Bilingual(
                "\nThis could not be saved to disk; it holds until the kernel ends.",
                "\n進度無法存到磁碟，kernel 結束後就會消失。",
            )
        )
    return lines
