"""Lineage: what made what, as plain data and as pictures."""
