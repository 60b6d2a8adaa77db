"""The remetentes and the alerts in the administration."""

import pytest
from django.urls import reverse
from django.utils import timezone

from mensageria import alertas
from mensageria.models import Alerta, DestinatarioAlerta, Remetente, ServicoEmail
from tests.mensageria.servicos import esgotar, novo_remetente, novo_servico


@pytest.fixture
def net(db) -> Remetente:
    novo_servico(1, uso_interno=True)
    novo_servico(2)
    return novo_remetente(novo_servico(3))


def gravar(navegador, remetente: Remetente, **campos):
    dados = {"nome": remetente.nome, "email": remetente.email, "servico": remetente.servico_id}
    dados |= {"operacao": "", "envelope": "", "responder_para": "", "rotacao_automatica": "on"}
    return navegador.post(reverse("admin:mensageria_remetente_change", args=[remetente.pk]), dados | campos)


def servico(numero: int) -> ServicoEmail:
    return ServicoEmail.objects.get(nome=f"SERVICO_{numero}")


def test_another_service_is_confirmed_as_on_the_operators_page(chefe, net):
    assert gravar(chefe, net, servico=servico(2).pk, operacao="NET Fase 1").status_code == 302

    net.refresh_from_db()
    assert (net.servico.nome, net.operacao) == ("SERVICO_2", "NET Fase 1")
    (troca,) = Alerta.objects.all()
    assert "**NET Fase 1** envia agora com o serviço **SERVICO_2**" in troca.texto


def test_what_the_engine_wrote_meanwhile_stays(chefe, net, monkeypatch):
    """The form does not write what it did not change."""
    agora = timezone.now()
    original = Remetente.full_clean

    def e_enquanto_isso(self, *args, **kwargs):
        Remetente.objects.update(servico=servico(2), aguardando_desde=agora)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Remetente, "full_clean", e_enquanto_isso)
    gravar(chefe, net, rotacao_automatica="")

    net.refresh_from_db()
    assert (net.servico.nome, net.aguardando_desde) == ("SERVICO_2", agora)
    assert net.rotacao_automatica is False


def test_a_service_that_may_not_be_chosen_is_refused_beside_its_field(chefe, net):
    resposta = gravar(chefe, net, servico=servico(1).pk)

    assert resposta.status_code == 200
    assert "uso interno" in str(resposta.context["adminform"].form.errors["servico"])


def test_an_exhausted_choice_says_who_took_over(chefe, net):
    esgotar(servico(2), timezone.now())
    resposta = gravar(chefe, net, servico=servico(2).pk)

    assert "SERVICO_2 está com o limite de envios esgotado; SERVICO_3 assumiu." in str(
        next(iter(resposta.wsgi_request._messages))
    )


def test_who_gets_alerts_is_a_table(chefe, net):
    dados = {"email": "chefia@exemplo.com.br", "remetente": "", "ativo": "on"}

    chefe.post("/admin/mensageria/destinatarioalerta/add/", dados)
    de_novo = chefe.post("/admin/mensageria/destinatarioalerta/add/", dados)

    assert DestinatarioAlerta.objects.get().remetente is None
    assert de_novo.status_code == 200  # once


@pytest.fixture
def alerta(net) -> Alerta:
    return alertas.avisar(
        Alerta.Tipo.CIRCUITO,
        "c",
        agora=timezone.now(),
        assunto="A",
        titulo="T",
        paragrafos=[f"Olá {alertas.negrito('<b>')}"],
        remetente=net,
        servico=net.servico,
    )


@pytest.mark.parametrize(("grupo", "resolve"), [("operador", False), ("supervisor", True), ("administrador", True)])
def test_an_alert_is_read_and_taken_from_the_painel_by_who_decides(entrar, alerta, grupo, resolve):
    navegador = entrar(grupo)
    pagina = navegador.get(reverse("admin:mensageria_alerta_change", args=[alerta.pk])).content.decode()
    navegador.post("/admin/mensageria/alerta/", {"action": "resolver", "_selected_action": [alerta.pk]})

    alerta.refresh_from_db()
    assert bool(alerta.resolvido_em) == resolve
    assert "Olá <strong>&lt;b&gt;</strong>" in pagina
    assert 'name="_save"' not in pagina


def test_alerts_keep_no_remetente_from_being_removed(chefe, alerta, net):
    chefe.post(reverse("admin:mensageria_remetente_delete", args=[net.pk]), {"post": "yes"})

    assert not Remetente.objects.exists()
    assert not Alerta.objects.exists()
