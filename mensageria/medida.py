"""What a text costs and lacks while it is being written: what the meter under it says."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from cadastro.models import ParametroSistema
from mensageria import fontes
from mensageria.alfabeto import GSM7, UCS2, alfabeto, segmentos, transliterar
from mensageria.textos import POSICOES_DO_CODIGO, TAG, Dado, conferir_texto, posicoes_do_texto, texto_do_sms

NOMES = {"texto_sms": "Texto SMS", "assunto": "Assunto do e-mail", "texto_email": "Texto E-MAIL"}
_NAS_MENSAGENS = {"texto_email": "E-MAIL", "assunto": "assunto"}
MAIOR_TEXTO = 20_000  # characters that are measured; no text that may be saved has as many


@dataclass(frozen=True)
class Medida:
    """Of an SMS, with every tag at its full size, or of a text without limit, of which only `problemas` is said."""

    problemas: list[str]
    posicoes: int = 0
    maximo: int = 0
    alfabeto: str = ""
    segmentos: int = 0
    forcam: tuple[str, ...] = ()  # the characters that turn the SMS into UCS-2
    trocas: tuple[str, ...] = ()  # what "trocar acentos" changes, such as "ã → a"
    segmentos_com_troca: int = 0  # what the SMS would be charged as with "trocar acentos", when that is less

    @property
    def do_codigo(self) -> int:
        return POSICOES_DO_CODIGO

    @property
    def do_texto(self) -> int:
        return self.posicoes - POSICOES_DO_CODIGO

    @property
    def sobram(self) -> int:
        return self.maximo - self.posicoes

    @property
    def gsm7(self) -> bool:
        return self.alfabeto == GSM7


def como_se_guarda(texto: str) -> str:
    """What was typed as the database keeps it: browsers send line ends as CRLF."""
    return texto.replace("\r\n", "\n").replace("\0", "").strip()


def medir(origem: str, campo: str, texto: str, trocar_acentos: bool) -> Medida:
    """The measure of one field of NOMES. Without the system's parameters there is no maximum to compare with: 0."""
    texto, dados = como_se_guarda(texto)[:MAIOR_TEXTO], fontes.da_origem(origem).dados
    if campo == "texto_sms":
        return _medir_sms(texto, dados, trocar_acentos, _maximo())
    return Medida(conferir_texto(_NAS_MENSAGENS[campo], texto, dados))


def _maximo() -> int:
    try:
        return ParametroSistema.atual().tamanho_maximo_sms
    except ParametroSistema.DoesNotExist:
        return 0


def _medir_sms(texto: str, dados: Iterable[Dado], trocar_acentos: bool, maximo: int) -> Medida:
    cheio = _cheio(texto, dados, trocar_acentos)
    cobrados, trocados = segmentos(cheio), segmentos(_cheio(texto, dados, True))
    return Medida(
        conferir_texto("SMS", texto, dados, trocar_acentos, maximo or 10**6),
        posicoes=posicoes_do_texto(texto, dados, trocar_acentos),
        maximo=maximo,
        alfabeto=alfabeto(cheio),
        segmentos=cobrados,
        forcam=tuple(letra for letra in dict.fromkeys(cheio) if alfabeto(letra) == UCS2),
        trocas=_trocas(texto) if trocar_acentos else (),
        segmentos_com_troca=trocados if trocados < cobrados else 0,
    )


def _cheio(texto: str, dados: Iterable[Dado], trocar_acentos: bool) -> str:
    """The longest SMS that the text makes, as long as the values are of GSM-7."""
    valores = {dado.tag: "0" * dado.tamanho for dado in dados}
    return texto_do_sms(texto, valores, "0" * 48, trocar_acentos)


def _trocas(texto: str) -> tuple[str, ...]:
    letras = dict.fromkeys(unicodedata.normalize("NFC", texto))
    trocadas = {letra: transliterar(letra) for letra in letras}
    return tuple(f"{letra} → {outra or '(sai)'}" for letra, outra in trocadas.items() if outra != letra)


def dados_ausentes(textos: dict[str, str], dados: Iterable[Dado]) -> list[str]:
    """What each text of {field: text} does not say, in a line each such as "Texto SMS: Valor da conta."."""
    linhas = []
    for campo, texto in textos.items():
        usadas = set(TAG.findall(texto))
        if ausentes := [dado.descricao for dado in dados if dado.tag not in usadas]:
            linhas.append(f"{NOMES[campo]}: {', '.join(ausentes)}.")
    return linhas
