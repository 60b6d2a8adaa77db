"""The numbers of a campaign, which close whatever became of it."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.http import QueryDict

from mensageria.estados import Classe, Estado, Motivo
from mensageria.models import Mensagem, ServicoEmail
from mensageria.palavras import palavras_do_motivo
from preventivo import desempenho, regra
from preventivo.models import Aviso, Campanha, Registro
from telas.paginacao import Pagina
from tests.fabricas import HOJE
from tests.mensageria.apoio import por_em
from tests.preventivo.fabricas import AGORA, nova_campanha, nova_operacao, novo_boleto, novo_registro

S = Campanha.Situacao
A = Aviso.Situacao
MINUTO = timedelta(minutes=1)


@pytest.fixture
def operacao(db):
    return nova_operacao()


@pytest.fixture
def campanha(operacao):
    """One message in each state, and one aviso or more of each other situação."""
    campanha = nova_campanha(operacao, situacao=S.ENVIANDO, iniciada_em=AGORA, registros=14, acordos=12)
    for estado in Estado:
        novo_boleto(campanha, [f"{estado.name.lower()}@exemplo.com.br"])
    regra.gerar(campanha, AGORA)
    motivos = {
        Estado.FALHA: Classe.ENDERECO.label,
        Estado.CANCELADA: Motivo.PAGA.value,
        Estado.INCERTA: Classe.INCERTA.label,
    }
    for estado in Estado:
        mensagem = Mensagem.objects.get(destino=f"{estado.name.lower()}@exemplo.com.br")
        por_em(mensagem, estado)
        Mensagem.objects.filter(pk=mensagem.pk).update(motivo=motivos.get(estado, ""))
    for situacao in A:
        if situacao != A.NA_FILA:
            boleto = novo_boleto(campanha, [f"{situacao}@exemplo.com.br"])
            Aviso.objects.create(
                campanha=campanha, boleto=boleto, email=f"{situacao}@exemplo.com.br", situacao=situacao
            )
    novo_registro(campanha, ["nunca@exemplo.com.br"], coletado_em=None, erro="Indisponível: 503")
    novo_registro(campanha, ["sem-acordo@exemplo.com.br"])
    return campanha


def test_email_enviados_of_many_campaigns_is_one_query(operacao, campanha, django_assert_num_queries):
    vazia = nova_campanha(operacao)

    with django_assert_num_queries(1):
        assert desempenho.enviados([campanha, vazia]) == {campanha.pk: 2, vazia.pk: 0}
    assert desempenho.enviados([]) == {}


def test_the_funnel_closes(campanha):
    f = desempenho.funil(campanha)

    assert f.mensagens == f.enviadas + f.falhas + f.pendentes + f.incertas + f.canceladas == 7
    assert Aviso.objects.count() == f.mensagens + f.aguardando + f.barrados
    assert (f.registros, f.acordos, f.cpfs_com_acordo, f.boletos_na_regra) == (14, 12, 12, 12)
    assert (f.enviadas, f.entregues, f.falhas, f.pendentes, f.incertas, f.canceladas) == (2, 1, 1, 2, 1, 1)
    assert (f.aguardando, f.barrados, f.a_consultar, f.a_confirmar) == (1, 4, 0, 0)


def test_a_cpf_that_is_still_to_be_asked_about_is_not_without_an_answer(campanha):
    Registro.objects.filter(coletado_em=None).update(proxima_em=AGORA + MINUTO)

    Registro.objects.filter(acordos__isnull=False).update(proxima_em=AGORA + MINUTO)

    f = desempenho.funil(campanha)
    assert (f.a_consultar, f.a_confirmar) == (1, 12)
    assert desempenho.SEM_RESPOSTA not in dict(desempenho.por_motivo(campanha))
    assert len(list(desempenho.todos_que_nao_receberam(campanha))) == 8


def test_what_the_counters_say_is_one_query_and_agrees_with_the_funnel(campanha, django_assert_num_queries):
    with django_assert_num_queries(1):
        andamento = desempenho.andamento(campanha)

    assert vars(andamento).items() <= vars(desempenho.funil(campanha)).items()


def test_before_it_sends_the_boletos_of_the_rule_are_those_known_so_far(operacao):
    campanha = nova_campanha(operacao)
    novo_boleto(campanha)
    novo_boleto(campanha, vencimento=HOJE + timedelta(days=7))
    novo_boleto(campanha, vencimento=HOJE + timedelta(days=3))

    assert desempenho.funil(campanha).boletos_na_regra == 2


def test_a_boleto_to_two_addresses_is_one_of_the_rule(operacao):
    campanha = nova_campanha(operacao, situacao=S.ENVIANDO)
    novo_boleto(campanha, ["ana@exemplo.com.br", "bia@exemplo.com.br"])
    regra.gerar(campanha, AGORA)

    funil = desempenho.funil(campanha)
    assert (funil.boletos_na_regra, funil.mensagens, funil.cpfs_com_acordo) == (1, 2, 1)


def test_per_service(campanha):
    um, outro = ServicoEmail.objects.get(), ServicoEmail.objects.create(nome="OUTRO", host="x", porta=25)
    Mensagem.objects.filter(estado=Estado.ENTREGUE).update(servico=um)
    Mensagem.objects.filter(estado=Estado.ENVIADA).update(servico=outro)

    assert desempenho.por_servico(campanha) == sorted([(um.nome, 1), ("OUTRO", 1)])
    assert desempenho.por_servico(nova_campanha(campanha.operacao)) == []


def test_per_reason_in_words(campanha):
    motivos = dict(desempenho.por_motivo(campanha))

    assert motivos == {
        **{situacao.label: 1 for situacao in A if situacao != A.NA_FILA},
        palavras_do_motivo(Classe.ENDERECO.label): 1,
        palavras_do_motivo(Classe.INCERTA.label): 1,
        "Paga": 1,
        "CPF sem resposta da empresa": 1,
    }


def test_reasons_that_differ_only_in_the_words_of_a_server_are_one(operacao):
    campanha = nova_campanha(operacao, situacao=S.ENVIANDO)
    for n in range(3):
        novo_boleto(campanha, [f"{n}@exemplo.com.br"])
    regra.gerar(campanha, AGORA)
    for mensagem in Mensagem.objects.all():
        por_em(mensagem, Estado.FALHA)
        Mensagem.objects.filter(pk=mensagem.pk).update(motivo=f"{Classe.ENDERECO.label}: caixa {mensagem.pk}")

    assert desempenho.por_motivo(campanha) == [("O servidor recusou o endereço ou o telefone.", 3)]


# Over time


def enviar_em(campanha, *momentos) -> None:
    for n in range(len(momentos)):
        novo_boleto(campanha, [f"t{n}@exemplo.com.br"])
    regra.gerar(campanha, AGORA)
    for momento, mensagem in zip(momentos, Mensagem.objects.order_by("pk"), strict=True):
        por_em(mensagem, Estado.ENVIADA)
        Mensagem.objects.filter(pk=mensagem.pk).update(enviada_em=momento)


@pytest.mark.parametrize("duracao", [0, 1, 59, 60, 61, 3600, 86_399])
def test_the_plot_has_at_most_sixty_equal_steps_and_holds_every_send(operacao, duracao):
    campanha = nova_campanha(operacao, situacao=S.ENVIANDO)
    fim = AGORA + timedelta(seconds=duracao)
    enviar_em(campanha, AGORA, AGORA + (fim - AGORA) / 3, fim)

    pontos = desempenho.ao_longo_do_tempo(campanha)

    assert 1 <= len(pontos) <= 60 and sum(n for _, n in pontos) == 3
    assert pontos[0][0] == AGORA and pontos[0][1] >= 1 and pontos[-1][1] >= 1
    assert len({depois[0] - antes[0] for antes, depois in pairwise(pontos)}) <= 1


def test_nothing_sent_is_no_plot(operacao):
    assert desempenho.ao_longo_do_tempo(nova_campanha(operacao)) == []


# Who did not receive


def test_who_did_not_receive_and_why(campanha):
    linhas = {linha.email: linha for linha in desempenho.nao_receberam(campanha)}

    esperados = {"falha", "cancelada", "incerta", *(s for s in A if s != A.NA_FILA)}
    assert {email.partition("@")[0] for email in linhas} == esperados
    falha = linhas["falha@exemplo.com.br"]
    assert falha.motivo == "O servidor recusou o endereço ou o telefone."
    assert falha.mensagem_id == Mensagem.objects.get(estado=Estado.FALHA).pk
    assert (falha.cpf, falha.numero) == (falha.boleto.acordo.registro.cpf, falha.boleto.numero)
    assert (falha.vencimento, falha.valor) == (HOJE, Decimal("123.45"))
    assert linhas["cancelada@exemplo.com.br"].motivo == "Paga"
    assert linhas["repetido@exemplo.com.br"].motivo == A.REPETIDO.label
    assert linhas["repetido@exemplo.com.br"].mensagem_id is None


@pytest.mark.parametrize(
    "motivo",
    [
        *(m.value for m in Motivo),
        f"{Motivo.SEM_CONTEXTO}: Endereço inválido: x",
        *(f"{rotulo}: 550 não" for rotulo in Classe.labels),
        *Classe.labels,
        "Cancelada pelo operador: engano",
        "Operadora",
        "",
    ],
)
def test_the_database_tells_a_reason_in_the_same_words(operacao, motivo):
    campanha = nova_campanha(operacao, situacao=S.ENVIANDO)
    novo_boleto(campanha)
    regra.gerar(campanha, AGORA)
    por_em(Mensagem.objects.get(), Estado.FALHA)
    Mensagem.objects.update(motivo=motivo)

    assert desempenho.nao_receberam(campanha).get().motivo == palavras_do_motivo(motivo)


def test_a_page_of_them_is_few_queries_and_goes_on_by_key(campanha, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        primeira = Pagina(
            desempenho.nao_receberam(campanha), QueryDict("exibir=5"), ordens={"codigo": "pk"}, padrao="codigo"
        )
        lidas = [(linha.cpf, linha.motivo, linha.mensagem_id) for linha in primeira.linhas]
    proxima = Pagina(
        desempenho.nao_receberam(campanha), QueryDict(primeira.proxima[1:]), ordens={"codigo": "pk"}, padrao="codigo"
    )

    assert (len(lidas), len(proxima.linhas), proxima.tem_proxima) == (5, 3, False)
    assert primeira.resumo == "1 ao 5 de 8 registros"


def test_the_file_has_them_all_and_the_cpfs_without_an_answer(campanha):
    linhas = list(desempenho.todos_que_nao_receberam(campanha))

    assert len(linhas) == 9
    assert linhas[0] == desempenho.NaoRecebeu(
        **{campo: getattr(desempenho.nao_receberam(campanha)[0], campo) for campo in vars(linhas[0])}
    )
    ultima = linhas[-1]
    assert (ultima.email, ultima.motivo) == (
        "nunca@exemplo.com.br",
        "CPF sem resposta da empresa: Indisponível: 503",
    )
    assert (ultima.numero, ultima.vencimento, ultima.valor, ultima.mensagem_id) == ("", None, None, None)


def test_the_numbers_take_few_queries_whatever_the_size(operacao, django_assert_max_num_queries):
    campanha = nova_campanha(operacao, situacao=S.ENVIANDO, iniciada_em=AGORA)
    for n in range(30):
        novo_boleto(campanha, [f"a{n}@exemplo.com.br", f"b{n}@exemplo.com.br"])
    regra.gerar(campanha, AGORA)
    campanha = Campanha.objects.select_related("operacao", "tipo", "layout").get()

    with django_assert_max_num_queries(13):
        desempenho.funil(campanha)
        desempenho.por_servico(campanha)
        desempenho.por_motivo(campanha)
        desempenho.ao_longo_do_tempo(campanha)
