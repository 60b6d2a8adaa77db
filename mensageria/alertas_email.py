"""The alerts by e-mail, by the service of internal use or by EMAIL_URL, and never by the service that they speak of.

An alert is taken by pushing its next attempt forward, so that two beats at once send it once. A crash between sending
and writing it down sends it again, with the same Message-ID: an alert is better told twice than never.
"""

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format

from mensageria import alertas, circuito, composicao, consumo
from mensageria.canais.base import Envelope, FalhaDeEnvio
from mensageria.canais.smtp import CanalSMTP
from mensageria.estados import DO_SERVICO, Classe
from mensageria.models import Alerta, Canal, DestinatarioAlerta, Remetente, ServicoEmail
from mensageria.saida import sem_senha

log = logging.getLogger(__name__)

NOME = "Robô Preventivo"
POR_VEZ = 20
PRAZO_MAXIMO = 10  # seconds for each answer of the server
POSSE = timedelta(minutes=10)  # more than one alert takes, so that nobody else takes it meanwhile
PRIMEIRA_ESPERA, MAIOR_ESPERA = timedelta(minutes=1), timedelta(hours=1)
DESISTENCIA = timedelta(hours=24)
_DA_SAIDA = DO_SERVICO | {Classe.INCERTA}  # the next address would fare no better
_DE_UM = (Alerta.Tipo.PROCESSO, Alerta.Tipo.FIM)
_ESPACO = uuid.UUID("0f6f1f0a-4a35-4c2b-9d39-0f6b1f6f7d52")


def enviar_pendentes(agora: datetime) -> int:
    """Send the alerts whose moment has come and return how many left. It stops at the first that finds no way out."""
    enviados = 0
    for _ in range(POR_VEZ):
        alerta = _tomar(agora)
        if alerta is None:
            break
        enviado = _enviar(alerta, agora)
        enviados += enviado
        if not enviado and alerta.proxima_tentativa_em:
            break
    return enviados


@transaction.atomic
def _tomar(agora: datetime) -> Alerta | None:
    """The oldest that is due and nobody holds. A reminder that is over is not told any more."""
    devidos = Alerta.objects.filter(enviado_em=None, proxima_tentativa_em__lte=agora)
    devidos = devidos.exclude(tipo=Alerta.Tipo.LEMBRETE, resolvido_em__isnull=False)
    alerta = devidos.order_by("proxima_tentativa_em", "id").select_for_update(skip_locked=True).first()
    if alerta is not None:
        Alerta.objects.filter(pk=alerta.pk).update(tentativas=F("tentativas") + 1, proxima_tentativa_em=agora + POSSE)
        alerta.tentativas += 1
    return alerta


def _enviar(alerta: Alerta, agora: datetime) -> bool:
    """One attempt, written down."""
    try:
        faltam = _destinos(alerta)
    except composicao.NaoCompoe as erro:
        return _anotar(alerta, str(erro), None)
    if not faltam:
        return _anotar(alerta, "Sem destinatários: está somente no Painel.", None)
    saidas, palavras = [], ""
    for saida in _saidas(alerta, agora):
        restam, ditas = _por(saida, alerta, faltam, agora)
        if len(restam) < len(faltam):
            saidas.append(saida.nome)
        faltam, palavras = restam, ditas or palavras
        if not faltam:
            break
    if not saidas:
        sem_saida = "Nenhum serviço de uso interno disponível, e EMAIL_URL não foi definida."
        return _anotar(alerta, palavras or alerta.erro or sem_saida, _proxima(alerta, agora))
    erro = f"Não aceito para {', '.join(faltam)}. {palavras}" if faltam else ""
    Alerta.objects.filter(pk=alerta.pk).update(
        enviado_em=agora, enviado_por=", ".join(saidas)[:60], proxima_tentativa_em=None, erro=erro[:300]
    )
    return True


def _anotar(alerta: Alerta, erro: str, proxima: datetime | None) -> bool:
    """It did not leave; without a next attempt, it never will."""
    log.warning("O alerta %s não saiu por e-mail: %s", alerta.pk, erro)
    alerta.proxima_tentativa_em = proxima
    Alerta.objects.filter(pk=alerta.pk).update(erro=erro[:300], proxima_tentativa_em=proxima)
    return False


