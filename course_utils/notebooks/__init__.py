"""The course's notebooks: `find` them, `run` them afresh, and the `canonical` form in which they are stored."""
