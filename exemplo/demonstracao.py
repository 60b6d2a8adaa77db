"""The demonstration: the sample's bills through process 336 to real sockets, and the proof that the balance closes."""

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from batch.execucao import executar_pendentes
from batch.inicio import iniciar
from batch.models import ProcessoIniciado
from exemplo import amostra
from mensageria import balanco, envio, recuperacao, resultados, retornos
from mensageria.balanco import Linha
from mensageria.estados import Estado
from mensageria.models import Canal, GatewaySMS, Mensagem, ServicoEmail
from simuladores.sms import GatewaySMSSimulado
from simuladores.smtp import ServidorSMTP

PROCESSO = 336
PRAZO = 120  # seconds until a demonstration that does not end gives up
PASSO = 0.2


@dataclass
class Resultado:
    """What a demonstration showed. `problemas` is empty when everything closes."""

    iniciado: ProcessoIniciado
    linhas: list[Linha]
    nao_geradas: list[tuple[str, int | None, str, int]]
    problemas: list[str] = field(default_factory=list)


@contextmanager
def banco_proprio(sufixo: str = "demo") -> Iterator[None]:
    """A database of its own, made anew each time and left there to be looked at; the real one is not touched."""
    nome = connection.settings_dict["NAME"]
    teste = connection.settings_dict["TEST"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"{nome}_{sufixo}"
    connection.creation.log = lambda _: None  # that the last one is there is expected
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(NAME=nome)
        connection.settings_dict["TEST"]["NAME"] = teste


def relogio_de(hoje: date | None) -> Callable[[], datetime]:
    """The wall clock, or one that starts at 9:00 of `hoje` and goes on from there."""
    if hoje is None:
        return timezone.now
    zona = timezone.get_default_timezone()
    inicio = datetime(hoje.year, hoje.month, hoje.day, 9, tzinfo=zona)
    partida = time.monotonic()
    return lambda: inicio + timedelta(seconds=time.monotonic() - partida)


def executar(pasta: Path, relogio: Callable[[], datetime], dizer: Callable[[str], None]) -> Resultado:
    """Import the sample, run process 336 to its end through simulators, and check what they received."""
    shutil.rmtree(pasta, ignore_errors=True)
    pasta.mkdir(parents=True)
    settings.ENVIO = "simulado"
    settings.PASTA_DIARIO = pasta / "diario"  # the journals of another database are not this one's to settle
    settings.ESPERA_ENTRE_TENTATIVAS = settings.ESPERA_DO_SERVICO = 0.5
    with (
        ServidorSMTP(pasta=pasta / "emails", caixas_magicas=True) as smtp,
        GatewaySMSSimulado(pasta=pasta, token=amostra.TOKEN_DO_SIMULADOR, numeros_magicos=True) as gateway,
    ):
        agora = relogio()
        importados = amostra.carregar(
            hoje=timezone.localdate(agora),
            agora=agora,
            smtp=f"127.0.0.1:{smtp.porta}",
            sms=gateway.url,
            recusadas=pasta,
        )
        for arquivo in importados:
            dizer(f"  {arquivo.arquivo:<28}{arquivo.lidas:>7} linhas {arquivo.recusadas:>5} recusadas")
        iniciado = iniciar(PROCESSO, usuario=None, agendado_para=agora, agora=agora, complemento="Demonstração")
        dizer(f"Processo 336 iniciado; os simuladores recebem e-mail na porta {smtp.porta} e SMS em {gateway.url}.")
        _rodar(iniciado, relogio)
    iniciado.refresh_from_db()
    linhas = balanco.da_execucao(iniciado.execucao, relogio(), contar=True)
    resultado = Resultado(iniciado, linhas, balanco.nao_geradas(iniciado.execucao))
    resultado.problemas = list(_problemas(resultado, pasta))
    return resultado


def _rodar(iniciado: ProcessoIniciado, relogio: Callable[[], datetime]) -> None:
    """Do here what beat and the workers do: ticks of the batch, turns of each service, receipts."""
    limite = time.monotonic() + PRAZO
    while time.monotonic() < limite:
        executar_pendentes(relogio())
        recuperacao.recuperar(relogio())
        envio.varrer_prazo(relogio())
        for servico in (*ServicoEmail.objects.disponiveis(relogio()), *GatewaySMS.objects.disponiveis(relogio())):
            envio.enviar(servico, relogio=relogio)
        iniciado.refresh_from_db()
        if iniciado.concluido_em:
            break
        time.sleep(PASSO)
    _receber_retornos(relogio)


def _receber_retornos(relogio: Callable[[], datetime]) -> None:
    """Ask for the receipts that a real day would bring later."""
    depois = relogio() + 2 * resultados.PRIMEIRA_CONSULTA
    for gateway in GatewaySMS.objects.all():
        while retornos.consultar(gateway, relogio=lambda: depois)["entregue"]:
            pass


def _problemas(resultado: Resultado, pasta: Path) -> Iterator[str]:
    """Every way in which the demonstration may fail to close."""
    if resultado.iniciado.situacao != ProcessoIniciado.Situacao.CONCLUIDO:
        yield f"o processo terminou {resultado.iniciado.get_situacao_display()}"
    if not resultado.linhas:
        yield "nenhuma mensagem foi gerada"
    for linha in resultado.linhas:
        if not linha.fecha:
            yield f"o balanço de {linha.origem} {linha.canal} não fecha"
        if linha.em_envio or linha.pendentes > linha.programadas:
            yield f"{linha.origem} {linha.canal} tem mensagens devidas por terminar"
    for servico in (*ServicoEmail.objects.exclude(motivo_espera=""), *GatewaySMS.objects.exclude(motivo_espera="")):
        if resultado.iniciado.concluido_em is None:
            yield f"{servico} espera: {servico.motivo_espera}"
    if diferencas := balanco.conferir():
        yield f"{len(diferencas)} contagens diferem das mensagens"
    yield from _conferir_recebidas(Canal.EMAIL, _emails(pasta))
    yield from _conferir_recebidas(Canal.SMS, _sms(pasta))


def _conferir_recebidas(canal: Canal, recebidas: Counter) -> Iterator[str]:
    """What the servers hold is what the ledger says: each sent message once, and nothing else but uncertain ones."""
    campo = "id_externo" if canal == Canal.EMAIL else "chave"
    por_estado = {
        chave: estado for chave, estado in Mensagem.objects.filter(canal=canal).values_list(campo, "estado") if chave
    }
    enviadas = {chave for chave, estado in por_estado.items() if estado in (Estado.ENVIADA, Estado.ENTREGUE)}
    # A receipt may fail an SMS that was received.
    toleradas = {chave for chave, estado in por_estado.items() if estado in (Estado.INCERTA, Estado.FALHA)}
    nome = Canal(canal).label
    if faltam := enviadas - recebidas.keys():
        yield f"{len(faltam)} {nome} dados por enviados não chegaram"
    if sobram := recebidas.keys() - enviadas - toleradas:
        yield f"{len(sobram)} {nome} chegaram sem estar no livro"
    if repetidas := [chave for chave, vezes in recebidas.items() if vezes > 1]:
        yield f"{len(repetidas)} {nome} chegaram mais de uma vez"


def _emails(pasta: Path) -> Counter:
    return Counter(
        message_from_bytes(arquivo.read_bytes())["Message-ID"] for arquivo in sorted((pasta / "emails").glob("*.eml"))
    )


def _sms(pasta: Path) -> Counter:
    arquivo = pasta / "sms.jsonl"
    if not arquivo.exists():
        return Counter()
    return Counter(json.loads(linha)["reference"] for linha in arquivo.read_text().splitlines())
