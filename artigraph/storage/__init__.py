"""Bytes at rest: one file per kind of place, each behind the contract in ``base.py``."""
