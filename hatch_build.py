"""What a wheel holds besides our own files: mermaid, which draws diagrams in a page without a network.

It comes from npm when the wheel is built (an editable install is one) and is never committed. Without npm the wheel is
built without it; the widgets then show the text of a diagram only, and say why.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "mermaid@11.12.0"
DIGEST = "07e37dfa97b337ccc85365d57eddf99b9706f09db3b59b260d0333b23b343c4b"
"""sha256 of the one file that is taken from it."""

FOLDER = Path("artigraph_jupyter/widget/vendor")
SECONDS = 240


class BundleMermaid(BuildHookInterface):
    """Puts mermaid into the package before it is packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch it, where it is not there already."""
        folder = Path(self.root) / FOLDER
        problem = bundle(folder)
        if problem:
            self.app.display_warning(f"built without the bundled mermaid: {problem}")
        else:
            build_data["artifacts"].append(f"/{FOLDER}/*")


def bundle(folder: Path) -> str:
    """Make ``mermaid.min.js`` and its license in a folder; returns what stood in the way, empty when nothing did."""
    target = folder / "mermaid.min.js"
    if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == DIGEST:
        return ""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    with tempfile.TemporaryDirectory() as place:
        command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", place]
        try:
            subprocess.run(command, cwd=place, capture_output=True, check=True, timeout=SECONDS)
            (archive,) = Path(place).glob("*.tgz")
            with tarfile.open(archive) as packed:
                script, terms = (_content(packed, name) for name in ("dist/mermaid.min.js", "LICENSE"))
        except (OSError, subprocess.SubprocessError, tarfile.TarError, ValueError, KeyError) as error:
            return f"npm could not fetch {PACKAGE} ({type(error).__name__})"
    if hashlib.sha256(script).hexdigest() != DIGEST:
        return f"what npm gave for {PACKAGE} is not the file that was tested"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mermaid.LICENSE").write_bytes(terms)
    target.write_bytes(script)
    return ""


def _content(packed: tarfile.TarFile, name: str) -> bytes:
    file = packed.extractfile(f"package/{name}")
    if file is None:
        raise KeyError(name)
    return file.read()
