"""Sending results to a server."""

from __future__ import annotations

import json
import warnings
from typing import Any

from dlcore.src.callbacks.base import Callback, Logs
from dlcore.src.export import export


@export("dlcore.callbacks.RemoteMonitor")
class RemoteMonitor(Callback):
    """Post the results of each epoch to a server.

    Parameters
    ----------
    root : str
        Address of the server.
    path : str
        What follows it.
    field : str
        Name of the form's field that holds the JSON.
    headers : dict, optional
    send_as_json : bool
        Whether the body is JSON rather than a form.

    Raises
    ------
    ImportError
        If the package requests is not installed.
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: Any = None,
        send_as_json: bool = False,
    ):
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Send the results; a server that does not answer is a warning."""
        try:
            import requests
        except ImportError as error:
            raise ImportError(
                "RemoteMonitor needs the package 'requests': pip install requests."
            ) from error
        data = {"epoch": epoch}
        for name, value in (logs or {}).items():
            data[name] = value.item() if hasattr(value, "item") else value
        url = self.root + self.path
        try:
            if self.send_as_json:
                requests.post(url, json=data, headers=self.headers)
            else:
                form = {self.field: json.dumps(data)}
                requests.post(url, form, headers=self.headers)
        except requests.exceptions.RequestException:
            warnings.warn(
                f"Could not reach RemoteMonitor root server at {self.root}.",
                stacklevel=2,
            )
