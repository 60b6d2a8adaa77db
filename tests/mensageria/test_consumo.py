"""Quotas: the calendar, what may be reserved, what is counted, exhaustion, and warnings."""

import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mensageria import circuito, consumo
from mensageria.estados import Classe, Estado
from mensageria.models import Alerta, Canal, Consumo, GatewaySMS, Mensagem, ServicoEmail, TentativaEnvio, inicio_do_dia
from tests.fabricas import novas_saidas
from tests.mensageria.apoio import AGORA, nova_mensagem, nova_reserva, por_em

FIM_DO_MES = inicio_do_dia(date(2026, 12, 1))


# The calendar


@pytest.mark.parametrize(
    ("dia", "hoje", "inicio", "renovacao"),
    [
        (1, "2026-11-10", "2026-11-01", "2026-12-01"),
        (1, "2026-12-01", "2026-12-01", "2027-01-01"),
        (15, "2026-11-14", "2026-10-15", "2026-11-15"),
        (15, "2026-11-15", "2026-11-15", "2026-12-15"),
        (31, "2026-11-29", "2026-10-31", "2026-11-30"),
        (31, "2026-11-30", "2026-11-30", "2026-12-31"),
        (31, "2027-03-01", "2027-02-28", "2027-03-31"),
        (30, "2028-02-29", "2028-02-29", "2028-03-30"),
        (29, "2027-02-28", "2027-02-28", "2027-03-29"),
        (20, "2027-01-05", "2026-12-20", "2027-01-20"),
    ],
)
def test_a_period_goes_from_a_day_of_renewal_to_the_next(dia, hoje, inicio, renovacao):
    hoje = date.fromisoformat(hoje)
    assert consumo.inicio_do_periodo(dia, hoje).isoformat() == inicio
    assert consumo.proxima_renovacao(dia, hoje).isoformat() == renovacao


