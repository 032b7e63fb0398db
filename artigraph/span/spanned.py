"""``spanned``: a decorator whose function gets the span around its call, and returns what its own span made."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from artigraph.bridge import ask, block
from artigraph.span.artifact import create_span_artifacts
from artigraph.span.context import SpanContext
from artigraph.span.linker import name_of
from artigraph.span.read import read_parent_span
from artigraph.span.span import Span


def spanned(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make each call of a function a span with the name of the function.

    The function gets the span that the call is inside of (None at the top) as its first argument, and returns the
    outputs of its own span: label -> value. Another value than a mapping becomes the output ``return``, None nothing.

    Args:
        function: sync or async.

    Returns:
        The function, called without that first argument.

    Raises:
        TypeError: for a generator, whose result comes in pieces.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{name_of(function)} is a generator; make a span of the function that consumes it instead")
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            async with SpanContext(Span(name_of(function))):
                result = await function(await ask(read_parent_span.a, "current"), *args, **kwargs)
                await ask(create_span_artifacts.a, "current", _outputs(result))
                return result

        return call_async

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with SpanContext(Span(name_of(function))):
            result = function(block(read_parent_span.a, "current"), *args, **kwargs)
            block(create_span_artifacts.a, "current", _outputs(result))
            return result

    return call


def _outputs(result: Any) -> Mapping[str, Any]:
    if isinstance(result, Mapping):
        return result
    return {} if result is None else {"return": result}
