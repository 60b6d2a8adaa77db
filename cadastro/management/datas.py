"""Days in the command line."""

from argparse import ArgumentTypeError
from datetime import date


def dia(texto: str) -> date:
    """A `type` of argparse, whose own words for a refused date are those of Python."""
    try:
        return date.fromisoformat(texto)
    except ValueError:
        raise ArgumentTypeError(f"dia inválido: “{texto}”; escreva AAAA-MM-DD, como 2026-12-31") from None
