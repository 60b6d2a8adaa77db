"""Claro (OAuth2, JSON)."""

from preventivo.operadoras.base import Operadora


class Claro(Operadora):
    nome = "Claro (OAuth2, JSON)"
