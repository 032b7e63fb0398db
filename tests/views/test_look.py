"""A look is found by what it shows; most content needs none."""

from __future__ import annotations

import pytest

from artigraph_jupyter.views import figure, image
from artigraph_jupyter.views.look import Look, Stored, look_at


@pytest.mark.parametrize(
    ("stored", "look"),
    [
        (Stored("image/jpeg", {}), image.LOOK),
        (Stored("application/json", {"type": "Figure", "traces": {"bar": 1}}), figure.LOOK),
        (Stored("text/csv", {}), None),
        (Stored("", {"type": "dict", "length": 2}), None),
    ],
    ids=["image", "figure", "file", "value"],
)
def test_content_is_shown_by_the_look_for_its_type(stored: Stored, look: Look | None) -> None:
    assert look_at(stored) is look
