"""What is remembered of a value that nobody saved."""

from __future__ import annotations

from artigraph.graph.current import OpenSpan
from artigraph.ids import new_id
from artigraph.span.trace import trace_of

SPAN = OpenSpan(new_id(), "store")


class Estimator:
    def __repr__(self) -> str:
        raise RuntimeError("asked too early")


def test_it_names_type_and_maker_and_never_asks_a_users_repr() -> None:
    trace = trace_of(SPAN, "model", Estimator())
    assert (trace.name, trace.maker_id, trace.store) == ("model", SPAN.id, "store")
    assert trace.type_name.endswith("Estimator")
    assert trace.shown.endswith(".Estimator>")


def test_plain_values_are_shown_short_and_without_secrets() -> None:
    assert trace_of(SPAN, "rows", list(range(1000))).shown == "[0, 1, 2, 3, 4, 5, ...]"
    assert len(trace_of(SPAN, "text", "x" * 10_000).shown) <= 200
    assert trace_of(SPAN, "url", "https://me:canary@host").shown == "'https://***@host'"
    assert trace_of(SPAN, "password", "canary").shown == "***"
    assert trace_of(SPAN, "bag", [Estimator()]).shown
