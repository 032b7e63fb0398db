"""Many artifacts at once: one for every file of a folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.content import FileContent
from artigraph.artifact.folder import walked
from artigraph.artifact.key import check_key, suffix_of
from artigraph.artifact.path import checked_path, key_in_storage
from artigraph.artifact.saving import save_kept
from artigraph.bridge import self_method
from artigraph.errors import InvalidArtifactError, UnsafeKeyError
from artigraph.registry import Registry


class ArtifactList(list[Any]):
    """Artifacts that are saved together."""

    @self_method
    async def save(self, *, session: AsyncSession | None = None, registry: Registry | None = None) -> Any:
        """Save all of them in one transaction: all, or none.

        Returns:
            This list. Raises as ``Artifact.save``.
        """
        await save_kept(self, session, registry)

    def __repr__(self) -> str:
        shown = ", ".join(repr(each) for each in self[:5])
        return f"<{len(self)} artifacts: {shown}{', …' if len(self) > 5 else ''}>"


def of_folder(cls: Any, path: Any, key: str | None, options: dict[str, Any]) -> ArtifactList:
    """An artifact per file; its key is that of the folder, a slash, and its path below."""
    folder = checked_path(path)
    if not folder.is_dir():
        raise InvalidArtifactError(f"{folder} is no folder; Artifact(path) keeps a file")
    prefix = check_key(key).rstrip("/") if key is not None else _default_key(path, folder, options.get("storage"))
    files = ((name, file) for name, file in walked(folder) if file is not None)
    contents = ((name, FileContent(path=file, suffix=suffix_of(name))) for name, file in files)
    return ArtifactList(cls(content, key=f"{prefix}/{name}", **options) for name, content in contents)


def _default_key(path: Any, folder: Path, storage: Any) -> str:
    """Its path in a storage; a relative path as it was written, where that is a safe key; the name of the folder."""
    inside = key_in_storage(folder, storage)
    if inside is not None:
        return inside
    written = PurePosixPath(path)
    try:
        relative = not written.is_absolute() and written.parts
        return check_key(written.as_posix()) if relative and written.parts[0] != "~" else check_key(folder.name)
    except UnsafeKeyError:
        return check_key(folder.resolve().name)
