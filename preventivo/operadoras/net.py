"""Net (chave, JSON paginado)."""

from preventivo.operadoras.base import Operadora


class Net(Operadora):
    nome = "Net (chave, JSON paginado)"