def _proxima(alerta: Alerta, agora: datetime) -> datetime | None:
    espera = min(PRIMEIRA_ESPERA * 2 ** min(alerta.tentativas - 1, 10), MAIOR_ESPERA)
    return agora + espera if agora + espera <= alerta.criado_em + DESISTENCIA else None


# To whom


def _destinos(alerta: Alerta) -> list[str]:
    """Who gets it, each address once, as ENVIO lets. What is of a service reaches those of its remetentes; what is of
    a process, only whoever started it."""
    de_quem = Q(remetente=None)
    if alerta.remetente_id:
        de_quem |= Q(remetente=alerta.remetente_id)
    elif alerta.servico_email_id:
        de_quem |= Q(remetente__servico=alerta.servico_email_id)
    destinatarios = DestinatarioAlerta.objects.filter(de_quem, ativo=True).order_by("email")
    if alerta.tipo in _DE_UM:
        destinatarios = destinatarios.none()
    emails = list(destinatarios.values_list("email", flat=True))
    if alerta.tambem_para:
        emails.append(alerta.tambem_para)
    desviados = [composicao.desviar(Canal.EMAIL, email) for email in emails]
    return list({email.lower(): email for email in desviados}.values())


# By what


@dataclass(frozen=True)
class Saida:
    """A server by which alerts leave; its channel is made only when it is used."""

    nome: str
    de: str
    canal: CanalSMTP
    servico: ServicoEmail | None = None

    def sem_segredo(self, texto: str) -> str:
        return sem_senha(self.canal.usuario, self.canal.senha, texto)

    def falhou(self, falha: FalhaDeEnvio, agora: datetime) -> None:
        """The service is out for a while, for alerts as for messages."""
        palavras = self.sem_segredo(str(falha))
        if self.servico is None:
            return
        if falha.classe == Classe.COTA:
            consumo.esgotar(self.servico, palavras, agora)
        elif falha.classe in (Classe.REDE, Classe.AUTENTICACAO):
            circuito.falhou(self.servico, falha.classe, palavras, agora)

    def funcionou(self, agora: datetime) -> None:
        if self.servico is not None:
            circuito.acertou(self.servico, agora)


def _saidas(alerta: Alerta, agora: datetime) -> Iterator[Saida]:
    """The ways out, the best first."""
    internos = ServicoEmail.objects.disponiveis(agora).filter(uso_interno=True).exclude(pk=alerta.servico_email_id)
    for servico in internos.defer("senha"):
        yield _do_servico(servico)
    if settings.EMAIL_URL:
        yield _do_ambiente()


def _do_servico(servico: ServicoEmail) -> Saida:
    canal = CanalSMTP(
        host=servico.host,
        porta=servico.porta,
        seguranca=servico.seguranca,
        usuario=servico.usuario,
        senha=servico.senha,
        prazo=min(servico.prazo, PRAZO_MAXIMO),
    )
    return Saida(servico.nome, _remetente(servico.usuario), canal, servico)


def _do_ambiente() -> Saida:
    url = settings.EMAIL_URL
    seguranca = "tls" if url.get("EMAIL_USE_SSL") else "starttls" if url.get("EMAIL_USE_TLS") else "nenhuma"
    usuario = url["EMAIL_HOST_USER"] or ""
    canal = CanalSMTP(
        host=url["EMAIL_HOST"],
        porta=url["EMAIL_PORT"] or {"tls": 465, "starttls": 587, "nenhuma": 25}[seguranca],
        seguranca=seguranca,
        usuario=usuario,
        senha=url["EMAIL_HOST_PASSWORD"] or "",
        prazo=PRAZO_MAXIMO,
    )
    return Saida("EMAIL_URL", _remetente(usuario), canal)


