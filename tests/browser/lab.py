"""JupyterLab on a loopback port and a headless Chromium that reaches nothing else."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}
IDLE = """() => { const w = window.jupyterapp?.shell?.currentWidget; const s = w?.context?.sessionContext;
    return !!(w?.context?.isReady && s?.isReady && s.session?.kernel?.status === 'idle'); }"""
ALL_RAN = """() => {
    const p = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(e => e.textContent.trim());
    return p.length > 0 && p.every(t => /^\\[\\d+\\]:?$/.test(t)); }"""


@contextmanager
def jupyter_lab(folder: Path, dark: bool = False, app: str = "jupyterlab") -> Iterator[str]:
    """A server with settings of its own; gives the address of a notebook ``{}`` in the folder.

    Args:
        folder: its root.
        dark: the theme to begin with.
        app: ``jupyterlab``, or ``notebook``, whose page does not expose the app object to scripts.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token, own = secrets.token_hex(16), folder / ".jupyter"
    (own / "config/labconfig").mkdir(parents=True, exist_ok=True)
    theme = {"@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"}}
    (own / "config/labconfig/default_setting_overrides.json").write_text(json.dumps(SETTINGS | theme))
    places = {"CONFIG_DIR": "config", "RUNTIME_DIR": "runtime", "DATA_DIR": "data"}
    env = os.environ | {f"JUPYTER_{name}": str(own / place) for name, place in places.items()}
    env |= {"JUPYTERLAB_SETTINGS_DIR": str(own / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces")}
    env |= {"IPYTHONDIR": str(own / "ipython"), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    options = ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    options += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
    options += ["--LabApp.expose_app_in_browser=True", "--ServerApp.terminals_enabled=False"]
    page = "lab/tree" if app == "jupyterlab" else "notebooks"
    with (folder / "lab.log").open("wb") as log:
        command = [sys.executable, "-m", app, *options]
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", process)
            yield f"http://127.0.0.1:{port}/{page}/{{}}?token={token}&reset"
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # its own session: the kernels go with it
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def browser_page(width: int = 1280, height: int = 900) -> Iterator[tuple[Page, list[str]]]:
    """A page, and the addresses outside of this machine that it asked for: they are refused."""
    asked: list[str] = []

    def only_here(route: Any) -> None:
        if route.request.url.startswith(("http://127.0.0.1", "data:", "blob:")):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    with sync_playwright() as player:
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        chromium = player.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        context = chromium.new_context(viewport={"width": width, "height": height})
        context.route("**/*", only_here)
        page = context.new_page()
        page.set_default_timeout(30_000)
        try:
            yield page, asked
        finally:
            chromium.close()


def run_all(page: Page, address: str) -> None:
    """Open a notebook and run every cell to its end."""
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function(IDLE, timeout=60_000)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.wait_for_function(ALL_RAN, timeout=60_000)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"JupyterLab did not start: {process.poll()}")
