"""A kernel side that answers as the test says, in the place of the real one.

A cell sets FAKE, for instance ``FAKE = {"delay": 2}``; see ``answer`` for the keys.
"""

from __future__ import annotations

import re
import time

from IPython import get_ipython

#: Best first: not by the alphabet, nor by the number of stars alone.
NAMES = [
    ("head", "method", "(n=5)", 5),
    ("groupby", "method", "(by=None, level=None, as_index=True, sort=True)", 4),
    ("shape", "property", "", 3),
    ("get", "method", "(key, default=None)", 2),
    ("agg", "method", "(func=None, axis=0)", 1),
    ("abs", "method", "()", 0),
    ("a<b>&c", "column", "", 0),
    ("_internal", "attribute", "", 0),
]


def answer(message: dict) -> dict | None:
    fake = get_ipython().user_ns.get("FAKE", {})
    if message["op"] == "document":
        text = f"Documentation of **{message['label']}** <img src=x onerror=alert(1)>"
        return {"op": "documented", "documentation": text}
    time.sleep(fake.get("delay", 0))
    if "fail" in fake:
        return {"op": "failed", "error": fake["fail"]}
    if fake.get("silent"):
        return None
    if fake.get("nonsense"):
        return {"op": "completed", "items": "none"}
    source, cursor = message["source"], message["cursor"]
    typed = re.search(r"\w*$", source[:cursor])[0]
    items = [
        {
            "label": label,
            "insert": label,
            "type": kind,
            "signature": signature,
            "stars": stars,
            "probability": stars / 6,
            "reason": f"Used **{stars}00** times after `{message['before'][-1:]}`.",
        }
        for label, kind, signature, stars in NAMES
        if label.startswith(typed)
    ]
    start = cursor - len(typed)
    return {"op": "completed", "start": start, "end": cursor, "items": items, "took": 1}


def on_open(comm, _open_message) -> None:
    @comm.on_msg
    def on_message(message) -> None:
        data = message["content"]["data"]
        reply = answer(data)
        if reply is not None:
            comm.send({"id": data["id"], **reply})


get_ipython().kernel.comm_manager.register_target("polaris.completion", on_open)
