"""What the exercises stand on: checks, comparisons, calls that may never come back, the record of what is done.

To write an exercise: give a `qN` to the lesson's module with `exercise.Exercise` and a check of `checks` (`Value`,
`Function`, `Open`), then its solution and its likely wrong answers as functions below it; `samples` has tiny models for
the cases. The notebook gets two empty cells with the ids `exercise-N` (Markdown) and `exercise-N-answer` (code), and
`python -m course_utils refresh` fills them in. `source` says how the blank comes from the solution.
"""
