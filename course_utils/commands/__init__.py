"""`python -m course_utils COMMAND`, also as `gpt2-course COMMAND`: a module for each, with main(argv) -> exit status.

They read the command line and print; what they are for is done by the rest of the package. Only `__main__` imports them.
"""
