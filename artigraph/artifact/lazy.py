"""Artifacts that are written to a path of ours first, and saved when they are finished."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from artigraph.artifact.key import check_key, suffix_of
from artigraph.bridge import ask, block, method
from artigraph.errors import InvalidArtifactError


class LazyArtifact:
    """A place to write a file or folder to, which becomes an artifact.

    As a context manager, with or without ``async``, it is saved at the end of the block, and discarded when the block
    raises.

    Attributes:
        path: where to write.
        artifact: what it became; None before it was saved.
    """

    def __init__(self, cls: Any, suffix: str, key: str | None, options: dict[str, Any]) -> None:
        if not suffix.startswith(".") or "/" in suffix or suffix_of(f"x{suffix}") != suffix:
            raise InvalidArtifactError(f"{suffix!r} is no suffix; write one like '.zarr'")
        if key is not None and suffix_of(check_key(key)).lower() not in ("", suffix.lower()):
            raise InvalidArtifactError(f"the key {key!r} does not end with {suffix}")
        folder = Path(tempfile.mkdtemp(prefix="artigraph-"))
        self._discard = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = folder / f"content{suffix}"
        self.artifact: Any = None
        self._cls, self._key, self._options = cls, key, options

    @method
    async def save(self) -> Any:
        """Save what was written, and remove it here.

        Raises:
            InvalidArtifactError: nothing was written. Else as ``Artifact.save``.
        """
        if self.artifact is None:
            artifact = self._cls(self.path, key=self._key, **self._options)
            await artifact.save.a()
            self.artifact = artifact
            self.discard()
        return self.artifact

    def discard(self) -> None:
        """Remove what was written."""
        self._discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            block(self.save.a)
        else:
            self.discard()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await ask(self.save.a)
        else:
            self.discard()

    def __repr__(self) -> str:
        return f"<LazyArtifact {self.artifact or self.path}>"