def _remetente(usuario: str) -> str:
    """ALERTA_REMETENTE, or robo@ the domain by which the server knows us."""
    if settings.ALERTA_REMETENTE:
        return settings.ALERTA_REMETENTE
    conhecido = usuario if "@" in usuario else Remetente.objects.order_by("pk").values_list("email", flat=True).first()
    return f"robo@{(conhecido or '').rpartition('@')[2] or 'localhost'}"


def _por(saida: Saida, alerta: Alerta, destinos: list[str], agora: datetime) -> tuple[list[str], str]:
    """Try them all by one server; return who is still without it, and the server's words about that."""
    cabem = consumo.gastar(saida.servico, len(destinos), agora) if saida.servico else len(destinos)
    if not cabem:
        return destinos, f"{saida.nome}: limite de envios esgotado."
    gastos, faltam, palavras = 0, destinos[cabem:], ""
    try:
        with saida.canal as canal:
            for posicao, destino in enumerate(destinos[:cabem]):
                try:
                    _entregar(canal, saida, alerta, destino)
                    gastos += 1
                except composicao.NaoCompoe as erro:
                    faltam, palavras = [*faltam, destino], str(erro)
                except FalhaDeEnvio as falha:
                    palavras = saida.sem_segredo(f"{saida.nome}: {falha}")
                    gastos += falha.classe == Classe.INCERTA  # it may have left
                    if falha.classe in _DA_SAIDA:
                        saida.falhou(falha, agora)
                        return [*destinos[posicao:cabem], *faltam], palavras
                    faltam = [*faltam, destino]
        saida.funcionou(agora)
    finally:
        if saida.servico:
            consumo.contar(saida.servico, [agora] * (cabem - gastos), sinal=-1)
    return faltam, palavras


def _entregar(canal: CanalSMTP, saida: Saida, alerta: Alerta, destino: str) -> None:
    try:
        canal.enviar(_envelope(saida, alerta, destino, "8bit"), lambda: None)
    except FalhaDeEnvio as falha:
        if falha.classe != Classe.MENSAGEM:
            raise
        # A server without 8BITMIME, or one that refuses the message for what is in it: plain ASCII may pass.
        canal.enviar(_envelope(saida, alerta, destino, "quoted-printable"), lambda: None)


def _envelope(saida: Saida, alerta: Alerta, destino: str, codificacao: str) -> Envelope:
    de, para = composicao.endereco_ascii(saida.de), composicao.endereco_ascii(destino)
    conteudo = compor(alerta, de=de, para=para, codificacao=codificacao)
    return Envelope(chave=f"alerta:{alerta.pk}", destino=para, conteudo=conteudo, remetente=de)


# What it says


def compor(alerta: Alerta, *, de: str, para: str, codificacao: str = "8bit") -> bytes:
    """The whole message. In 8bit both parts can be read in the file as it is."""
    identificacao = uuid.uuid5(_ESPACO, alerta.chave)
    mensagem = EmailMessage(policy=SMTP.clone(cte_type="8bit"))
    mensagem["From"] = Address(NOME, addr_spec=de)
    mensagem["To"] = Address(addr_spec=para)
    mensagem["Subject"] = composicao.limpar(alerta.assunto)
    mensagem["Date"] = format_datetime(timezone.localtime(alerta.criado_em).replace(microsecond=0))
    mensagem["Message-ID"] = f"<{identificacao}@{de.rpartition('@')[2]}>"
    mensagem["Auto-Submitted"] = "auto-generated"
    dados = {
        "titulo": alerta.titulo,
        "endereco": f"{settings.URL_BASE.rstrip('/')}{alerta.caminho}" if alerta.caminho else "",
        "momento": date_format(timezone.localtime(alerta.criado_em), "d/m/Y H:i"),
    }
    texto = render_to_string(
        "mensageria/alertas/alerta.txt", dados | {"paragrafos": alertas.paragrafos_em_texto(alerta)}
    )
    html = render_to_string(
        "mensageria/alertas/alerta.html", dados | {"paragrafos": alertas.paragrafos_em_html(alerta)}
    )
    mensagem.set_content(texto, cte=codificacao)
    mensagem.add_alternative(html, subtype="html", cte=codificacao)
    mensagem.set_boundary(f"=_{identificacao}")
    return mensagem.as_bytes()
