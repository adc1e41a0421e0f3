"""What is done and what is next, as a table; and forgetting it."""

from course_utils.language import Bilingual, CourseError

from course_utils import record
from .exercise import Card, Exercise
from .lessons import LESSONS, exercises

_STATES = {
    "correct": Bilingual("✅ done", "✅ 完成"),
    "cannot check": Bilingual("💬 written", "💬 已作答"),
    "incorrect": Bilingual("❌ tried", "❌ 試過"),
    None: Bilingual("⬜ open", "⬜ 還沒做"),
}
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
    return Card(Bilingual(_text("en", shown, outcomes), _text("zh", shown, outcomes)))


def reset() -> Card:
    """Forget what was done, on disk too."""
    if record.reset():
        return Card(Bilingual("Your progress is cleared.", "進度已清除。"))
    return Card(
        Bilingual(
            f"The progress of this session is cleared, but the file could not be: {record.path()}",
            f"這次執行的進度已清除，但檔案刪不掉：{record.path()}",
        )
    )


def _text(language: str, shown: list[Exercise], outcomes: dict[str, str]) -> str:
    def of(text: Bilingual) -> str:
        return getattr(text, language)

    head = of(Bilingual("| Exercise | | State |", "| 練習 | | 狀態 |"))
    rows = [f"| {one.key} | {of(one.title)} | {of(_STATES[outcomes.get(one.key)])} |" for one in shown]
    return "\n".join([head, "|---|---|---|", *rows, "", *map(of, _closing(shown, outcomes))])


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
                "\n進度無法存到磁碟；kernel 結束後就會消失。",
            )
        )
    return lines
