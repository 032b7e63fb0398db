"""Models: versioned dataclasses whose fields are artifacts."""
