"""Which commit code is at: read from the files of a real repository, in all the ways git keeps it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from artigraph.span.commit import commit_of, differs

pytestmark = pytest.mark.needs_program("git")


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=trunk"]
    done = subprocess.run(["git", "-C", folder, *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init")
    (folder / "code.py").write_text("x = 1\n")
    (folder / "book.ipynb").write_text("{}")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    return folder


def test_the_commit_is_found_from_a_folder_inside(repository: Path) -> None:
    (repository / "deep/er").mkdir(parents=True)
    assert commit_of(repository / "deep/er") == git(repository, "rev-parse", "HEAD")


def test_the_commit_is_found_when_packed_detached_or_in_a_linked_worktree(repository: Path, tmp_path: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    git(repository, "worktree", "add", str(tmp_path / "linked"), "-b", "feature/x")
    assert commit_of(tmp_path / "linked") == head
    git(repository, "pack-refs", "--all")
    assert (commit_of(repository), commit_of(tmp_path / "linked")) == (head, head)
    git(repository, "checkout", "--detach")
    assert commit_of(repository) == head


def test_outside_of_a_repository_and_before_the_first_commit_there_is_none(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None
    git(tmp_path, "init")
    assert commit_of(tmp_path) is None
    assert differs(tmp_path) is None
    assert commit_of(tmp_path / "not there") is None


def test_changed_code_differs_and_a_changed_notebook_does_not(repository: Path) -> None:
    assert differs(repository) is False
    (repository / "book.ipynb").write_text("{ }")
    assert differs(repository) is False
    (repository / "code.py").write_text("x = 2\n")
    assert differs(repository) is True
    git(repository, "commit", "-am", "second")
    assert differs(repository) is False
    assert differs(repository, git(repository, "rev-parse", "HEAD~1")) is True
    assert differs(repository, "0" * 40) is None
