"""Sem Parar (HTTP basic, XML)."""

from preventivo.operadoras.base import Operadora


class SemParar(Operadora):
    nome = "Sem Parar (HTTP basic, XML)"