@given(dia=st.integers(1, 31), de=st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_periods_partition_the_days(dia, de):
    """Each day is of one period, the next one begins where it ends, and each has the length of a month."""
    inicio, fim = consumo.inicio_do_periodo(dia, de), consumo.proxima_renovacao(dia, de)
    assert inicio <= de < fim
    for dentro in (inicio, fim - timedelta(days=1)):
        assert (consumo.inicio_do_periodo(dia, dentro), consumo.proxima_renovacao(dia, dentro)) == (inicio, fim)
    assert consumo.inicio_do_periodo(dia, fim) == fim
    assert 28 <= (fim - inicio).days <= 31
    assert (inicio.month, fim.day) == ((fim.month - 2) % 12 + 1, min(dia, fim.day))


# What may be reserved


@pytest.fixture
def saidas(db):
    return novas_saidas(cota_mensal=10)


@pytest.fixture
def servico(saidas) -> ServicoEmail:
    return saidas[0]


def enfileirar(quantas: int, **campos) -> list[int]:
    """So many pending messages, alike but for their keys."""
    modelo = nova_mensagem(**campos)
    outras = []
    for numero in range(quantas - 1):
        valores = {f.attname: getattr(modelo, f.attname) for f in Mensagem._meta.concrete_fields if f.attname != "id"}
        outras.append(Mensagem(**valores | {"chave": f"{modelo.chave}:{numero}"}))
    return [modelo.pk, *(m.pk for m in Mensagem.objects.bulk_create(outras))]


def reservar(servico, quantas: int, agora: datetime = AGORA) -> list[int]:
    """What a turn claims: as many as there is quota for."""
    with transaction.atomic():
        cabem = consumo.disponivel(servico, agora, quantas)
        pendentes = Mensagem.objects.filter(estado=Estado.PENDENTE, canal=servico.canal).order_by("id")
        ids = list(pendentes.select_for_update(skip_locked=True).values_list("id", flat=True)[:cabem])
        reserva = nova_reserva(servico, ids)
        Mensagem.objects.filter(id__in=ids).update(estado=Estado.EM_ENVIO, reserva=reserva)
    return ids


def liquidar(servico, ids: list[int], estado: Estado, agora: datetime = AGORA) -> None:
    """What came of them: what left counts, what goes back does not."""
    with transaction.atomic():
        reserva = {} if estado == Estado.INCERTA else {"reserva": None}
        Mensagem.objects.filter(id__in=ids).update(estado=estado, **reserva)
        if estado in (Estado.ENVIADA, Estado.INCERTA):
            consumo.contar(servico, [agora] * len(ids))


def test_what_is_accepted_uncertain_or_reserved_may_not_be_reserved_again(servico):
    enfileirar(20)
    liquidar(servico, reservar(servico, 3), Estado.ENVIADA)
    liquidar(servico, reservar(servico, 2), Estado.INCERTA)
    presas = reservar(servico, 4)
    assert consumo.disponivel(servico, AGORA, 50) == 1
    assert not consumo.esgotado(servico, AGORA)

    liquidar(servico, presas, Estado.PENDENTE)
    assert consumo.disponivel(servico, AGORA, 50) == 5
    assert consumo.disponivel(servico, AGORA, 2) == 2
    atual = consumo.situacao(servico, AGORA)
    assert (atual.usado, atual.em_envio, atual.restante, atual.percentual) == (5, 0, 5, 50)


def test_all_merely_reserved_means_wait_and_not_exhausted(servico):
    enfileirar(12)
    presas = reservar(servico, 12)
    assert len(presas) == 10
    assert consumo.disponivel(servico, AGORA, 1) == 0
    assert not consumo.esgotado(servico, AGORA)

    liquidar(servico, presas, Estado.INCERTA)
    assert consumo.esgotado(servico, AGORA)
    assert consumo.esgotados(AGORA) == {servico.pk}


def test_without_a_quota_everything_may_leave_and_is_counted_all_the_same(saidas):
    gateway = saidas[1]
    assert consumo.disponivel(gateway, AGORA, 500) == 500
    consumo.contar(gateway, [AGORA] * 7)
    assert not consumo.situacao(gateway, AGORA).esgotado

    gateway.cota_mensal = 9
    gateway.save()
    assert consumo.disponivel(gateway, AGORA, 500) == 2
    assert str(consumo.situacao(gateway, AGORA)) == "7 de 9 (77 %)"


def test_what_the_other_services_hold_takes_nothing(saidas):
    servico, gateway = saidas
    GatewaySMS.objects.update(cota_mensal=5)
    outro = ServicoEmail.objects.create(nome="OUTRO", host="h", cota_mensal=5)
    enfileirar(3)
    reservar(servico, 3)
    consumo.contar(servico, [AGORA])
    gateway.refresh_from_db()
    assert consumo.disponivel(outro, AGORA, 50) == consumo.disponivel(gateway, AGORA, 50) == 5


def test_a_quota_that_was_changed_during_a_turn_is_the_one_that_holds(servico):
    ServicoEmail.objects.update(cota_mensal=4)
    assert consumo.disponivel(servico, AGORA, 50) == 4


@pytest.mark.django_db(transaction=True)
def test_a_quota_is_only_reserved_within_a_transaction():
    servico, _ = novas_saidas(cota_mensal=10)
    with pytest.raises(transaction.TransactionManagementError):
        consumo.disponivel(servico, AGORA, 1)


# What is counted


def test_a_use_counts_in_the_period_of_its_local_day(servico):
    tarde_da_noite = datetime(2026, 12, 1, 2, 59, tzinfo=UTC)  # 23:59 of 30/11 in São Paulo
    consumo.contar(servico, [tarde_da_noite, tarde_da_noite + timedelta(minutes=1), AGORA])
    assert dict(Consumo.objects.values_list("inicio", "usado")) == {date(2026, 11, 1): 2, date(2026, 12, 1): 1}


def test_what_is_taken_back_never_goes_below_nothing(servico):
    consumo.contar(servico, [AGORA] * 3)
    consumo.contar(servico, [AGORA], sinal=-1)
    assert consumo.situacao(servico, AGORA).usado == 2
    consumo.contar(servico, [AGORA] * 5, sinal=-1)
    assert consumo.situacao(servico, AGORA).usado == 0
    consumo.contar(servico, [])


def test_a_renewal_gives_the_quota_back_less_what_is_still_reserved(servico):
    enfileirar(20)
    liquidar(servico, reservar(servico, 6), Estado.ENVIADA)
    presas = reservar(servico, 10)
    assert len(presas) == 4
    assert consumo.disponivel(servico, FIM_DO_MES, 50) == 6

    liquidar(servico, presas[:1], Estado.ENVIADA, AGORA)  # it left before midnight
    liquidar(servico, presas[1:], Estado.ENVIADA, FIM_DO_MES)
    assert consumo.disponivel(servico, FIM_DO_MES, 50) == 7


def test_a_clock_that_is_set_back_over_the_renewal_does_not_use_the_quota_twice(servico):
    consumo.contar(servico, [FIM_DO_MES] * 8)
    assert consumo.disponivel(servico, FIM_DO_MES - timedelta(seconds=1), 50) == 2


def test_what_was_used_outside_counts(servico):
    consumo.informar_ja_usado(servico, 7, usuario=_alguem(), agora=AGORA)
    consumo.contar(servico, [AGORA] * 2)
    assert consumo.disponivel(servico, AGORA, 50) == 1
    assert str(consumo.situacao(servico, AGORA)) == "9 de 10 (90 %)"
    assert "de 0 para 7" in LogEntry.objects.get().change_message
    assert consumo.disponivel(servico, FIM_DO_MES, 50) == 10


def _alguem():
    from django.contrib.auth.models import User

    return User.objects.create_user("alguem")


# Never exceeded

PASSOS = st.one_of(
    st.tuples(st.just("reservar"), st.integers(1, 8)),
    st.tuples(st.just("liquidar"), st.sampled_from([Estado.ENVIADA, Estado.INCERTA, Estado.PENDENTE])),
    st.tuples(st.just("passar"), st.integers(1, 20)),
    st.tuples(st.just("voltar"), st.integers(1, 3)),
    st.tuples(st.just("desfazer"), st.just(0)),
)


@pytest.mark.django_db
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dia=st.sampled_from([1, 15, 31]), passos=st.lists(PASSOS, max_size=25))
def test_whatever_is_reserved_settled_and_given_back_no_period_exceeds_its_quota(dia, passos):
    with transaction.atomic():
        servico, _ = novas_saidas(cota_mensal=10, dia_renovacao=dia)
        enfileirar(60)
        agora, blocos, incertas, contadas = AGORA, [], [], Counter()
        for passo, quanto in passos:
            if passo == "reservar":
                blocos.append(reservar(servico, quanto, agora))
            elif passo == "liquidar" and blocos:
                ids = blocos.pop(0)
                liquidar(servico, ids, quanto, agora)
                if quanto != Estado.PENDENTE:
                    contadas[consumo.inicio_do_periodo(dia, agora.date())] += len(ids)
                if quanto == Estado.INCERTA:
                    incertas += [(id_, agora) for id_ in ids]
            elif passo in ("passar", "voltar"):
                agora += timedelta(days=quanto if passo == "passar" else -quanto)
            elif passo == "desfazer" and incertas:
                id_, momento = incertas.pop()
                Mensagem.objects.filter(pk=id_).update(estado=Estado.PENDENTE, reserva=None)
                consumo.contar(servico, [momento], sinal=-1)
                contadas[consumo.inicio_do_periodo(dia, momento.date())] -= 1
            usado = dict(Consumo.objects.do(servico).filter(usado__gt=0).values_list("inicio", "usado"))
            assert usado == +contadas
            assert all(quantos <= 10 for quantos in usado.values())
            atual = consumo.situacao(servico, agora)
            assert atual.em_envio == sum(map(len, blocos)) <= 10
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_use_the_whole_quota_and_not_one_more():
    """Some of them die with a block in hand; its messages turn out uncertain, untouched or sent."""
    servico, _ = novas_saidas(cota_mensal=200)
    enfileirar(300)
    mortas: list[list[int]] = []
    em_uso: list[int] = []

    def trabalhar(semente: int):
        sorte = Random(semente)
        meu = ServicoEmail.objects.get(pk=servico.pk)
        try:
            while not consumo.esgotado(meu, AGORA):
                ids = reservar(meu, sorte.randint(1, 12))
                if ids and sorte.random() < 0.1:
                    mortas.append(ids)
                    return
                metade = len(ids) // 2
                liquidar(meu, ids[:metade], sorte.choice([Estado.ENVIADA, Estado.INCERTA]))
                em_uso.append(_em_uso())
                liquidar(meu, ids[metade:], sorte.choice([Estado.ENVIADA, Estado.PENDENTE]))
        finally:
            connection.close()

    for leva in range(4):
        fios = [threading.Thread(target=trabalhar, args=(leva * 10 + n,)) for n in range(4)]
        for fio in fios:
            fio.start()
        while any(fio.is_alive() for fio in fios):
            em_uso.append(_em_uso())
            if mortas and leva:
                liquidar(servico, mortas.pop(), Estado.INCERTA)
            for fio in fios:
                fio.join(0.01)
    while mortas:
        liquidar(servico, mortas.pop(), Estado.INCERTA)
    trabalhar(99)

    assert max(em_uso) <= 200
    assert _em_uso() == Consumo.objects.get().usado == 200
    assert Mensagem.objects.filter(estado=Estado.PENDENTE).count() == 100
    assert Consumo.objects.get().esgotado_em == AGORA


