"""Artifacts: values kept under an id, a label, and (with a key) versions."""
