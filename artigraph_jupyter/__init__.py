"""The notebook side of artigraph: ``%load_ext artigraph_jupyter``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from artigraph_jupyter.extension import Extension

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from artigraph_jupyter.widget.browser import ArtifactBrowser
    from artigraph_jupyter.widget.lineage_view import LineageView
    from artigraph_jupyter.widget.span_tree import SpanTree

__all__ = ["ArtifactBrowser", "LineageView", "SpanTree", "load_ipython_extension", "unload_ipython_extension"]

_WIDGETS = {"ArtifactBrowser": "browser", "LineageView": "lineage_view", "SpanTree": "span_tree"}
"""Loaded when they are first used: they need ipywidgets and anywidget."""

_installed: dict[int, Extension] = {}


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Set up magics, span cells and views in a shell; loading twice changes nothing."""
    if id(shell) not in _installed:
        extension = _installed[id(shell)] = Extension(shell)
        extension.install()


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take everything away that loading set up."""
    extension: Any = _installed.pop(id(shell), None)
    if extension is not None:
        extension.uninstall()


def __getattr__(name: str) -> Any:
    if name not in _WIDGETS:
        raise AttributeError(f"module 'artigraph_jupyter' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"artigraph_jupyter.widget.{_WIDGETS[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WIDGETS})
