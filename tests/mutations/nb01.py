"""Mutations of notebook 01."""

from . import Mutation

NOTEBOOK = "01_base_model.ipynb"

MUTATIONS: list[Mutation] = []
