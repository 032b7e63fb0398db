"""Labels: words of a kind that artifacts carry. ``ULabel`` is any word, ``Project`` is the name of one."""

from __future__ import annotations

from typing import ClassVar

from artigraph.artifact.term import Term


class Label(Term):
    """A word that artifacts carry; a kind of its own is a subclass with a ``term_kind``."""

    term_kind: ClassVar[str] = "ulabel"


class ULabel(Label):
    """A label without further meaning.

    Args:
        name: 1-255 characters.
        description: what it means, in a sentence.

    >>> ULabel("raw_data")
    ULabel('raw_data')
    """


class Project(Label):
    """A project that artifacts belong to.

    Args:
        name: 1-255 characters.
        description: what it is, in a sentence.
    """

    term_kind: ClassVar[str] = "project"


LABELS: dict[str, type[Label]] = {"ulabel": ULabel, "project": Project}
