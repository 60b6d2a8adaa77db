"""A text, saved or not, on a real object: exactly what would be sent. Nothing is written."""

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from functools import cached_property
from typing import Any

from django.utils import timezone

from cadastro.digitos import formatar_matricula
from cadastro.models import ParametroSistema
from mensageria import composicao, fontes
from mensageria.alfabeto import alfabeto, posicoes, segmentos
from mensageria.medida import MAIOR_TEXTO, como_se_guarda
from mensageria.models import Canal, Mensagem, OrigemEnvio, Remetente, VersaoTexto

# Where a message is composed for when its customer has no address, or nothing is sent; both are nobody's.
SEM_DESTINO = {Canal.SMS: "5500000000000", Canal.EMAIL: "cliente@exemplo.invalid"}

POLITICA_DO_EMAIL = (
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)


class SemPrevia(Exception):
    """There is nothing to show the text on, or it cannot be composed; the message says what to do."""


@dataclass(frozen=True)
class Rascunho:
    """Texts as they stand on a form."""

    CAMPOS = ("texto_sms", "texto_email", "assunto")

    texto_sms: str = ""
    texto_email: str = ""
    assunto: str = ""
    transliterar: bool = True

    @classmethod
    def digitado(cls, dados: Mapping[str, str]) -> "Rascunho":
        textos = {campo: como_se_guarda(dados.get(campo, "")[:MAIOR_TEXTO]) for campo in cls.CAMPOS}
        return cls(**textos, transliterar=bool(dados.get("transliterar")))

    def do_canal(self, canal: Canal) -> VersaoTexto:
        if canal == Canal.SMS:
            return VersaoTexto(canal=canal, corpo=self.texto_sms, transliterar=self.transliterar)
        return VersaoTexto(canal=canal, corpo=self.texto_email, assunto=self.assunto)


@dataclass(frozen=True)
class Composta:
    """One channel: the message as it would leave, or why it would not."""

    canal: Canal
    destino: str = ""  # where this customer gets it now
    mensagem: Mensagem | None = None
    conteudo: bytes = b""
    problema: str = ""

    @cached_property
    def sms(self) -> str:
        return self.conteudo.decode()

    @property
    def posicoes(self) -> int:
        return posicoes(self.sms)

    @property
    def alfabeto(self) -> str:
        return alfabeto(self.sms)

    @property
    def segmentos(self) -> int:
        return segmentos(self.sms)

    @cached_property
    def _email(self):
        return message_from_bytes(self.conteudo, policy=policy.default)

    @property
    def de(self) -> str:
        return str(self._email["From"])

    @property
    def assunto(self) -> str:
        return str(self._email["Subject"])

    @property
    def texto(self) -> str:
        """What is read where no HTML is."""
        return self._email.get_body(("plain",)).get_content()

    @property
    def fechado(self) -> str:
        """Its HTML for a frame, with a policy that lets in nothing but its own styles and images."""
        return POLITICA_DO_EMAIL + html_do_email(self.conteudo)


@dataclass(frozen=True)
class Previa:
    objeto: fontes.Objeto
    sms: Composta | None  # None while there is no text
    email: Composta | None
    origem: OrigemEnvio

    @property
    def matricula(self) -> str:
        return "" if self.objeto.matricula is None else formatar_matricula(self.objeto.matricula)

    def do_canal(self, canal: Canal) -> Composta | None:
        return self.sms if canal == Canal.SMS else self.email


def compor(
    origem: str,
    rascunho: Rascunho,
    *,
    agora: datetime,
    matricula: int | None = None,
    objeto: int | None = None,
    remetente: Remetente | None = None,
    trocas: Mapping[str, Any] = {},
    destinos: Mapping[Canal, str] = {},
) -> Previa:
    """Show the texts on this object, or on the one of this matrícula, or on the newest.

    `destinos` replaces the customer's own, `remetente` the one of the origin, and `trocas` what the Fonte says of the
    object: the colour of a layout that is not stored yet. Raises SemPrevia.
    """
    fonte, hoje = fontes.da_origem(origem), timezone.localdate(agora)
    try:
        maximo = ParametroSistema.atual().tamanho_maximo_sms if rascunho.texto_sms else 0
        objeto = fonte.exemplo(matricula, hoje) if objeto is None else objeto
        bruto = fonte.contextos([objeto], hoje)[objeto] | trocas
        if impedimento := bruto.get("impedimento"):
            raise SemPrevia(impedimento)
    except (fontes.SemExemplo, ParametroSistema.DoesNotExist) as erro:
        raise SemPrevia(str(erro)) from erro
    saida = OrigemEnvio.objects.select_related("remetente__servico", "gateway").filter(pk=origem).first()
    saida = saida or OrigemEnvio(pk=origem, descricao=fonte.nome)
    if remetente is not None:
        saida.remetente = remetente
    compostas = {}
    for canal in Canal:
        texto = rascunho.do_canal(canal)
        destino = destinos.get(canal) or fonte.destinos(canal, [objeto], hoje).get(objeto, "")
        compostas[canal] = _compor(saida, texto, bruto, objeto, destino, agora, maximo) if texto.corpo else None
    return Previa(fonte.objetos([objeto])[objeto], compostas[Canal.SMS], compostas[Canal.EMAIL], saida)


def _compor(
    saida: OrigemEnvio, texto: VersaoTexto, bruto: Mapping, objeto: int, destino: str, agora: datetime, maximo: int
) -> Composta:
    canal = Canal(texto.canal)
    if canal == Canal.EMAIL and saida.remetente is None:
        return Composta(canal, destino, problema="Escolha o remetente da origem antes de ver o e-mail.")
    mensagem = Mensagem(
        chave=f"previa:{uuid.uuid4()}",
        canal=canal,
        origem=saida.origem,
        objeto_id=objeto,
        remetente=saida.remetente if canal == Canal.EMAIL else None,
        texto=texto,
    )
    try:
        mensagem.contexto = composicao.preparar(mensagem, bruto, destino or SEM_DESTINO[canal], agora, maximo)
        return Composta(canal, destino, mensagem, composicao.conteudo(mensagem))
    except composicao.NaoCompoe as erro:
        return Composta(canal, destino, problema=str(erro))


def html_do_email(conteudo: bytes) -> str:
    """The HTML of an e-mail with its images inside it, to be shown in a frame."""
    mensagem = message_from_bytes(conteudo, policy=policy.default)
    html = mensagem.get_body(("html",)).get_content()
    for parte in mensagem.walk():
        if cid := str(parte["Content-ID"] or "").strip("<> "):
            imagem = base64.b64encode(parte.get_content()).decode()
            html = html.replace(f"cid:{cid}", f"data:{parte.get_content_type()};base64,{imagem}")
    return html
