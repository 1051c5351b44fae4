"""What the text before the cursor says about each candidate: the cache."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter

import numpy as np

from kernel_ext.context import Point

DOCUMENT = (
    "uses", "uses_as_attribute", "uses_on_receiver", "uses_on_type", "uses_in_call",
    "uses_from_module", "decayed", "nearness", "nearness_in_lines", "newest",
    "newest_on_receiver", "recent_on_receiver", "bound", "bound_nearness",
    "after_same", "after_one", "after_two", "after_three", "member", "given",
)  # fmt: skip
"""Names of the columns of `document`."""
USES = 64
"""Newest uses of a name that are looked at."""


def document(point: Point, index: dict[str, list[int]], n: int) -> np.ndarray:
    """Look each candidate up in the text before the point.

    Parameters
    ----------
    point : Point
        Where the name is typed.
    index : dict
        Name -> its positions in the list of candidates.
    n : int
        Number of candidates.

    Returns
    -------
    ndarray
        Shape ``(n, DOCUMENT)``, float32.
    """
    out = np.zeros((n, len(DOCUMENT)), np.float32)
    history, now = point.history, point.order
    positions, roles = history.positions, history.roles
    receivers, types, lines = history.receivers, history.types, history.lines
    key, type_ = point.receiver_key, point.receiver_type
    after = _successors(point)
    members = {
        *history.members_of(key or "", now),
        *history.members_of(type_ or "", now),
    }
    recent = point.earlier[-4:]
    newest = point.earlier[-1] if point.earlier else None
    module = point.receiver if point.kind == "import" else None
    for j, followers in enumerate(after):
        for name in followers.keys() & index.keys():
            out[index[name], 14 + j] = followers[name]
    for name in members & index.keys():
        out[index[name], 18] = 1.0
    for name in point.keywords:
        if name in index:
            out[index[name], 19] = 1.0
    for name in positions.keys() & index.keys():
        orders = positions[name]
        if not orders or orders[0] >= now:  # a rewound reading leaves empty lists
            continue
        row = [0.0] * 14
        end = bisect_left(orders, now)
        attribute = on_receiver = on_type = in_call = from_module = 0
        decayed, newest_on_receiver = 0.0, -1
        for order in orders[max(0, end - USES) : end]:
            role = roles[order]
            decayed += 64.0 / (64.0 + now - order)
            if role == "attribute":
                attribute += 1
                if key is not None and receivers[order] == key:
                    on_receiver += 1
                    newest_on_receiver = order
                if type_ is not None and types[order] == type_:
                    on_type += 1
            elif role == "keyword":
                in_call += receivers[order] == point.call
            elif role == "import":
                from_module += module is not None and receivers[order] == module
        newest_order = orders[end - 1]
        row[0:7] = (
            end, attribute, on_receiver, on_type, in_call, from_module, decayed,
        )  # fmt: skip
        row[7] = 1.0 / (1.0 + math.log(now - newest_order))
        row[8] = 1.0 / (1.0 + max(0, point.line - lines[newest_order]))
        row[9] = newest_order >= now - 8
        if newest_on_receiver >= 0:
            row[10] = 1.0 / (1.0 + math.log(now - newest_on_receiver))
        row[11] = (name == newest) + 0.5 * (name in recent)
        bound = history.bindings.get(name)
        if bound and bound[0] < now:
            at = bound[bisect_left(bound, now) - 1]
            row[12] = 1.0
            row[13] = 1.0 / (1.0 + max(0, point.line - lines[at]))
        out[index[name], :14] = row
    for block in (slice(0, 7), slice(14, 18)):
        out[:, block] = np.log1p(out[:, block])
    return out


def _successors(point: Point) -> list[Counter[str]]:
    """Count what followed, earlier in the document, the names that stand before.

    First on the same receiver or type, then after the same one, two and three
    names of the text: an n-gram cache (Kuhn and De Mori 1990).
    """
    same: Counter[str] = Counter()
    one: Counter[str] = Counter()
    two: Counter[str] = Counter()
    three: Counter[str] = Counter()
    history, now = point.history, point.order
    names, receivers, types = history.names, history.receivers, history.types
    if point.kind == "attribute" and point.earlier:
        key, type_ = point.receiver_key, point.receiver_type
        for order in history.uses(point.earlier[-1], now)[-USES:]:
            if receivers[order] != key and (type_ is None or types[order] != type_):
                continue
            for follower in range(order + 1, min(order + 24, now)):
                if receivers[follower] == receivers[order]:
                    same[names[follower]] += 1
                    break
    if now:
        for order in history.uses(names[now - 1], now - 1)[-USES:]:
            next_ = names[order + 1]
            one[next_] += 1
            if now > 1 and order and names[order - 1] == names[now - 2]:
                two[next_] += 1
                if now > 2 and order > 1 and names[order - 2] == names[now - 3]:
                    three[next_] += 1
    return [same, one, two, three]
