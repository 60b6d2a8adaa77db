"""Inserir and Manter Cliente: what the company's parameters let be stored, and who may store it all the same.

GSAN judges a name each time a customer is stored; here one that stays is left alone, so that whoever switches messages
on is not stopped by what an import brought.
"""

import re
from collections.abc import Iterable
from datetime import date

from django.db import connection

from cadastro.models import Cliente, ClienteEndereco, NomeGenerico, ParametroSistema
from cadastro.nomes import normalizar_nome

POSICOES_DO_NOME = 10
TRAVA = 336_004  # advisory lock (TRAVA, name): of two who store the same name at once, the second sees the first
DE_PESSOA_FISICA = ("rg", "rg_orgao", "rg_uf", "rg_emissao", "nascimento", "sexo", "profissao", "nome_mae")
DE_PESSOA_JURIDICA = ("ramo_atividade",)


def parametros() -> ParametroSistema:
    """The company's; before they are informed, what they are when nobody says otherwise."""
    return ParametroSistema.objects.first() or ParametroSistema()


def erros(cliente: Cliente, *, enderecos: Iterable[ClienteEndereco], usuario, hoje: date) -> dict[str, str]:
    """What keeps `usuario` from storing `cliente` so, at these addresses: {field: GSAN's message}."""
    antes = Cliente.objects.filter(pk=cliente.pk).first() if cliente.pk else None
    da_empresa = parametros()
    achados = {
        **_da_pessoa(cliente, hoje),
        "documento": _do_documento(cliente, antes, da_empresa, usuario),
        "documento_validado": _da_validacao(cliente, antes, da_empresa, usuario),
    }
    if antes is None or antes.nome != cliente.nome:
        achados["nome"] = (
            _do_nome_validado(antes, da_empresa, usuario)
            or _do_nome(cliente.nome, da_empresa, usuario)
            or duplicidade(cliente, enderecos, usuario=usuario, da_empresa=da_empresa)
        )
    return {campo: erro for campo, erro in achados.items() if erro}


def _da_pessoa(cliente: Cliente, hoje: date) -> dict[str, str]:
    fisica = cliente.tipo == Cliente.Tipo.FISICA
    da_outra = DE_PESSOA_JURIDICA if fisica else DE_PESSOA_FISICA
    achados = {
        "sexo": "Informe Sexo." if fisica and not cliente.sexo else "",
        "nascimento": _no_futuro("Data de Nascimento", cliente.nascimento, hoje),
        "rg_emissao": _no_futuro("Data de Emissão do RG", cliente.rg_emissao, hoje),
    }
    if cliente.nascimento and cliente.rg_emissao and cliente.rg_emissao < cliente.nascimento:
        achados["rg_emissao"] = "Data de Emissão do RG não pode ser anterior à Data de Nascimento."
    if cliente.pk is None:
        outra = "Jurídica" if fisica else "Física"
        achados |= {campo: f"Só de Pessoa {outra}." for campo in da_outra if getattr(cliente, campo)}
    return achados


def _no_futuro(rotulo: str, dia: date | None, hoje: date) -> str:
    return f"{rotulo} não pode ser posterior a hoje." if dia and dia > hoje else ""


# The document


def _do_documento(cliente: Cliente, antes: Cliente | None, da_empresa: ParametroSistema, usuario) -> str:
    if _trancado(antes, da_empresa, usuario) and antes.documento != cliente.documento:
        return f"O {sigla(antes)} deste cliente foi validado e não pode ser alterado."
    falta = cliente.tipo == Cliente.Tipo.FISICA and not cliente.documento and da_empresa.documento_obrigatorio
    permissao = "sem_documento_manter" if antes else "sem_documento_inserir"
    return "Informe CPF." if falta and not _pode(usuario, permissao) else ""


def _da_validacao(cliente: Cliente, antes: Cliente | None, da_empresa: ParametroSistema, usuario) -> str:
    if cliente.documento_validado and not cliente.documento:
        return "Informe o CPF/CNPJ que foi validado."
    if _trancado(antes, da_empresa, usuario) and not cliente.documento_validado:
        return f"O {sigla(antes)} deste cliente foi validado: só quem pode alterar o nome desfaz a validação."
    return ""


def _trancado(antes: Cliente | None, da_empresa: ParametroSistema, usuario) -> bool:
    """Whether the name is locked: with it what would unlock it, the mark and the document that it speaks of."""
    validado = antes is not None and antes.documento_validado
    return validado and da_empresa.bloquear_nome_validado and not _pode(usuario, "nome_validado")


def sigla(cliente: Cliente) -> str:
    return "CPF" if cliente.tipo == Cliente.Tipo.FISICA else "CNPJ"


# The name


def _do_nome_validado(antes: Cliente | None, da_empresa: ParametroSistema, usuario) -> str:
    if _trancado(antes, da_empresa, usuario):
        return f"O nome não pode ser alterado: o {sigla(antes)} deste cliente foi validado."
    return ""


def _do_nome(nome: str, da_empresa: ParametroSistema, usuario) -> str:
    curto = len("".join(nome.split())) < POSICOES_DO_NOME
    if curto and not da_empresa.nome_com_menos_de_10 and not _pode(usuario, "nome_curto"):
        return f"Nome deve ter ao menos {POSICOES_DO_NOME} posições, sem contar os espaços."
    if not da_empresa.nome_generico and not _pode(usuario, "nome_generico") and generico(nome):
        return f"“{nome}” é uma descrição genérica: informe o nome do cliente."
    return ""


def generico(nome: str) -> bool:
    """Whether the name is one of the table, whatever its case, accents, figures and punctuation."""
    return _letras(nome) in {_letras(um) for um in NomeGenerico.objects.values_list("nome", flat=True)}


def _letras(nome: str) -> str:
    return " ".join(re.findall("[a-z]+", normalizar_nome(nome)))


def duplicidade(
    cliente: Cliente,
    enderecos: Iterable[ClienteEndereco],
    *,
    usuario,
    da_empresa: ParametroSistema | None = None,
) -> str:
    """The message that another customer has this name at one of these addresses; empty when it may be."""
    da_empresa = da_empresa or parametros()
    if da_empresa.cliente_em_duplicidade or _pode(usuario, "em_duplicidade"):
        return ""
    outro = _homonimo(cliente, list(enderecos))
    return f"O cliente {outro} já tem este nome e este endereço." if outro else ""


def _homonimo(cliente: Cliente, enderecos: list[ClienteEndereco]) -> int | None:
    """Found by the index of the name; the addresses of whoever has it are few."""
    nossos, nome = {onde(endereco) for endereco in enderecos}, normalizar_nome(cliente.nome)[:100]
    if not nossos:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [TRAVA, nome])
    deles = ClienteEndereco.objects.filter(
        cliente__nome_busca=nome,
        municipio__in={endereco.municipio_id for endereco in enderecos},
    )
    deles = deles.exclude(cliente=cliente.pk) if cliente.pk else deles
    return next((endereco.cliente_id for endereco in deles.order_by("cliente") if onde(endereco) in nossos), None)


def onde(endereco: ClienteEndereco) -> tuple:
    """The place, however it was written. The CEP is left out: a wrong one makes no other house."""
    partes = (endereco.logradouro, endereco.numero, endereco.complemento, endereco.bairro)
    return (endereco.municipio_id, *(normalizar_nome(parte) for parte in partes))


def _pode(usuario, permissao: str) -> bool:
    return usuario.has_perm(f"cadastro.{permissao}")
