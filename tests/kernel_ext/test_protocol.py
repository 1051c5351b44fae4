"""The message protocol, checked on the fixtures that the TypeScript side reads too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kernel_ext import protocol

FIXTURES = Path(__file__).parents[1] / "protocol"


def cases(name: str) -> list:
    """Return the cases of a fixture file as pytest parameters."""
    text = (FIXTURES / name).read_text(encoding="utf-8")
    return [pytest.param(c, id=c["name"]) for c in json.loads(text)["messages"]]


@pytest.mark.parametrize("case", cases("valid.json"))
def test_valid_messages_survive_a_round_trip(case):
    assert protocol.encode(protocol.decode(case["message"])) == case["message"]


@pytest.mark.parametrize("case", cases("defaults.json"))
def test_missing_fields_get_their_defaults(case):
    assert protocol.encode(protocol.decode(case["message"])) == case["read"]


@pytest.mark.parametrize("case", cases("invalid.json"))
def test_invalid_messages_are_refused_with_a_reason(case):
    with pytest.raises(protocol.ProtocolError) as error:
        protocol.decode(case["message"])
    for word in case["mentions"]:
        assert word in str(error.value)


def test_a_number_that_json_cannot_hold_is_refused():
    reply = {"op": "completed", "id": 1, "start": 0, "end": 0, "items": []}
    with pytest.raises(protocol.ProtocolError, match="finite"):
        protocol.decode({**reply, "took": float("nan")})


@pytest.mark.parametrize(
    ("message", "expected"),
    [({"id": 4}, 4), ({"id": "4"}, -1), ({"id": True}, -1), ({}, -1), (None, -1)],
)
def test_identifier_of_a_malformed_message(message, expected):
    assert protocol.identifier(message) == expected
