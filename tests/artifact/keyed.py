"""Files under keys, for tests that look for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import artigraph as ag


def kept(folder: Path, key: str, content: str = "", **options: Any) -> ag.Artifact:
    """A file with this content, kept under a key."""
    file = folder / key.replace("/", "_")
    file.write_text(content or key)
    return ag.Artifact(file, key=key, **options).save.s()


def keys(found: Any) -> list[str | None]:
    """The keys of artifacts, in order."""
    return [each.key for each in found]
