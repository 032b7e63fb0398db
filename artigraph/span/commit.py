"""Which commit the code here is at, and whether it differs from it; git is asked only for the latter."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

PATIENCE = 10.0
"""Seconds that git may take to answer."""

_NOT_CODE = ("--", ".", ":(exclude)*.ipynb")
"""A notebook changes with every save; what it ran is kept with its spans."""


def commit_of(folder: Path) -> str | None:
    """The commit that a folder is at, 40 or 64 hex digits; None outside of a repository or before its first commit.

    The files of git are read, which takes a fraction of a millisecond.
    """
    try:
        git = _git_folder(folder.resolve())
        if git is None:
            return None
        head = (git / "HEAD").read_text("ascii").strip()
        if not head.startswith("ref: "):
            return head
        return _commit_under(git, head.removeprefix("ref: "))
    except (OSError, ValueError):
        return None


def differs(folder: Path, commit: str = "HEAD") -> bool | None:
    """Whether the files of a repository, notebooks left out, differ from a commit.

    Args:
        folder: the repository, or a folder in it.
        commit: the commit to compare with.

    Returns:
        None when git cannot tell: it is not installed, took over 10 seconds, or does not know the commit.
    """
    command = ["git", "-C", str(folder), "diff", "--quiet", "--no-ext-diff", commit, *_NOT_CODE]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603 - no shell
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {0: False, 1: True}.get(done.returncode)


def _git_folder(folder: Path) -> Path | None:
    """The folder with HEAD: ``.git``, or for a linked worktree the one that its ``.git`` file names."""
    for each in (folder, *folder.parents):
        found = each / ".git"
        if found.is_dir():
            return found
        if found.is_file():
            return each / found.read_text("utf-8").strip().removeprefix("gitdir: ")
    return None


def _commit_under(git: Path, name: str) -> str | None:
    shared = git
    with suppress(OSError):
        shared = git / (git / "commondir").read_text("utf-8").strip()
    for home in (git, shared):
        with suppress(OSError):
            return (home / name).read_text("ascii").strip()
    with suppress(OSError):
        for line in (shared / "packed-refs").read_text("ascii").splitlines():
            commit, _, packed = line.partition(" ")
            if packed == name:
                return commit
    return None
