"""Bars and lines: every value is drawn, labelled and described."""

import pytest

from course_utils import CourseError, show


def test_bars_have_their_lengths_numbers_and_whiskers():
    picture = show.bars({"a": 2.0, "很久": 0.5}, "token / s", {"很久": (0.4, 0.7)})
    axes = picture.axes[0]
    assert [bar.get_width() for bar in axes.patches] == [2.0, 0.5]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "很久"]
    assert [text.get_text() for text in axes.texts] == ["2", "0.5"]
    assert list(axes.lines[0].get_xdata()) == [0.4, 0.7] and axes.get_xlabel() == "token / s"
    assert "很久" in picture.alt and picture._repr_png_()


def test_lines_are_told_apart_without_colour():
    picture = show.lines(
        {"train": [3, 2, 1], "valid": [3, 2.5, 2.6]}, "step", "loss", bands={"train": ([2, 1, 0], [4, 3, 2])}
    )
    first, second = picture.axes[0].lines
    assert list(second.get_ydata()) == [3, 2.5, 2.6] and list(first.get_xdata()) == [0, 1, 2]
    assert first.get_linestyle() != second.get_linestyle() and first.get_marker() != second.get_marker()
    assert len(picture.axes[0].collections) == 1 and picture._repr_png_()


def test_steps_are_whole_numbers():
    picture = show.lines({"loss": [1.0] * 21}, "step", "loss")
    assert all(tick == round(tick) for tick in picture.axes[0].get_xticks())


def test_nothing_and_too_much_are_refused():
    with pytest.raises(CourseError, match="at least one"):
        show.bars({}, "x")
    for count in (0, 5):
        with pytest.raises(CourseError, match="told apart"):
            show.lines({str(at): [1.0] for at in range(count)}, "x", "y")
