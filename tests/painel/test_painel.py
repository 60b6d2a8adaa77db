"""The first page: the six processes as they are, and the way of the messages, without counting a table."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.utils import timezone

from batch.inicio import cancelar, iniciar
from batch.models import FuncionalidadeIniciada, ProcessoIniciado, UnidadeIniciada
from cadastro.models import Cliente
from mensageria import alertas
from mensageria.estados import Estado
from mensageria.models import Alerta, Canal, Lote
from mensageria.palavras import DE_FORA
from painel import caminho, passos, views
from preventivo.models import Campanha
from tests.fabricas import (
    nova_acao,
    nova_conta,
    novas_saidas,
    novo_parametro,
    novo_parametro_sistema,
)
from tests.mensageria.apoio import nova_mensagem, por_em
from tests.preventivo.fabricas import nova_campanha, nova_operacao


@pytest.fixture
def tudo(db):
    """A utility with the five first processes done."""
    novo_parametro_sistema()
    novo_parametro()
    nova_acao()
    novas_saidas()
    nova_conta()


def iniciado() -> ProcessoIniciado:
    agora = timezone.now()
    return iniciar(336, usuario=None, agendado_para=agora, agora=agora)


def test_an_empty_installation_says_what_is_missing_and_where_to_mend_it(entrar):
    navegador = entrar("operador")
    User.objects.filter(pk=navegador.pessoa.pk).update(is_staff=False)

    pagina = navegador.get("/").content.decode()

    assert pagina.count("Falta configurar") == 6
    assert "Nenhuma mensagem ainda" in pagina
    for url in ("/cadastro/sistema-parametro/", "/faturamento/parametrizar-mensagem/", "/cadastro/cliente/"):
        assert f'<a href="{url}">Resolver</a>' in pagina
    assert "/admin/" not in pagina
    assert "Peça a um administrador." in pagina


def test_who_may_open_the_administration_is_led_there(chefe, db):
    pagina = chefe.get("/").content.decode()

    assert '<a href="/admin/mensageria/gatewaysms/add/">Resolver</a>' in pagina
    assert "Peça a um administrador." not in pagina


def test_when_all_is_configured_all_six_say_so(entrar, tudo):
    pagina = entrar("operador").get("/").content.decode()

    assert pagina.count("Configurado") == 6
    assert "164 posições: 107 para o texto." in pagina
    assert "Versão a partir de 01/2026" in pagina


@pytest.mark.parametrize(
    ("desfazer", "qual"),
    [
        (lambda: Cliente.objects.update(por_sms=False, por_email=False), 3),
        (lambda: Cliente.objects.first().fones.update(sms=False), 4),
        (lambda: nova_conta().grupo.contas.all().delete(), 5),
    ],
)
def test_each_process_knows_what_it_lacks(tudo, desfazer, qual):
    desfazer()

    assert [passo.pronto for passo in passos.dos_seis(timezone.now())] == [indice != qual for indice in range(6)]


def test_messages_are_where_the_ledger_says(db):
    run = iniciado()
    lote = Lote.objects.create(execucao=run.execucao, origem="faturamento", canal=Canal.SMS)
    for estado in (Estado.PENDENTE, Estado.ENVIADA, Estado.ENTREGUE, Estado.FALHA, Estado.INCERTA):
        por_em(nova_mensagem(lote=lote, canal=Canal.SMS), estado)
    for codigo, de_fora in enumerate((3, 4)):
        UnidadeIniciada.objects.create(
            funcionalidade=FuncionalidadeIniciada.objects.filter(iniciado=run).first(),
            codigo=codigo,
            resultado={DE_FORA: de_fora},
        )

    (execucao,) = caminho.das_ultimas(timezone.now())

    assert execucao.geradas == 5
    assert (execucao.pendentes, execucao.em_envio, execucao.enviadas, execucao.entregues) == (1, 0, 2, 1)
    assert (execucao.falhas, execucao.canceladas, execucao.incertas) == (1, 0, 1)
    assert execucao.terminadas == 4
    assert execucao.de_fora == 7


def test_a_run_without_messages_is_shown_with_none(db):
    iniciado()

    (execucao,) = caminho.das_ultimas(timezone.now())

    assert (execucao.geradas, execucao.de_fora, execucao.anda) == (0, 0, True)


def test_only_the_last_runs_are_looked_at(db):
    codigos = [iniciado().pk for _ in range(caminho.EXECUCOES + 2)]

    assert [execucao.iniciado.pk for execucao in caminho.das_ultimas(timezone.now())] == codigos[
        : -caminho.EXECUCOES - 1 : -1
    ]


def test_a_run_for_later_or_cancelled_before_it_began_hides_none_that_sent(db):
    enviou = iniciado()
    amanha, cancelado = iniciado(), iniciado()
    ProcessoIniciado.objects.filter(pk=amanha.pk).update(agendado_para=timezone.now() + timedelta(days=1))
    cancelar(cancelado, usuario=None, motivo="Engano", agora=timezone.now())

    assert [execucao.iniciado.pk for execucao in caminho.das_ultimas(timezone.now())] == [enviou.pk]


def test_it_asks_for_itself_again_only_while_something_runs(entrar):
    navegador = entrar("operador")
    assert "hx-get" not in navegador.get("/andamento/").content.decode()

    run = iniciado()
    assert "hx-get" in navegador.get("/andamento/").content.decode()

    ProcessoIniciado.objects.filter(pk=run.pk).update(situacao=ProcessoIniciado.Situacao.CONCLUIDO)
    assert "hx-get" not in navegador.get("/andamento/").content.decode()


def test_a_person_of_no_group_sees_no_run(entrar):
    iniciado()
    navegador = entrar("")

    assert "Caminho das mensagens" not in navegador.get("/").content.decode()
    assert "Processo iniciado" not in navegador.get("/andamento/").content.decode()


def test_the_campaigns_under_way_are_in_sight_and_those_that_ended_are_not(entrar, db):
    andando = nova_campanha(cpfs=3, situacao=Campanha.Situacao.ENVIANDO)
    encerrada = nova_campanha(andando.operacao, situacao=Campanha.Situacao.CONCLUIDA)

    pagina = entrar("operador").get("/").content.decode()

    assert f'href="/campanha_preventiva/campanhas/{andando.pk}"' in pagina and "Enviando" in pagina
    assert f"/campanhas/{encerrada.pk}" not in pagina
    assert "Campanhas preventivas" not in entrar("").get("/").content.decode()


def test_many_campaigns_are_led_to_by_their_list(entrar, db, django_assert_max_num_queries):
    operacao = nova_operacao()
    for _ in range(views.CAMPANHAS_A_VISTA + 1):
        nova_campanha(operacao)
    navegador = entrar("operador")

    with django_assert_max_num_queries(34):
        pagina = navegador.get("/").content.decode()

    assert pagina.count("/campanha_preventiva/campanhas/") == views.CAMPANHAS_A_VISTA
    assert "Há outras em andamento." in pagina


def test_the_page_costs_the_same_for_one_run_and_for_many(entrar, tudo, django_assert_max_num_queries):
    navegador = entrar("operador")
    for numero in range(caminho.EXECUCOES):
        run = iniciado()
        lote = Lote.objects.create(execucao=run.execucao, origem="faturamento", canal=Canal.SMS)
        nova_mensagem(lote=lote, canal=Canal.SMS, enviar_apos=timezone.now() + timedelta(days=numero))

    with django_assert_max_num_queries(34):
        navegador.get("/")
    with django_assert_max_num_queries(8):
        navegador.get("/andamento/")


def test_a_supervisor_marks_an_alert_as_resolved_and_the_second_click_finds_it_done(entrar, db):
    alertas.avisar(Alerta.Tipo.CIRCUITO, "x", agora=timezone.now(), assunto="Caiu", titulo="Caiu", paragrafos=["Foi."])
    alerta = Alerta.objects.get()
    supervisor, url = entrar("supervisor"), f"/alertas/{alerta.pk}/resolver/"
    assert f'action="{url}"' in supervisor.get("/").text
    assert "Marcar como resolvido" not in entrar("operador").get("/").text

    for _ in range(2):
        assert supervisor.post(url)["Location"] == "/"

    alerta.refresh_from_db()
    assert alerta.resolvido_em is not None
    assert "Alerta “Caiu” marcado como resolvido." in supervisor.get("/").text
    assert [registro.change_message for registro in LogEntry.objects.all()] == ["Marcado como resolvido."]