def _em_uso() -> int:
    """What takes of the quota, as one statement sees it."""
    return Mensagem.objects.filter(estado__in=(Estado.EM_ENVIO, Estado.ENVIADA, Estado.INCERTA)).count()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("segundo_agora", [AGORA, FIM_DO_MES], ids=["same-period", "over-the-renewal"])
def test_of_two_workers_at_once_the_second_waits_and_sees_what_the_first_took(segundo_agora):
    servico, _ = novas_saidas(cota_mensal=1000)
    enfileirar(1600)
    respostas = []

    def segundo():
        try:
            respostas.append(len(reservar(ServicoEmail.objects.get(pk=servico.pk), 1000, segundo_agora)))
        finally:
            connection.close()

    outro = threading.Thread(target=segundo)
    with transaction.atomic():
        respostas.append(len(reservar(servico, 600)))
        outro.start()
        outro.join(1)  # long enough to end, if nothing held it
        assert outro.is_alive()
    outro.join()
    assert respostas == [600, 400]
    assert consumo.situacao(servico, AGORA).em_envio == 1000


@pytest.mark.django_db(transaction=True)
def test_results_never_wait_for_whoever_reserves():
    servico, _ = novas_saidas(cota_mensal=10)
    enfileirar(5)
    presas = reservar(servico, 3)

    def resultado():
        try:
            liquidar(servico, presas, Estado.ENVIADA)
        finally:
            connection.close()

    outro = threading.Thread(target=resultado)
    with transaction.atomic():
        assert consumo.disponivel(servico, AGORA, 50) == 7
        outro.start()
        outro.join(5)
        assert not outro.is_alive()
        assert consumo.disponivel(servico, AGORA, 50) == 7


