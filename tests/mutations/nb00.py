"""Mutations of notebook 00."""

from . import Mutation

NOTEBOOK = "00_start_here.ipynb"

MUTATIONS: list[Mutation] = []
