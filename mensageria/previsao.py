"""What a generation would do with the candidates, without doing it: `geracao.enfileirar` counted, and its time."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Avg

from mensageria import calendario, fontes
from mensageria.alfabeto import segmentos
from mensageria.geracao import CHAVE, COLUNA, JA_ANUNCIADA, SEM_SAIDA, criar_candidatas
from mensageria.janela import Calendario, Porta, quando
from mensageria.models import Canal, OrigemEnvio, Servico, TentativaEnvio, VersaoTexto
from mensageria.palavras import nome_da_origem, palavras_de_nao_gerar
from mensageria.textos import posicoes_do_texto, texto_do_sms, valores_de_sms

A_ENVIAR = "A enviar"
FICAM_DE_FORA = "Ficam de fora"
LINHA = {Canal.SMS: "SMS", Canal.EMAIL: "E-mails"}
SEGMENTOS = "Segmentos de SMS"
ESPERAM = "Esperam a janela de contato"

GERADAS_POR_SEGUNDO = 6_000  # see "Figures" in docs/arquitetura.md
AMOSTRA = 500  # candidates that are composed, at most, when only so their segments are known
ULTIMAS_DO_SERVICO, ULTIMAS_DE_TODAS = 200, 1_000


def _nada_a_enviar() -> Counter[tuple[str, str]]:
    return Counter({(A_ENVIAR, linha): 0 for linha in (LINHA[Canal.SMS], SEGMENTOS, LINHA[Canal.EMAIL])})


@dataclass
class Prevista:
    """How many would be queued and left out, by (quadro, linha), and the seconds until what is due by then has left.

    `estimada` tells that the segments come from a sample. `portas` are the windows of contact that they leave by.
    """

    quantidades: Counter[tuple[str, str]] = field(default_factory=_nada_a_enviar)
    segundos: float = 0.0
    estimada: bool = False
    portas: set[Porta] = field(default_factory=set)

    def somar(self, outra: "Prevista") -> None:
        self.quantidades.update(outra.quantidades)
        self.segundos += outra.segundos
        self.estimada |= outra.estimada
        self.portas |= outra.portas


@contextmanager
def sem_gravar() -> Iterator[None]:
    """Run with the table `candidata` where the database refuses to write any other; in the end that too is undone."""
    with transaction.atomic():
        criar_candidatas()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        yield
        transaction.set_rollback(True)


def prever(
    *, origem: str, textos: Mapping[Canal, VersaoTexto], hoje: date, agora: datetime, isencao: str = ""
) -> Prevista:
    """What `geracao.enfileirar` would do with the candidates in a new run. The texts need not be stored."""
    prevista, servicos, dele = Prevista(), _servicos(origem), calendario.ler(agora)
    envios = []
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE candidata")
        cursor.execute("SELECT motivo, count(*) FROM candidata WHERE motivo IS NOT NULL GROUP BY 1 ORDER BY 1")
        for motivo, quantas in cursor.fetchall():
            _deixar_de_fora(prevista, origem, None, motivo, quantas)
        for canal, texto in textos.items():
            valores = {"origem": origem, "canal": int(canal), "agora": agora, "tem_saida": servicos[canal] is not None}
            quantas, devidas = _prever_canal(prevista, cursor, canal, valores)
            prevista.segundos += quantas / GERADAS_POR_SEGUNDO
            if quantas:
                envios.append(devidas * segundos_por_mensagem(servicos[canal]))
            if quantas and not isencao:
                _esperar_janela(prevista, cursor, dele, canal, valores)
            if quantas and canal == Canal.SMS:
                _contar_segmentos(prevista, cursor, valores, texto, quantas, hoje)
    prevista.segundos += max(envios, default=0)  # the channels send side by side
    return prevista


def _prever_canal(prevista: Prevista, cursor, canal: Canal, valores: dict) -> tuple[int, int]:
    """Count who is announced by a channel and who is not; return how many are, and how many of these leave at once."""
    cursor.execute(
        f"""
        SELECT motivo, count(*), count(*) FILTER (WHERE enviar_apos <= %(agora)s)
        FROM ({_avaliadas(canal)}) a GROUP BY 1 ORDER BY 1
        """,
        valores,
    )
    a_enviar = 0, 0
    for motivo, quantas, devidas in cursor.fetchall():
        if motivo:
            _deixar_de_fora(prevista, valores["origem"], canal, motivo, quantas)
        else:
            a_enviar = quantas, devidas
    prevista.quantidades[A_ENVIAR, LINHA[canal]] = a_enviar[0]
    return a_enviar


def _esperar_janela(prevista: Prevista, cursor, dele: Calendario, canal: Canal, valores: dict) -> None:
    """Which windows of contact the messages of a channel leave by, and how many wait until one opens."""
    origem, agora = valores["origem"], valores["agora"]
    if dele.porta(canal, origem, None) is None:
        return
    cursor.execute(
        f"""
        SELECT localidade_id, count(*) FILTER (WHERE enviar_apos <= %(agora)s)
        FROM ({_avaliadas(canal)}) a WHERE motivo IS NULL GROUP BY 1
        """,
        valores,
    )
    for localidade, devidas in cursor.fetchall():
        porta = dele.porta(canal, origem, localidade)
        prevista.portas.add(porta)
        abre = porta.abre_em(agora)
        if devidas and abre and abre > agora:
            linha = f"{nome_da_origem(origem)} · {canal.label} · abre {quando(abre, agora)}"
            prevista.quantidades[ESPERAM, linha] += devidas


def _servicos(origem: str) -> dict[Canal, Servico | None]:
    """Through what each channel of an origin leaves."""
    envio = OrigemEnvio.objects.select_related("remetente__servico", "gateway").filter(pk=origem).first()
    return {canal: envio.servico(canal) if envio else None for canal in Canal}


def _deixar_de_fora(prevista: Prevista, origem: str, canal: Canal | None, motivo: str, quantas: int) -> None:
    partes = [nome_da_origem(origem), canal.label if canal else "", palavras_de_nao_gerar(origem, motivo)]
    prevista.quantidades[FICAM_DE_FORA, " · ".join(filter(None, partes))] += quantas


def _avaliadas(canal: Canal) -> str:
    """The candidates of a channel, each with what leaves it out, in the order of `geracao.enfileirar`, or NULL."""
    return f"""
        SELECT c.objeto_id, c.localidade_id, c.enviar_apos, CASE
            WHEN c.motivo_{COLUNA[canal]} IS NOT NULL THEN c.motivo_{COLUNA[canal]}
            WHEN NOT %(tem_saida)s THEN '{SEM_SAIDA}'
            WHEN m.id IS NOT NULL THEN '{JA_ANUNCIADA}'
        END AS motivo
        FROM candidata c LEFT JOIN mensageria_mensagem m ON m.chave = {CHAVE}
        WHERE c.motivo IS NULL
    """


def segundos_por_mensagem(servico: Servico) -> float:
    """What a message has taken of late; one second when nothing tells.

    There is no index by service, so only the last attempts of all are looked at.
    """
    recentes = TentativaEnvio.objects.order_by("-id").values("id")[:ULTIMAS_DE_TODAS]
    do_servico = TentativaEnvio.objects.filter(id__in=recentes, servico=servico.nome).order_by("-id")
    media = do_servico[:ULTIMAS_DO_SERVICO].aggregate(media=Avg("duracao_ms"))["media"]
    return 1.0 if media is None else float(media) / 1000


def _contar_segmentos(prevista: Prevista, cursor, valores: dict, texto: VersaoTexto, quantas: int, hoje: date) -> None:
    """One each when even the longest takes one; otherwise what a sample takes, and all are in it when they are few."""
    fonte = fontes.da_origem(valores["origem"])
    maior = posicoes_do_texto(texto.corpo, fonte.dados, texto.transliterar)
    if segmentos(("a" if texto.transliterar else "ã") * maior) == 1:
        prevista.quantidades[A_ENVIAR, SEGMENTOS] = quantas
        return
    contextos = fonte.contextos(_amostra(cursor, valores), hoje).values()
    compostos = [_segmentos(fonte, texto, contexto) for contexto in contextos if "impedimento" not in contexto]
    media = sum(compostos) / len(compostos) if compostos else 1
    prevista.quantidades[A_ENVIAR, SEGMENTOS] = round(quantas * media)
    prevista.estimada = len(compostos) < quantas


def _amostra(cursor, valores: dict) -> list[int]:
    """At most AMOSTRA of the objects to be announced, evenly spread by id."""
    cursor.execute(
        f"""
        SELECT objeto_id
        FROM (
            SELECT objeto_id, row_number() OVER (ORDER BY objeto_id) - 1 AS ordem, count(*) OVER () AS total
            FROM ({_avaliadas(Canal.SMS)}) a WHERE motivo IS NULL
        ) b
        WHERE ordem %% ceil(total / %(amostra)s::numeric)::bigint = 0
        """,
        valores | {"amostra": AMOSTRA},
    )
    return [objeto_id for (objeto_id,) in cursor.fetchall()]


def _segmentos(fonte: fontes.Fonte, texto: VersaoTexto, contexto: Mapping) -> int:
    valores = valores_de_sms(contexto["valores"], fonte.dados, texto.transliterar)
    return segmentos(texto_do_sms(texto.corpo, valores, contexto["linha"], texto.transliterar))