# Exhaustion


def test_an_exhaustion_has_one_moment_whoever_sees_it(servico):
    consumo.contar(servico, [AGORA] * 9)
    assert consumo.esgotamento(servico, AGORA) == ""
    consumo.contar(servico, [AGORA])
    nome = consumo.esgotamento(servico, AGORA + timedelta(hours=1))
    consumo.contar(servico, [AGORA + timedelta(hours=2)])
    assert consumo.esgotamento(servico, AGORA + timedelta(hours=3)) == nome == AGORA.astimezone(UTC).isoformat()
    assert consumo.situacao(servico, AGORA).ate == FIM_DO_MES


def test_a_raised_quota_ends_an_exhaustion_and_the_next_one_is_another(servico):
    consumo.contar(servico, [AGORA] * 10)
    primeira = consumo.esgotamento(servico, AGORA)
    servico.cota_mensal = 12
    servico.save()
    consumo.cota_mudou(servico, AGORA)
    assert Consumo.objects.get().esgotado_em is None
    assert not consumo.esgotado(servico, AGORA)

    depois = AGORA + timedelta(days=1)
    consumo.contar(servico, [depois] * 2)
    assert consumo.esgotamento(servico, depois) not in ("", primeira)


@pytest.mark.parametrize(
    ("palavras", "ate"),
    [
        ("550 5.4.5 Daily user sending limit exceeded", inicio_do_dia(date(2026, 11, 11))),
        ("550 Sua cota mensal de envios acabou", FIM_DO_MES),
    ],
)
@pytest.mark.parametrize("cota", [10, None])
def test_the_servers_words_exhaust_a_service_until_their_limit_is_over(palavras, ate, cota, servico):
    servico.cota_mensal = cota
    servico.save()
    assert consumo.esgotar(servico, palavras, AGORA)
    assert not consumo.esgotar(servico, "outra", AGORA + timedelta(minutes=1))
    atual = consumo.situacao(servico, AGORA)
    assert (atual.esgotado, atual.ate, atual.palavras) == (True, ate, palavras)
    assert consumo.disponivel(servico, AGORA, 5) == 0
    assert consumo.esgotados(AGORA) == {servico.pk}
    nome = consumo.esgotamento(servico, AGORA)

    assert consumo.disponivel(servico, ate, 5) == 5
    assert consumo.esgotamento(servico, ate) == ""
    assert consumo.esgotar(servico, palavras, ate)
    assert consumo.esgotamento(servico, ate) not in ("", nome)


