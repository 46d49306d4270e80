"""What a JSON Schema says of a document: the schemas are published, and no command reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator


def faults(schema: Mapping[str, Any], document: object) -> list[str]:
    """What the schema says against a document."""
    return [error.message for error in Draft202012Validator(schema).iter_errors(document)]
