"""Keeps a community organised and supplied when power and networks are cut."""

__version__ = "0.1.0"