def test_who_reactivates_ends_what_the_server_said_and_the_rest_but_not_a_spent_quota(servico):
    pessoa = _alguem()
    consumo.esgotar(servico, "monthly quota exceeded", AGORA)
    circuito.falhou(servico, Classe.AUTENTICACAO, "535", AGORA)
    assert not consumo.reativar(servico, pessoa, AGORA).esgotado
    servico.refresh_from_db()
    assert (servico.falhas_seguidas, servico.em_espera_ate, servico.motivo_espera) == (0, None, "")
    assert not Alerta.objects.filter(resolvido_em=None, tipo=Alerta.Tipo.CIRCUITO).exists()
    assert (LogEntry.objects.get().user, LogEntry.objects.get().change_message) == (pessoa, "Reativado.")

    consumo.contar(servico, [AGORA] * 10)
    assert consumo.reativar(servico, pessoa, AGORA).esgotado


# Another day of renewal


def test_another_day_of_renewal_counts_again_from_the_attempts(servico):
    def tentativas(classe, dia, quantas):
        for _ in range(quantas):
            mensagem = por_em(nova_mensagem(), Estado.INCERTA)
            TentativaEnvio.objects.create(
                mensagem=mensagem,
                reserva=mensagem.reserva_id,
                numero=1,
                servico=servico.nome,
                destino="d",
                momento=inicio_do_dia(dia),
                classe=classe,
            )
            if classe in (Classe.ACEITA, Classe.INCERTA):
                consumo.contar(servico, [inicio_do_dia(dia)])
        return mensagem

    tentativas(Classe.ACEITA, date(2026, 10, 14), 1)
    tentativas(Classe.ACEITA, date(2026, 10, 20), 2)
    tentativas(Classe.ENDERECO, date(2026, 11, 2), 1)
    achada = tentativas(Classe.INCERTA, date(2026, 11, 5), 3)
    achada.envios.create(numero=1, reserva=achada.reserva_id, servico=servico.nome, momento=AGORA, classe=Classe.ACEITA)
    consumo.informar_ja_usado(servico, 1, _alguem(), AGORA)
    assert consumo.situacao(servico, AGORA).liquidado == 4

    for de, para, usado in ((1, 15, 5), (15, 6, 1), (6, 1, 3), (1, 10, 1), (10, 11, 6)):
        servico.dia_renovacao = para
        servico.save()
        consumo.renovacao_mudou(servico, de, servico.nome, AGORA)
        atual = consumo.situacao(servico, AGORA)
        assert (atual.inicio, atual.usado, atual.ja_usado) == (consumo.inicio_do_periodo(para, AGORA.date()), usado, 1)


# Warnings


def abertos(tipo) -> list[str]:
    return [alerta.texto for alerta in Alerta.objects.filter(tipo=tipo, resolvido_em=None)]


def test_eighty_and_ninety_percent_are_told_once_each(servico):
    servico.cota_mensal = 1000
    servico.save()
    agora = FIM_DO_MES - timedelta(days=1)
    contados = []
    for mais in (799, 1, 50, 49, 1, 60):
        consumo.contar(servico, [agora] * mais)
        consumo.avisos(servico, agora)
        consumo.avisos(servico, agora)
        contados.append(len(abertos(Alerta.Tipo.COTA)))
    assert contados == [0, 1, 1, 1, 2, 2]
    assert f"O serviço **{servico.nome}** usou **800 de 1.000 (80 %)** da cota." in abertos(Alerta.Tipo.COTA)[-1]
    assert "A cota recomeça em **01/12/2026**." in abertos(Alerta.Tipo.COTA)[-1]
    assert Alerta.objects.filter(tipo=Alerta.Tipo.COTA, servico_email=servico).count() == 2

    consumo.avisos(servico, FIM_DO_MES)  # it is over with the period
    assert abertos(Alerta.Tipo.COTA) == []


