"""``Span`` and ``Run``, and span types of users."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

import artigraph as ag
from artigraph.errors import InvalidFieldError


def define() -> type[ag.Span]:
    class TimedSpan(ag.Span):
        polymorphic_identity = "timed_span"
        timed_span_metadata: Mapped[Any] = mapped_column(JSON, default=None)

    return TimedSpan


def test_a_span_type_of_yours_keeps_its_columns(url: str) -> None:
    kind = define()
    with ag.span_context(kind("first", timed_span_metadata={"n": 1})) as outer, ag.span_context("plain"):
        pass
    stored = ag.read_span.s(outer)
    assert (type(stored), stored.timed_span_metadata, stored.status) == (kind, {"n": 1}, "ok")
    assert [type(span) for span in ag.read_child_spans.s(outer)] == [ag.Span]
    assert ag.read.s(kind) == [outer]
    assert len(ag.read.s(ag.Span)) == 2


def test_defining_it_again_in_the_same_module_is_the_same_type(url: str) -> None:
    again = define()
    with ag.span_context(again(timed_span_metadata=[2])) as span:
        pass
    assert type(ag.read_span.s(span)) is again


def test_another_class_under_the_same_identity_is_refused() -> None:
    define()
    with pytest.raises(InvalidFieldError, match="timed_span"):

        class OtherSpan(ag.Span):
            polymorphic_identity = "timed_span"


def test_an_unknown_column_is_a_type_error_that_names_those_there_are() -> None:
    with pytest.raises(TypeError, match="timed_span_metadata"):
        define()(colour="red")


def test_a_run_keeps_its_params(url: str) -> None:
    with ag.span_context(ag.Run("fit", params={"depth": 3})) as run:
        pass
    stored = ag.read_span.s(run)
    assert (type(stored), stored.params) == (ag.Run, {"depth": 3})


def test_repr_says_label_state_and_time(url: str) -> None:
    with ag.span_context("fit") as span:
        assert repr(span) == "<Span fit open>"
    assert repr(span).startswith("<Span fit ok ")
    assert repr(span).endswith(" s>")
