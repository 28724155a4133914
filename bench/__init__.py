"""Measures. Each figure that the docs name is printed by `make bench`.

A module of this package registers figures with `bench.harness.figure`; `python -m bench` finds
every module by itself. Nothing of lumbre imports this package.
"""
