"""The first run: an administrator whose password is shown once, and the sample with its process commanded."""

import re
from io import StringIO

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command

from batch.models import ProcessoIniciado
from cadastro.models import Imovel
from cobranca.models import CobrancaDocumento
from faturamento.models import Conta, ParametroMensagem
from mensageria import consumo, rotacao
from mensageria.models import DestinatarioAlerta, Remetente, ServicoEmail
from preventivo.models import Campanha

pytestmark = pytest.mark.django_db


def preparar(*opcoes: str) -> str:
    saida = StringIO()
    call_command("preparar", *opcoes, stdout=saida)
    return saida.getvalue()


def test_the_first_run_loads_the_sample_and_commands_process_336(settings):
    settings.SIMULADOR_SMTP = "127.0.0.1:2599"

    saida = preparar()

    assert Imovel.objects.count() == 300 and Conta.objects.exists() and CobrancaDocumento.objects.exists()
    assert set(ServicoEmail.objects.values_list("porta", flat=True)) == {2599}
    iniciado = ProcessoIniciado.objects.get()
    assert iniciado.processo_id == 336 and iniciado.usuario.username == "admin"
    assert f"código {iniciado.pk}" in saida


def test_the_first_run_has_a_campaign_of_each_company_on_its_way():
    preparar()

    campanhas = Campanha.objects.order_by("operacao__ordem")
    assert [(c.operacao.nome, c.get_situacao_display()) for c in campanhas] == [
        ("Claro", "Coletando"),
        ("Net", "Coletando"),
        ("Sem Parar", "Coletando"),
    ]
    assert [c.recusadas for c in campanhas] == [2, 0, 0]
    assert all(c.operacao.remetente.servico.nome for c in campanhas)


def test_the_services_of_the_sample_take_over_from_each_other_and_the_first_is_for_alerts(agora):
    preparar()
    remetente = Remetente.objects.get(nome="Águas do Exemplo")
    usados = [remetente.servico.nome]

    for _ in range(4):
        consumo.esgotar(remetente.servico, "552 limit exceeded", agora)
        rotacao.conferir(remetente.servico, agora)
        remetente.refresh_from_db()
        usados.append(remetente.servico.nome)

    assert usados == ["SERVICO_2", "SERVICO_3", "SERVICO_5", "SERVICO_6", "SERVICO_6"]
    assert remetente.aguardando_desde == agora
    assert [servico.nome for servico in ServicoEmail.objects.filter(uso_interno=True)] == ["SERVICO_1"]
    assert DestinatarioAlerta.objects.filter(remetente=None, ativo=True).exists()


def test_the_administrators_password_is_printed_once_and_works():
    senha = re.search(r"Senha: (\S+)", preparar("--vazio"))[1]

    assert authenticate(username="admin", password=senha).is_superuser
    assert "Senha: " not in preparar("--vazio")
    assert get_user_model().objects.count() == 1


def test_without_the_sample_nothing_of_a_customer_is_there():
    preparar("--vazio")

    assert not Imovel.objects.exists() and not ParametroMensagem.objects.exists()


def test_a_second_run_changes_nothing():
    preparar()
    antes = (Conta.objects.count(), ProcessoIniciado.objects.count())

    de_novo = "Banco de antes; administrador: admin. Senha esquecida: ./avisa manage changepassword admin\n"
    assert preparar() == de_novo

    assert (Conta.objects.count(), ProcessoIniciado.objects.count()) == antes


def test_the_sample_is_never_loaded_over_somebodys_data():
    from tests.fabricas import novo_parametro_sistema

    novo_parametro_sistema()

    preparar()

    assert not Imovel.objects.exists()