def test_another_quota_warns_anew(servico):
    consumo.contar(servico, [AGORA] * 9)
    consumo.avisos(servico, AGORA)
    servico.cota_mensal = 100
    servico.save()
    consumo.cota_mudou(servico, AGORA)
    consumo.avisos(servico, AGORA)
    assert abertos(Alerta.Tipo.COTA) == []
    consumo.contar(servico, [AGORA] * 72)
    consumo.avisos(servico, AGORA)
    assert len(abertos(Alerta.Tipo.COTA)) == 1


@pytest.mark.parametrize(
    ("dia", "usado", "avisa"),
    [(2, 60, False), (4, 60, True), (10, 89, False), (16, 149, False), (16, 160, True), (16, 0, False)],
)
def test_a_month_that_will_not_last_at_the_present_rate_is_told_once(dia, usado, avisa, servico):
    servico.cota_mensal = 300
    servico.save()
    agora = inicio_do_dia(date(2026, 11, dia))
    consumo.contar(servico, [agora] * usado)
    consumo.avisos(servico, agora)
    consumo.avisos(servico, agora)
    assert len(abertos(Alerta.Tipo.PREVISAO)) == avisa
    if dia == 16 and avisa:
        texto = abertos(Alerta.Tipo.PREVISAO)[0]
        assert f"No ritmo de agora, 11 envios por dia, a cota do serviço **{servico.nome}** acaba em" in texto
        assert "**29/11/2026**" in texto


def test_a_quota_that_would_last_longer_than_any_calendar_stops_no_warning(servico):
    servico.cota_mensal = 1_000_000_000
    servico.save()
    agora = inicio_do_dia(date(2026, 11, 30))
    consumo.contar(servico, [agora])

    consumo.avisos(servico, agora)

    assert not Alerta.objects.exists()


@pytest.mark.parametrize(("na_fila", "avisa"), [(8, False), (9, True)])
def test_a_queue_longer_than_what_is_left_is_told(na_fila, avisa, servico):
    agora = inicio_do_dia(date(2026, 11, 2))
    enfileirar(na_fila + 2)
    enfileirar(3, proxima_tentativa_em=FIM_DO_MES)
    liquidar(servico, reservar(servico, 1, agora), Estado.ENVIADA, agora)
    reservar(servico, 1, agora)
    consumo.avisos(servico, agora)
    assert len(abertos(Alerta.Tipo.PREVISAO)) == avisa


def test_an_exhausted_service_is_not_warned_about_and_one_without_quota_neither(saidas):
    servico, gateway = saidas
    consumo.contar(servico, [AGORA] * 10)
    consumo.contar(gateway, [AGORA] * 1000)
    for uma in saidas:
        consumo.avisos(uma, AGORA)
    assert not Alerta.objects.exists()


def test_the_use_of_many_services_takes_one_query(saidas, django_assert_num_queries):
    for numero in range(3):
        outro = ServicoEmail.objects.create(nome=f"S{numero}", host="h", cota_mensal=100, dia_renovacao=9 + numero)
        consumo.contar(outro, [AGORA - timedelta(days=1)] * 5)
    servicos = list(ServicoEmail.objects.all())
    with django_assert_num_queries(1):
        todas = consumo.situacoes(servicos, AGORA)
    assert [str(todas[s.pk]) for s in servicos if s.nome != saidas[0].nome] == [
        "5 de 100 (5 %)",
        "0 de 100 (0 %)",
        "5 de 100 (5 %)",
    ]
    assert consumo.situacoes([], AGORA) == {}
    assert str(consumo.situacao(saidas[1], AGORA)) == "0, sem cota"
    assert saidas[1].canal == Canal.SMS


def test_the_tick_warns_of_a_quota_that_nobody_is_using_now(db):
    """Use is also told by hand: no block is sent, and people must know."""
    servico = nova_mensagem().remetente.servico
    servico.cota_mensal = 100
    servico.save()
    consumo.contar(servico, [AGORA] * 85)

    consumo.tique(AGORA)
    consumo.tique(AGORA)

    assert Alerta.objects.filter(tipo=Alerta.Tipo.COTA).count() == 1
