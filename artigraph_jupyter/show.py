"""How the core's objects look in a notebook: formatters that the extension registers and takes away again.

No class of the core knows HTML. Showing never raises: what fails shows its text and the error's type.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from artigraph.artifact.artifact import Artifact
from artigraph.model.model import ArtifactModel
from artigraph.persist.listing import Listing
from artigraph.span.span import Span
from artigraph_jupyter import gather
from artigraph_jupyter.html import tag
from artigraph_jupyter.views import artifact as artifact_view
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


Render = Callable[[Any], tuple[str, str]]
"""An object -> its HTML and its text."""


def _model(model: Any) -> tuple[str, str]:
    card = gather.model_card(model)
    return model_view.to_html(card), model_view.to_text(card)


def _artifact(artifact: Any) -> tuple[str, str]:
    card = gather.artifact_card(artifact)
    return artifact_view.to_html(card), artifact_view.to_text(card)


def _span(span: Any) -> tuple[str, str]:
    card = gather.span_card(span)
    return span_view.to_html(card), span_view.to_text(card)


def _listing(found: Any) -> tuple[str, str]:
    table = gather.artifact_table(found)
    return artifact_view.table_to_html(table), artifact_view.table_to_text(table)


RENDERERS: dict[type, Render] = {ArtifactModel: _model, Artifact: _artifact, Span: _span, Listing: _listing}
"""What has a card; the base class stands for its subclasses."""


def install(shell: InteractiveShell) -> Callable[[], None]:
    """Teach a shell to show the core's objects; returns what takes it back."""
    formatters: Any = shell.display_formatter
    html, plain = (formatters.formatters[name] for name in ("text/html", "text/plain"))
    before = [(each, kind, each.type_printers.get(kind)) for kind in RENDERERS for each in (html, plain)]
    for kind, render in RENDERERS.items():
        html.for_type(kind, _html(render))
        plain.for_type(kind, _plain(render))

    def uninstall() -> None:
        for each, kind, printer in before:
            each.pop(kind, None)
            if printer is not None:
                each.for_type(kind, printer)

    return uninstall


def _html(render: Render) -> Callable[[Any], str | None]:
    def show(value: Any) -> str | None:
        try:
            own = getattr(type(value), "_repr_html_", None)
            shown: str | None = own(value) if own is not None else render(value)[0]
            return shown
        except Exception as error:  # noqa: BLE001 - whatever a value of the user provokes, its text is shown
            said = tag("div", f"shown as text: {type(error).__name__}")
            return tag("div", tag("pre", _text(value)), said, class_="ag")

    return show


def _plain(render: Render) -> Callable[[Any, Any, bool], None]:
    """The card's text for an object that is shown by itself; one line for each that is inside something."""

    def show(value: Any, printer: Any, _cycle: bool) -> None:
        try:
            shown = render(value)[1] if len(printer.stack) <= 1 else _text(value, 200)
        except Exception:  # noqa: BLE001 - as above
            shown = _text(value)
        for number, line in enumerate(shown.splitlines()):
            if number:
                printer.break_()
            printer.text(line)

    return show


def _text(value: Any, limit: int = 4000) -> str:
    try:
        shown = repr(value)
    except Exception as error:  # noqa: BLE001 - as above
        return f"<{type(value).__name__}: repr failed with {type(error).__name__}>"
    return shown if len(shown) <= limit else f"{shown[:limit]}…"
