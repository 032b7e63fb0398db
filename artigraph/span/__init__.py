"""Spans and runs: who made what, inside what."""
