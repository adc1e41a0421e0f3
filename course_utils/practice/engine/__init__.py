"""What the exercises stand on: checks, comparisons, calls that may never come back, the record of what is done.

A lesson's module is written with `exercise.Exercise`, a check of `checks` and the tiny models of `samples`.
"""
