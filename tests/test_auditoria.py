"""The audit: whatever way a change comes, the database leaves who did it, from what to what."""

import pytest

from cadastro.models import Cliente
from telas import auditoria, autoria
from telas.models import EntradaAuditoria
from tests.fabricas import novo_cliente

pytestmark = pytest.mark.django_db
Acao = EntradaAuditoria.Acao


def entradas(modelo) -> list[EntradaAuditoria]:
    """The entries of a model, oldest first."""
    return list(EntradaAuditoria.objects.filter(modelo=modelo._meta.label_lower).order_by("id"))


def so_as_novas(modelo):
    """The entries that come from here on."""
    ultima = max((uma.pk for uma in EntradaAuditoria.objects.all()), default=0)
    return lambda: [uma for uma in entradas(modelo) if uma.pk > ultima]


def test_no_model_is_forgotten():
    """Each is audited or says why not, in the module `auditoria` of its app."""
    assert auditoria.esquecidos() == []
    assert not {um.modelo for um in auditoria.auditados()} & auditoria.isentos().keys()
    assert all(len(motivo) > 20 for motivo in auditoria.isentos().values())


def test_a_save_leaves_what_changed_and_nothing_else(admin_user):
    cliente = novo_cliente(nome="Ana Lima", email="ana@exemplo.com.br")
    novas = so_as_novas(Cliente)

    with autoria.em_nome_de(admin_user, "tela"):
        cliente.nome = "Ana Maria Lima"
        cliente.save()

    (uma,) = novas()
    assert (uma.acao, uma.quantas, uma.quem, uma.usuario, uma.via) == (Acao.ALTERACAO, 1, "admin", admin_user, "tela")
    assert uma.objetos == [f"cadastro.cliente:{cliente.pk}"]
    assert uma.detalhes["linhas"] == [
        {
            "id": str(cliente.pk),
            "nome": "Ana Maria Lima",
            "antes": {"nome": "Ana Lima"},
            "depois": {"nome": "Ana Maria Lima"},
        }
    ]
