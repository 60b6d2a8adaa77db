"""The demonstration: the sample's bills through process 336, and a campaign of each company, to real sockets; and the
proof that the balance closes."""

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.utils import timezone

from batch.execucao import executar_pendentes
from batch.inicio import iniciar
from batch.models import ProcessoIniciado
from exemplo import amostra
from exemplo import campanhas as exemplo_de_campanhas
from mensageria import alertas_email, balanco, consumo, envio, recuperacao, resultados, retornos, rotacao, trabalhador
from mensageria.balanco import Linha
from mensageria.estados import Estado
from mensageria.models import Alerta, Canal, GatewaySMS, Mensagem, Remetente, ServicoEmail
from preventivo import campanhas, coleta, desempenho
from preventivo.models import Campanha
from simuladores.operadoras import OperadorasSimuladas
from simuladores.sms import GatewaySMSSimulado
from simuladores.smtp import ServidorSMTP

PROCESSO = 336
PRAZO = 120  # seconds until a demonstration that does not end gives up
PASSO = 0.2
ATE_O_ENVIO = timedelta(seconds=2)  # from the registration of the campaigns
ESGOTA, ASSUME, COTA = "SERVICO_3", "SERVICO_5", 20  # the service that does not last to the end of its campaign
ROBO = "Robô Preventivo"


@dataclass
class Resultado:
    """What a demonstration showed. `problemas` is empty when everything closes."""

    iniciado: ProcessoIniciado
    linhas: list[Linha]
    nao_geradas: list[tuple[str, int | None, str, int]]
    campanhas: list[tuple[Campanha, desempenho.Funil]] = field(default_factory=list)
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
        trabalhador.este().fechar()  # its session would keep the database from being made anew
        connection.close()
        connection.settings_dict.update(NAME=nome)
        ContentType.objects.clear_cache()  # its numbers are of that database
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
        OperadorasSimuladas(dia=timezone.localdate(relogio()), cpfs_magicos=True) as apis,
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
        _rodar(relogio, lambda: executar_pendentes(relogio()), lambda: _concluido(iniciado))
        _receber_retornos(relogio)
        dizer(f"Três campanhas cadastradas; as empresas simuladas respondem em {apis.url}.")
        quais = _rodar_campanhas(apis.url, relogio)
    iniciado.refresh_from_db()
    resultado = Resultado(
        iniciado,
        balanco.da_execucao(iniciado.execucao, relogio(), contar=True),
        balanco.nao_geradas(iniciado.execucao),
        [(campanha, desempenho.funil(campanha)) for campanha in quais],
    )
    resultado.problemas = [*_problemas(resultado, pasta), *_problemas_das_campanhas(resultado, relogio())]
    return resultado


def _concluido(iniciado: ProcessoIniciado) -> bool:
    iniciado.refresh_from_db()
    return iniciado.concluido_em is not None


def _rodar(relogio: Callable[[], datetime], passo: Callable[[], object], acabou: Callable[[], bool]) -> None:
    """Do here what beat and the workers do: `passo`, and the turns of each service."""
    limite = time.monotonic() + PRAZO
    while time.monotonic() < limite:
        passo()
        recuperacao.recuperar(relogio())
        envio.varrer_prazo(relogio())
        for servico in (*ServicoEmail.objects.disponiveis(relogio()), *GatewaySMS.objects.disponiveis(relogio())):
            envio.enviar(servico, relogio=relogio)
        if acabou():
            break
        time.sleep(PASSO)


def _rodar_campanhas(apis: str, relogio: Callable[[], datetime]) -> list[Campanha]:
    """The campaigns of the sample to their end, with a service that is exhausted midway."""
    exemplo_de_campanhas.configurar(apis=apis)
    ServicoEmail.objects.filter(nome=ESGOTA).update(cota_mensal=COTA)
    agora = relogio()
    quem = get_user_model().objects.create_user("demonstracao")
    quais = exemplo_de_campanhas.cadastrar(envia_em=agora + ATE_O_ENVIO, agora=agora, usuario=quem)

    def passo() -> None:
        campanhas.tique(relogio())
        for campanha in quais:
            coleta.coletar(campanha.operacao_id, relogio=relogio)
        for tique in (consumo.tique, rotacao.tique, alertas_email.enviar_pendentes):
            tique(relogio())

    _rodar(relogio, passo, lambda: exemplo_de_campanhas.encerradas(quais))
    passo()  # what the last messages made people know
    return list(Campanha.objects.select_related("operacao", "tipo").filter(pk__in=[uma.pk for uma in quais]))


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


def _problemas_das_campanhas(resultado: Resultado, agora: datetime) -> Iterator[str]:
    """Each ends by itself, its balance closes, and the exhausted service was told about and followed by the next."""
    for campanha, funil in resultado.campanhas:
        if not campanha.encerrada:
            yield f"a campanha {campanha} ficou {campanha.get_situacao_display()}"
        linhas = balanco.da_execucao(campanha.execucao, agora, contar=True)
        if not linhas or not all(linha.fecha for linha in linhas):
            yield f"o balanço da campanha {campanha} não fecha"
        if balanco.soma(linhas, "total") != funil.mensagens:
            yield f"o funil da campanha {campanha} conta outras mensagens"
    if not Remetente.objects.filter(servico__nome=ASSUME, alertas__tipo=Alerta.Tipo.TROCA).exists():
        yield f"{ESGOTA} não deu lugar a {ASSUME}"
    for tipo in (Alerta.Tipo.ESGOTADO, Alerta.Tipo.TROCA):
        if not Alerta.objects.filter(tipo=tipo, enviado_em__isnull=False).exists():
            yield f"não saiu o e-mail de {tipo.label.lower()}"


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
    """Those of the outbox: alerts are not among them."""
    lidos = (message_from_bytes(arquivo.read_bytes(), policy=policy.default) for arquivo in _arquivos(pasta))
    return Counter(email["Message-ID"] for email in lidos if ROBO not in email["From"])


def _arquivos(pasta: Path) -> list[Path]:
    return sorted((pasta / "emails").glob("*.eml"))


def _sms(pasta: Path) -> Counter:
    arquivo = pasta / "sms.jsonl"
    if not arquivo.exists():
        return Counter()
    return Counter(json.loads(linha)["reference"] for linha in arquivo.read_text().splitlines())
