"""What a cell of the file of a campaign says: a CPF or an address, or why it is neither."""

import re
from itertools import count

from cadastro.documentos import cpf_valido
from mensageria.composicao import NaoCompoe, endereco_ascii

TAMANHO_DO_CPF = 11
_FORMULA = "A célula tem uma fórmula: cole no lugar dela o valor."
_COMO_TEXTO = "formate a coluna como texto e preencha o CPF de novo."
# A lone point would be that of a number.
_COM_MASCARA = re.compile(r"[0-9]{3}[.][0-9]{3}[.][0-9]{3}[-/.]?[0-9]{2}|[0-9]{9}[-/][0-9]{2}")
# What a spreadsheet makes of a CPF that it takes for a number.
_ESTRAGADOS = (
    (
        re.compile(r"[0-9]+([.,][0-9]+)?[eE][+]?[0-9]+"),
        f"A planilha gravou o CPF em notação científica e perdeu algarismos: {_COMO_TEXTO}",
    ),
    (
        re.compile(r"[0-9][0-9.]*,[0-9]+|[0-9]{4,}[.][0-9]{1,2}"),
        f"A planilha gravou o CPF como número com casas decimais: {_COMO_TEXTO}",
    ),
    (
        re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}"),
        f"A planilha gravou o CPF como data: {_COMO_TEXTO}",
    ),
)


def ler_cpf(texto: str) -> str:
    """The 11 digits; zeros that a spreadsheet dropped are put back. Raises ValueError with the reason."""
    limpo = "".join(texto.split())
    cpf = limpo if limpo.isascii() and limpo.isdigit() else _sem_mascara(limpo)
    if len(cpf) > TAMANHO_DO_CPF:
        raise ValueError(f"O CPF tem {TAMANHO_DO_CPF} algarismos, e aqui há {len(cpf)}.")
    cpf = cpf.zfill(TAMANHO_DO_CPF)
    if not cpf_valido(cpf):
        raise ValueError("Número do CPF inválido: os dígitos verificadores não conferem.")
    return cpf


def _sem_mascara(limpo: str) -> str:
    """With a mask, all the digits must be there: no spreadsheet dropped any."""
    if _COM_MASCARA.fullmatch(limpo):
        return re.sub("[-/.]", "", limpo)
    if not limpo:
        raise ValueError("O CPF está em branco.")
    if limpo.startswith("="):
        raise ValueError(_FORMULA)
    for forma, motivo in _ESTRAGADOS:
        if forma.fullmatch(limpo):
            raise ValueError(motivo)
    raise ValueError("CPF inválido: use os 11 algarismos, com ou sem a pontuação.")


def ler_email(texto: str) -> str:
    """The address as the engine will send to it. Raises ValueError with the reason."""
    if texto.startswith("="):
        raise ValueError(_FORMULA)
    if texto.count("@") > 1:
        raise ValueError("Há mais de um e-mail na célula: use uma coluna ou uma linha para cada um.")
    try:
        return endereco_ascii(texto)
    except NaoCompoe:
        raise ValueError("E-mail inválido.") from None


# Nine digits or more, however they are parted; cells are parted by a semicolon.
_PARECE_CPF = re.compile(r"\d(?:[^\w;@]{0,3}\d){8,}")


def mascarar_cpfs(texto: str) -> str:
    """The text as people see it who may not see a CPF whole: of what may be one, only the six digits in the middle."""
    return _PARECE_CPF.sub(_mascarar, texto)


def _mascarar(achado: re.Match) -> str:
    """Zeros that a spreadsheet dropped count; of more digits than a CPF has, or beside a letter that was typed for one,
    none is known to be in the middle."""
    numero, inicio, fim = achado[0], achado.start(), achado.end()
    faltam = TAMANHO_DO_CPF - len(re.findall(r"\d", numero))
    antes, depois = achado.string[max(inicio - 1, 0) : inicio], achado.string[fim : fim + 2]
    com_letra = antes.isalpha() or (depois[:1].isalpha() and depois.upper() != "E+")
    posicoes = count(faltam)
    mostra = faltam >= 0 and not com_letra
    return re.sub(r"\d", lambda um: um[0] if 3 <= next(posicoes) < 9 and mostra else "*", numero)
