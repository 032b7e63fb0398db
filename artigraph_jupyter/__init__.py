"""The notebook side of artigraph: ``%load_ext artigraph_jupyter``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from artigraph_jupyter.extension import Extension

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

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
