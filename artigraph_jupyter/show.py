"""How the core's objects look in a notebook: formatters that the extension registers and takes away again.

No class of the core knows HTML. Showing never raises: what fails shows its text and the error's type.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from artigraph.artifact.artifact import Artifact
from artigraph.artifact.collection import Collection
from artigraph.artifact.describe import Description
from artigraph.artifact.query import Query
from artigraph.model.model import ArtifactModel
from artigraph.persist.listing import Listing
from artigraph.span.diff import SpanDiff
from artigraph.span.span import Span
from artigraph_jupyter import catalogue, gather
from artigraph_jupyter.html import tag
from artigraph_jupyter.views import artifact as artifact_view
from artigraph_jupyter.views import collection as collection_view
from artigraph_jupyter.views import diff as diff_view
from artigraph_jupyter.views import model as model_view
from artigraph_jupyter.views import span as span_view


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """Something to look at: HTML, and text that says the same."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


TEXT_LIMIT = 4_000
"""Characters of a repr that stands in for a card."""

Render = Callable[[Any], tuple[str, str]]
"""An object -> its HTML and its text."""


def _model(model: Any) -> tuple[str, str]:
    card = gather.model_card(model)
    return model_view.to_html(card), model_view.to_text(card)


def _artifact(artifact: Any) -> tuple[str, str]:
    card = gather.artifact_card(artifact) if artifact.uid is None else catalogue.kept_card(artifact)
    return artifact_view.to_html(card), artifact_view.to_text(card)


def _span(span: Any) -> tuple[str, str]:
    card = gather.span_card(span)
    return span_view.to_html(card), span_view.to_text(card)


def _listing(found: Any) -> tuple[str, str]:
    table = gather.artifact_table(found)
    return artifact_view.table_to_html(table), artifact_view.table_to_text(table)


def _diff(found: Any) -> tuple[str, str]:
    return diff_view.to_html(found), diff_view.to_text(found)


def _described(description: Any) -> tuple[str, str]:
    card = catalogue.description_card(description)
    return artifact_view.to_html(card), description.to_text()


def _query(query: Any) -> tuple[str, str]:
    table = catalogue.query_table(query)
    return artifact_view.table_to_html(table), repr(query)


def _collection(collection: Any) -> tuple[str, str]:
    card = catalogue.collection_card(collection)
    return collection_view.to_html(card), collection_view.to_text(card)


RENDERERS: dict[type, Render] = {
    ArtifactModel: _model,
    Artifact: _artifact,
    Collection: _collection,
    Description: _described,
    Span: _span,
    SpanDiff: _diff,
    Listing: _listing,
    Query: _query,
}
"""What has a card; the base class stands for its subclasses."""


def install(shell: InteractiveShell) -> Callable[[], None]:
    """Teach a shell to show the core's objects; returns what takes it back.

    Both forms come as one bundle, since a class of the user has a ``__repr__`` of its own, of any length.
    """
    formatters: Any = shell.display_formatter
    bundles = formatters.mimebundle_formatter
    before = {kind: bundles.type_printers.get(kind) for kind in RENDERERS}
    for kind, render in RENDERERS.items():
        bundles.for_type(kind, _bundle(render))

    def uninstall() -> None:
        for kind, printer in before.items():
            bundles.pop(kind, None)
            if printer is not None:
                bundles.for_type(kind, printer)

    return uninstall


def _bundle(render: Render) -> Callable[[Any], dict[str, str]]:
    def show(value: Any) -> dict[str, str]:
        try:
            html, plain = render(value)
            own = getattr(type(value), "_repr_html_", None)
            return {"text/html": html if own is None else own(value), "text/plain": plain}
        except Exception as error:  # noqa: BLE001 - whatever a value of the user provokes, its text is shown
            shown, said = _text(value), f"shown as text: {type(error).__name__}"
            html = tag("div", tag("pre", shown), tag("div", said), class_="ag")
            return {"text/html": html, "text/plain": f"{shown}\n{said}"}

    return show


def _text(value: Any) -> str:
    try:
        return repr(value)[:TEXT_LIMIT]
    except Exception as error:  # noqa: BLE001 - as above
        return f"<{type(value).__name__}: repr failed with {type(error).__name__}>"
