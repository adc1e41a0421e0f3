"""What a class needs, fetched into one folder: the copy of the course, its packages, models, checksums, instructions."""
