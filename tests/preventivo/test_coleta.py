"""What is asked of the companies, by whom and how often, over real sockets; the clock is handed in."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import DataError, connection

from mensageria import trabalhador
from mensageria.models import Anexo
from preventivo import campanhas, circuito, coleta, respostas
from preventivo.models import Acordo, Boleto, Campanha, Operacao, Registro
from preventivo.operadoras import Falha, FalhaDaOperadora
from simuladores.boletos import Acordo as AcordoSimulado
from simuladores.boletos import boleto_de, linha_de_arrecadacao, linha_de_boleto, pdf_de, pix_de
from simuladores.operadoras import OperadorasSimuladas, OrdemAPI
from tests.fabricas import HOJE
from tests.preventivo.fabricas import AGORA, SEGREDO, nova_campanha, nova_operacao, novo_cpf

S = Campanha.Situacao
B = Boleto.Situacao
ONTEM = AGORA - timedelta(days=1)
CONFIRMA_DESDE = AGORA - timedelta(hours=6)
MINUTO = timedelta(minutes=1)


@pytest.fixture
def api():
    with OperadorasSimuladas(dados={}, dia=HOJE) as api:
        yield api


@pytest.fixture
def operacao(db, api):
    return nova_operacao(url=f"{api.url}/claro")


def boleto_simulado(dias: int = 0, numero: str = "AC1", **mudancas):
    """Right in all it says, without Pix or PDF unless told otherwise."""
    boleto = boleto_de("claro", numero, Decimal("100.00"), HOJE + timedelta(days=dias))
    return replace(boleto, **{"pix": "", "pdf": b""} | mudancas)


def deve(api, cpf: str, *boletos, acordo: str = "") -> None:
    api.definir(cpf, [AcordoSimulado(acordo or f"AC{cpf}", boletos, "Celular")])


def coletar(operacao, agora=ONTEM, **campos) -> int:
    return coleta.coletar(operacao.pk, relogio=lambda: agora, **campos)


def cpfs_de(campanha) -> list[str]:
    return list(campanha.registros_da_campanha.order_by("pk").values_list("cpf", flat=True))


def ler(operacao) -> Operacao:
    return Operacao.objects.get(pk=operacao.pk)


# What is asked, and stored


def test_each_cpf_is_asked_once_and_what_it_owes_is_stored(operacao, api):
    campanha = nova_campanha(operacao, cpfs=3)
    um, dois, sem_nada = cpfs_de(campanha)
    deve(api, um, boleto_simulado(0), boleto_simulado(7))
    deve(api, dois, boleto_simulado(30))
    api.definir(sem_nada, [])

    assert coletar(operacao) == 3

    campanha.refresh_from_db()
    assert campanha.acordos == 2
    assert sorted(b.vencimento for b in Boleto.objects.all()) == [HOJE + timedelta(days=n) for n in (0, 7, 30)]
    assert all(b.codigo and not b.problema and b.conferido_em == ONTEM for b in Boleto.objects.all())
    assert set(Registro.objects.values_list("coletado_em", "proxima_em", "tomado_ate")) == {
        (ONTEM, CONFIRMA_DESDE, None)
    }
    assert coletar(operacao) == 0
    assert set(api.respondidas().values()) == {1}


def test_in_the_last_hours_each_cpf_is_asked_again_once_those_without_boleto_too(operacao, api):
    campanha = nova_campanha(operacao, cpfs=2)
    um, _ = cpfs_de(campanha)
    deve(api, um, boleto_simulado(0))
    coletar(operacao)

    assert coletar(operacao, CONFIRMA_DESDE - timedelta(seconds=1)) == 0
    assert coletar(operacao, CONFIRMA_DESDE) == 2

    assert set(Registro.objects.values_list("proxima_em", flat=True)) == {None}
    assert Boleto.objects.get().conferido_em == CONFIRMA_DESDE
    assert coletar(operacao, AGORA) == 0


def test_a_later_answer_changes_what_was_stored_and_what_it_lacks_is_absent(operacao, api):
    campanha = nova_campanha(operacao, cpfs=1)
    [cpf] = cpfs_de(campanha)
    some, paga, muda, ja_paga = (
        boleto_simulado(numero="A"),
        boleto_simulado(numero="B"),
        boleto_simulado(numero="C"),
        boleto_simulado(numero="D", situacao="pago"),
    )
    deve(api, cpf, some, paga, muda, ja_paga)
    coletar(operacao)
    nova_linha = linha_de_boleto(Decimal("50.00"), HOJE, 1)
    deve(api, cpf, replace(paga, situacao="pago"), replace(muda, valor=Decimal("50.00"), linha=nova_linha))

    coletar(operacao, CONFIRMA_DESDE)

    por_numero = {b.numero: b for b in Boleto.objects.all()}
    situacoes = {numero: b.situacao for numero, b in por_numero.items()}
    assert situacoes == {
        some.numero: B.AUSENTE,
        paga.numero: B.PAGO,
        muda.numero: B.ABERTO,
        ja_paga.numero: B.PAGO,
    }
    assert (por_numero[muda.numero].valor, por_numero[muda.numero].linha) == (Decimal("50.00"), nova_linha)
    assert por_numero[some.numero].conferido_em == CONFIRMA_DESDE
    assert Acordo.objects.count() == 1


def test_an_agreement_that_comes_again_is_counted_once(operacao, api):
    campanha = nova_campanha(operacao, cpfs=1)
    [cpf] = cpfs_de(campanha)
    acordos = [AcordoSimulado("1", (boleto_simulado(numero="A"),)), AcordoSimulado("2", (boleto_simulado(numero="B"),))]
    api.definir(cpf, acordos)
    coletar(operacao)
    coletar(operacao, CONFIRMA_DESDE)

    campanha.refresh_from_db()
    assert campanha.acordos == Acordo.objects.count() == 2


@pytest.mark.parametrize(
    ("mudancas", "problema"),
    [
        ({}, ""),
        ({"linha": linha_de_boleto(Decimal("100.00"), HOJE, 5)[:-1] + "9"}, "dígito verificador"),
        ({"linha": "123"}, "47 algarismos"),
        ({"linha": linha_de_boleto(Decimal("100.01"), HOJE, 5)}, "é de R$ 100,01 e o boleto é de R$ 100,00"),
        ({"linha": linha_de_boleto(Decimal("0.00"), HOJE, 5)}, "não traz valor"),
        ({"linha": linha_de_boleto(Decimal("100.00"), HOJE + timedelta(days=1), 5)}, "vence em 11/11/2026"),
        ({"linha": linha_de_arrecadacao(Decimal("100.00"), HOJE + timedelta(days=1), 5)}, ""),
        ({"linha": linha_de_arrecadacao(Decimal("99.00"), HOJE, 5)}, "é de R$ 99,00"),
        ({"cnpj": "11222333000180"}, "CNPJ do beneficiário"),
        ({"cnpj": ""}, "A empresa não informou o beneficiário."),
        ({"beneficiario": " "}, "A empresa não informou o beneficiário."),
        ({"cnpj": "", "linha": "123"}, "47 algarismos"),
    ],
)
def test_a_line_that_does_not_check_or_agree_is_kept_without_bar_code_and_with_its_problem(
    operacao, api, mudancas, problema
):
    campanha = nova_campanha(operacao, cpfs=1)
    certa = {"linha": linha_de_boleto(Decimal("100.00"), HOJE, 5)}
    deve(api, *cpfs_de(campanha), boleto_simulado(**certa | mudancas))

    assert coletar(operacao) == 1

    boleto = Boleto.objects.get()
    assert problema in boleto.problema
    assert bool(boleto.codigo) == (not problema) == (boleto.problema == "")


@pytest.mark.parametrize(
    ("pix", "fica"),
    [
        (pix_de(Decimal("100.00"), "abc"), True),
        (pix_de(Decimal("99.00"), "abc"), False),
        (pix_de(Decimal("100.00"), "abc")[:-1] + "!", False),
        ("", False),
    ],
)
def test_a_pix_that_is_not_right_or_charges_another_value_is_dropped_and_the_boleto_stays(operacao, api, pix, fica):
    campanha = nova_campanha(operacao, cpfs=1)
    deve(api, *cpfs_de(campanha), boleto_simulado(pix=pix))

    coletar(operacao)

    boleto = Boleto.objects.get()
    assert (boleto.pix, bool(boleto.codigo)) == (pix if fica else "", True)


def test_only_open_boletos_of_the_rule_have_their_pdf_fetched_and_only_once(operacao, api):
    campanha = nova_campanha(operacao, cpfs=1)
    pdf = pdf_de(["boleto"])
    na_regra = boleto_simulado(0, pdf=pdf)
    outros = (
        boleto_simulado(3, pdf=pdf),
        boleto_simulado(7, pdf=pdf, situacao="pago"),
        boleto_simulado(0, numero="X"),
    )
    deve(api, *cpfs_de(campanha), na_regra, *outros)

    coletar(operacao)
    coletar(operacao, CONFIRMA_DESDE)

    assert api.pdfs == Counter({na_regra.numero: 1})
    assert bytes(Anexo.objects.get().conteudo) == pdf
    assert dict(Boleto.objects.exclude(pdf=None).values_list("numero", "pdf__nome")) == {
        na_regra.numero: f"boleto-{na_regra.numero}.pdf"
    }


@pytest.mark.parametrize(
    "ordem",
    [
        OrdemAPI(rota="pdf", status=500),
        OrdemAPI("truncar", rota="pdf"),
        OrdemAPI("lixo", rota="pdf"),
        OrdemAPI("gigante", rota="pdf"),
    ],
)
def test_a_pdf_that_does_not_come_fails_nothing_and_is_asked_for_again_with_the_confirmation(operacao, api, ordem):
    campanha = nova_campanha(operacao, cpfs=1)
    deve(api, *cpfs_de(campanha), boleto_simulado(0, pdf=pdf_de(["boleto"])))
    api.ordenar(ordem)

    assert coletar(operacao) == 1
    assert (Boleto.objects.get().pdf, Boleto.objects.get().codigo != "") == (None, True)
    assert ler(operacao).falhas_seguidas == 0

    api.limpar()
    coletar(operacao, CONFIRMA_DESDE)
    assert Boleto.objects.get().pdf is not None


# When it fails


@pytest.mark.parametrize(
    ("ordem", "palavras"),
    [
        (OrdemAPI(status=503, vezes=1), "Indisponível"),
        (OrdemAPI("derrubar_antes", vezes=1), "Indisponível"),
        (OrdemAPI("lixo", corpo="<html>", vezes=1), "Resposta inesperada"),
        (OrdemAPI("truncar", vezes=1), "Resposta inesperada"),
    ],
)
def test_a_cpf_that_failed_is_asked_again_later_and_the_others_are_answered(operacao, api, ordem, palavras):
    nova_campanha(operacao, cpfs=4)
    Operacao.objects.update(conexoes=1)
    api.ordenar(ordem)

    assert coletar(operacao) == 3

    falhou = Registro.objects.get(coletado_em=None)
    assert falhou.tentativas == 1 and falhou.erro.startswith(palavras) and falhou.tomado_ate is None
    assert timedelta(seconds=24) <= falhou.proxima_em - ONTEM <= timedelta(seconds=30)
    assert ler(operacao).falhas_seguidas == 0, "the others were answered after it"
    assert coletar(operacao, falhou.proxima_em) == 1
    falhou.refresh_from_db()
    assert (falhou.tentativas, falhou.erro, falhou.proxima_em) == (0, "", CONFIRMA_DESDE)


def test_the_wait_of_a_cpf_doubles_up_to_a_quarter_of_an_hour_and_is_never_shorter_than_asked():
    esperas = [coleta.espera(n).total_seconds() for n in range(1, 12)]

    assert all(0.8 * min(30 * 2**n, 900) <= e <= min(30 * 2**n, 900) for n, e in enumerate(esperas))
    assert coleta.espera(1, 600) == timedelta(seconds=600)
    assert coleta.espera(1, 86400) == timedelta(minutes=15), "no company stops a CPF for a day"
    assert coleta.espera(1000) <= timedelta(minutes=15)


def test_who_asks_to_slow_down_is_left_alone_for_as_long_as_it_asked(operacao, api):
    campanha = nova_campanha(operacao, cpfs=5)
    Operacao.objects.update(conexoes=1)
    api.ordenar(OrdemAPI(status=429, cabecalhos={"Retry-After": "90"}, depois_de=2, vezes=1))

    assert coletar(operacao) == 2
    assert ler(operacao).em_espera_ate == ONTEM + timedelta(seconds=90)
    campanha.refresh_from_db()
    assert "Nova tentativa às 12:01" in campanhas.espera(campanha, ONTEM)
    assert coletar(operacao, ONTEM + timedelta(seconds=89)) == 0
    assert coleta.a_coletar(ONTEM + timedelta(seconds=89)) == []
    assert len(api.consultas) == 3

    assert coletar(operacao, ONTEM + timedelta(seconds=90)) == 3
    assert (ler(operacao).em_espera_ate, ler(operacao).motivo_espera, ler(operacao).falhas_seguidas) == (None, "", 0)
    assert set(Registro.objects.values_list("tentativas", flat=True)) == {0}, "it was nothing of a CPF's"


@pytest.mark.parametrize(
    "ordem",
    [
        OrdemAPI(status=503),
        OrdemAPI("derrubar_antes"),
        OrdemAPI("lixo", corpo="<html>manutenção</html>"),
        OrdemAPI(status=401),
        OrdemAPI("demorar", segundos=60),
    ],
    ids=["down", "dropped", "garbage", "credentials", "slow"],
)
def test_an_api_that_fails_for_ten_minutes_loses_nothing_says_so_and_ends_by_itself(operacao, api, ordem):
    campanha = nova_campanha(operacao, cpfs=8)
    Operacao.objects.update(prazo=1 if ordem.acao == "demorar" else 5, conexoes=3)
    api.ordenar(ordem)
    agora = ONTEM
    while agora < ONTEM + 10 * MINUTO:
        assert coletar(operacao, agora) == 0
        campanhas.tique(agora)
        campanha = Campanha.objects.get()
        assert campanha.situacao == S.COLETANDO
        assert "A API de Claro não está respondendo" in campanhas.espera(campanha, agora)
        agora += MINUTO

    # Five failures open it, then one asks first; with another token when its own is refused.
    assert api.perguntas <= 2 * (5 + 3 + 10)
    api.ordens.limpar()
    while Campanha.objects.get().situacao != S.AGENDADA:
        agora += MINUTO
        coletar(operacao, agora)
        campanhas.tique(agora)
        assert agora < ONTEM + 40 * MINUTO
    assert set(api.respondidas().values()) == {1} and len(api.respondidas()) == 8
    assert ler(operacao).falhas_seguidas == 0 and ler(operacao).em_espera_ate is None


def test_a_cpf_that_only_gives_nonsense_does_not_stop_the_others(operacao, api):
    nova_campanha(operacao, cpfs=1)
    [cpf] = Registro.objects.values_list("cpf", flat=True)
    api.ordenar(OrdemAPI("lixo", corpo="{}", padrao=cpf))
    agora = ONTEM
    for _ in range(8):
        assert coletar(operacao, agora) == 0
        agora = Registro.objects.get().proxima_em

    assert ler(operacao).falhas_seguidas == 1
    assert ler(operacao).em_espera_ate is None
    assert Registro.objects.get().tentativas == 8


def test_the_circuit_opens_at_five_failures_in_a_row_and_one_asks_first_after_its_rest(operacao):
    falha = FalhaDaOperadora(Falha.INDISPONIVEL, "fora do ar")
    for _ in range(5):
        assert ler(operacao).em_espera_ate is None
        circuito.falhou(operacao, falha, AGORA)
    assert operacao.em_espera_ate == AGORA + timedelta(seconds=30)
    circuito.falhou(operacao, falha, AGORA)
    assert operacao.falhas_seguidas == 5, "those that were in the air count as the same failure"

    descansos = []
    agora = AGORA
    for _ in range(8):
        agora = operacao.em_espera_ate
        assert circuito.em_prova(operacao, agora)
        circuito.falhou(operacao, falha, agora)
        descansos.append((operacao.em_espera_ate - agora).total_seconds())
    assert descansos == [60, 120, 240, 480, 600, 600, 600, 600]

    circuito.acertou(operacao, operacao.em_espera_ate)
    assert (ler(operacao).falhas_seguidas, ler(operacao).em_espera_ate, ler(operacao).motivo_espera) == (0, None, "")


@pytest.mark.parametrize("falha", [Falha.LIMITE, Falha.INDISPONIVEL])
def test_no_company_stops_its_operacao_for_more_than_a_quarter_of_an_hour_at_a_time(operacao, falha):
    circuito.falhou(operacao, FalhaDaOperadora(falha, "esperem", 86400), AGORA)

    assert ler(operacao).em_espera_ate == AGORA + timedelta(minutes=15)


def test_the_circuit_that_is_closed_by_hand_asks_at_once_and_all_at_once(operacao, api):
    nova_campanha(operacao, cpfs=2)
    for _ in range(5):
        circuito.falhou(operacao, FalhaDaOperadora(Falha.AUTENTICACAO, "recusada", 600), ONTEM)
    assert coletar(operacao) == 0

    circuito.fechar(operacao)

    fechado = ler(operacao)
    assert (fechado.falhas_seguidas, fechado.em_espera_ate, fechado.motivo_espera) == (0, None, "")
    assert not circuito.em_prova(fechado, ONTEM)
    assert coletar(operacao) == 2


def test_a_success_in_the_air_does_not_end_the_rest_that_was_asked_for(operacao):
    circuito.falhou(operacao, FalhaDaOperadora(Falha.LIMITE, "429", 300), AGORA)
    circuito.acertou(operacao, AGORA)

    assert ler(operacao).em_espera_ate == AGORA + timedelta(seconds=300)
    assert ler(operacao).falhas_seguidas == 0


def test_a_secret_that_does_not_open_is_told_and_stops_no_other(operacao, settings, api):
    nova_campanha(operacao, cpfs=1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE preventivo_operacao SET segredo = 'nada' WHERE id = %s", [operacao.pk])

    assert coletar(operacao) == 0

    motivo = Operacao.objects.values_list("motivo_espera", flat=True).get(pk=operacao.pk)
    assert motivo.startswith("Autenticação") and api.perguntas == 0


def test_an_answer_that_the_database_does_not_take_is_its_cpfs_own_fault(operacao, api, monkeypatch):
    nova_campanha(operacao, cpfs=3)
    ruim = cpfs_de(Campanha.objects.get())[1]
    deve(api, ruim, boleto_simulado(valor=Decimal("99999999999.00")))
    monkeypatch.setattr(respostas, "conferir", lambda acordos: None)

    assert coletar(operacao) == 2

    falhou = Registro.objects.get(coletado_em=None)
    assert (falhou.cpf, falhou.tentativas) == (ruim, 1)
    assert not Acordo.objects.filter(registro=falhou).exists()


def test_an_answer_that_the_database_does_not_take_is_logged_without_what_it_said(operacao, api, monkeypatch, caplog):
    nova_campanha(operacao, cpfs=1)
    [cpf] = cpfs_de(Campanha.objects.get())
    deve(api, cpf, boleto_simulado())
    palavras = f'invalid input: "{cpf}"'

    def estourar(*_):
        raise DataError(palavras)

    monkeypatch.setattr(respostas, "guardar", estourar)

    assert coletar(operacao) == 0

    assert "DataError" in caplog.text and "in _gravar" in caplog.text
    assert cpf not in caplog.text


def test_an_error_that_nobody_foresaw_tells_no_secret(operacao, monkeypatch, caplog):
    nova_campanha(operacao, cpfs=1)
    [cpf] = cpfs_de(Campanha.objects.get())
    palavras = f"{SEGREDO} do {cpf}"

    def estourar(self, cpf):
        try:
            raise KeyError(palavras)
        except KeyError as erro:
            raise RuntimeError(palavras) from erro

    monkeypatch.setattr("preventivo.operadoras.claro.Claro.consultar", estourar)

    assert coletar(operacao) == 0
    assert Registro.objects.get().erro == "Resposta inesperada: erro inesperado (RuntimeError)"
    assert "RuntimeError" in caplog.text and "in estourar" in caplog.text
    assert cpf not in caplog.text and SEGREDO not in caplog.text


# Who asks, in what order and how fast


def test_a_company_has_one_collector_in_the_whole_installation(operacao, api):
    nova_campanha(operacao, cpfs=2)
    outra = nova_operacao("net", url=f"{api.url}/net")

    with trabalhador.exclusivo(coleta.TRAVA, operacao.pk) as nossa:
        assert nossa()
        assert coletar(operacao) == 0
        with trabalhador.exclusivo(coleta.TRAVA, outra.pk) as da_outra:
            assert da_outra()

    assert coletar(operacao) == 2


def test_a_collector_whose_session_ends_asks_nothing_more(operacao, api):
    """Somebody else may have its lock from then on."""
    nova_campanha(operacao, cpfs=10)
    Operacao.objects.update(conexoes=1)

    def encerrar() -> bool:
        if api.perguntas == 3:
            with connection.cursor() as cursor:
                cursor.execute(ENCERRAR, [coleta.TRAVA, operacao.pk])
                assert cursor.fetchall() == [(True,)]
        return False

    assert coletar(operacao, parar=encerrar) == 3

    assert set(Registro.objects.values_list("tomado_ate", flat=True)) == {None}
    assert coletar(operacao) == 7
    assert set(api.respondidas().values()) == {1}


# Waits up to five seconds until it is gone.
ENCERRAR = """SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
    WHERE locktype = 'advisory' AND classid::bigint = %s AND objid::bigint = %s"""


def test_who_collects_is_not_counted_among_those_that_send(operacao):
    trabalhador.este().fechar()
    with trabalhador.exclusivo(coleta.TRAVA, operacao.pk), connection.cursor() as cursor:
        cursor.execute(trabalhador.TIDAS)
        tidas = cursor.fetchall()

    assert (coleta.TRAVA, operacao.pk) in tidas
    assert trabalhador.PRESENCA not in [classe for classe, _ in tidas]


def test_when_it_must_stop_what_is_in_the_air_is_written_and_the_rest_given_back(operacao, api):
    nova_campanha(operacao, cpfs=10)
    Operacao.objects.update(conexoes=3)
    solta = threading.Event()
    api.ordenar(OrdemAPI("demorar", ate=solta))

    def parar() -> bool:
        if api.perguntas < 3:
            return False
        solta.set()
        return True

    assert coletar(operacao, parar=parar) == 3

    assert set(Registro.objects.values_list("tomado_ate", flat=True)) == {None}
    assert Registro.objects.filter(coletado_em=None, proxima_em__lte=ONTEM).count() == 7
    assert coletar(operacao) == 7
    assert set(api.respondidas().values()) == {1}


def test_no_more_than_so_many_ask_at_once(operacao, api):
    nova_campanha(operacao, cpfs=12)
    Operacao.objects.update(conexoes=3)
    soltas = threading.Event()
    api.ordenar(OrdemAPI("demorar", ate=soltas, vezes=3))

    def parar() -> bool:
        if api.perguntas >= 3:
            soltas.set()
        return False

    assert coletar(operacao, parar=parar) == 12
    assert api.maior_simultaneo == 3


def test_requests_leave_apart_by_the_limit_whatever_the_thread(monkeypatch):
    monkeypatch.setattr(coleta.time, "monotonic", lambda: 100.0)

    class Parada:
        def __init__(self):
            self.esperas = []

        def wait(self, segundos):
            self.esperas.append(round(segundos, 6))

    compasso = coleta._Compasso(97, parada := Parada())
    assert all(compasso.esperar() for _ in range(4))

    entre = 100 / (97 * 97)
    assert parada.esperas == [round(entre * n, 6) for n in (1, 2, 3, 4)], "the turn before may have just asked"
    assert 1 / entre + 1 <= 97 + 1


class Contado(coleta._Compasso):
    """Counts the moments that it gives, at most so many: then all must stop."""

    dados, maximo = 0, 1000

    def esperar(self) -> bool:
        if Contado.dados == Contado.maximo:
            self.parada.set()
            return False
        Contado.dados += 1
        return super().esperar()


@pytest.fixture
def contado(monkeypatch):
    monkeypatch.setattr(Contado, "dados", 0)
    monkeypatch.setattr(coleta, "_Compasso", Contado)
    return Contado


def nova_net(api, cpfs: int) -> Operacao:
    """Each CPF has three pages, and one PDF that is wanted."""
    operacao = nova_operacao("net", url=f"{api.url}/net", conexoes=1)
    for cpf in cpfs_de(nova_campanha(operacao, cpfs=cpfs)):
        com_pdf = boleto_simulado(0, numero=f"P{cpf}", pdf=pdf_de(["boleto"]))
        deve(api, cpf, com_pdf, *[boleto_simulado(3, numero=f"{cpf}{n}") for n in range(6)])
    return operacao


def test_each_page_and_each_pdf_waits_for_its_moment(db, api, contado):
    operacao = nova_net(api, 2)

    assert coletar(operacao) == 2

    assert contado.dados == api.perguntas + api.pdfs.total() == 2 * (3 + 1)


def test_a_question_that_must_stop_between_its_pages_is_given_back_unblamed(db, api, contado, monkeypatch):
    operacao = nova_net(api, 1)
    monkeypatch.setattr(contado, "maximo", 2)

    assert coletar(operacao) == 0

    registro = Registro.objects.get()
    assert (registro.tentativas, registro.erro, registro.tomado_ate, registro.coletado_em) == (0, "", None, None)
    assert ler(operacao).falhas_seguidas == 0
    assert api.perguntas == 2


def test_what_must_stop_before_a_pdf_keeps_the_answer(db, api, contado, monkeypatch):
    operacao = nova_net(api, 1)
    monkeypatch.setattr(contado, "maximo", 3)

    assert coletar(operacao) == 1

    assert Boleto.objects.count() == 7 and not Anexo.objects.exists()


def test_when_the_time_of_a_turn_is_up_a_question_of_many_pages_is_asked_to_its_end(db, api, monkeypatch):
    """However slow its pages must leave, each turn answers what it began."""
    operacao = nova_net(api, 2)
    agora, solta = [100.0], threading.Event()
    monkeypatch.setattr(coleta, "time", SimpleNamespace(monotonic=lambda: agora[0]))
    api.ordenar(OrdemAPI("demorar", ate=solta, vezes=1))

    def parar() -> bool:
        if api.perguntas:
            agora[0] = 200.0
            solta.set()
        return False

    assert coletar(operacao, parar=parar) == 1

    assert (api.perguntas, api.pdfs.total()) == (3, 1)
    assert set(Registro.objects.values_list("tomado_ate", flat=True)) == {None}


def test_the_campaign_nearest_to_its_hour_is_collected_first_and_one_that_stopped_never(operacao, api):
    Operacao.objects.update(conexoes=1)
    depois = nova_campanha(operacao, cpfs=2, envia_em=AGORA + timedelta(days=3))
    antes = nova_campanha(operacao, cpfs=2)
    paradas = [nova_campanha(operacao, cpfs=1, situacao=s) for s in (S.PAUSADA, S.CANCELADA, S.A_CONFERIR, S.CONCLUIDA)]

    assert coletar(operacao) == 4

    perguntados = [consulta.cpf for consulta in api.consultas]
    assert set(perguntados[:2]) == set(cpfs_de(antes)) and set(perguntados[2:]) == set(cpfs_de(depois))
    assert not set(perguntados) & {cpf for campanha in paradas for cpf in cpfs_de(campanha)}


@pytest.mark.parametrize("campos", [{"ativa": False}, {"url": ""}])
def test_an_operacao_that_is_off_or_has_no_address_is_not_asked(operacao, api, campos):
    campanha = nova_campanha(operacao, cpfs=1)
    assert coleta.a_coletar(ONTEM) == [operacao.pk]
    Operacao.objects.update(**campos)

    assert coleta.a_coletar(ONTEM) == []
    assert coletar(operacao) == 0
    campanha = Campanha.objects.select_related("operacao").get()
    assert campanhas.espera(campanha, ONTEM) == "A operação Claro está inativa ou sem API configurada."


def test_what_another_collector_may_still_have_in_the_air_is_left_until_its_lease_ends(operacao):
    nova_campanha(operacao, cpfs=2)
    preso = Registro.objects.first()
    Registro.objects.filter(pk=preso.pk).update(tomado_ate=ONTEM + timedelta(seconds=20))

    assert coletar(operacao) == 1
    assert coletar(operacao, ONTEM + timedelta(seconds=20)) == 1


def test_an_answer_that_comes_after_the_campaign_got_another_date_is_confirmed_by_the_new_one(
    operacao, django_user_model, monkeypatch
):
    campanha = nova_campanha(operacao, cpfs=1)
    pessoa = django_user_model.objects.create_user("ana")
    nova_data = AGORA + timedelta(days=5)

    gravar = coleta._Turno._gravar

    def gravar_depois(turno, ouvidos):
        if ouvidos:
            campanhas.reagendar(campanha.pk, nova_data, usuario=pessoa, agora=ONTEM)
        gravar(turno, ouvidos)

    monkeypatch.setattr(coleta._Turno, "_gravar", gravar_depois)
    coletar(operacao)

    assert Registro.objects.get().proxima_em == nova_data - timedelta(hours=6)


def test_the_same_cpf_in_two_campaigns_is_asked_for_each(operacao, api):
    cpf = novo_cpf()
    for _ in range(2):
        nova_campanha(operacao, cpfs={cpf: ["ana@exemplo.com.br"]})
    deve(api, cpf, boleto_simulado())

    assert coletar(operacao) == 2
    assert Boleto.objects.count() == 2
