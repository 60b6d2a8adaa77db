"""The dossier of a message: what left, when, by whose order, and what servers said of it, signed for others to see.

    {"assinatura": {…}, "dossie": {…}}

`serializar` is its only form: JSON in UTF-8 with sorted keys, two blanks of indentation and a line end. The signature
(Ed25519) is of PREFIXO and that form of the `dossie`: a byte that changes anywhere is seen (`conferencia`).

What a message says to its customer is in it whole, links included: whoever has the dossier has the message. Nothing
else that is secret is: no key, no password, no document without a mask.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.template.loader import get_template
from django.utils import timezone

from cadastro.documentos import mascarar
from cadastro.models import ParametroSistema
from mensageria import composicao, fontes
from mensageria.estados import Classe, Estado
from mensageria.models import Canal, ChaveDeAssinatura, Mensagem, ReciboDeEntrega, TentativaEnvio
from mensageria.palavras import nome_da_origem, palavras_do_motivo

FORMATO = "avisa-dossie/1"
PREFIXO = f"{FORMATO}\n".encode()
_RELACIONADAS = ("lote__localidade", "cliente", "remetente", "gateway", "servico", "texto", "molde", "pedido_por")
_RETORNOS = {
    "1": "não enviado",
    "2": "transmitido à operadora",
    "3": "recusado pela operadora",
    "4": "entregue, segundo a operadora",
}


def emitir(mensagem_id: int, *, por, agora: datetime) -> bytes:
    """The signed dossier of a message, as the file that it is. Raises Mensagem.DoesNotExist and ChavePerdida."""
    mensagem = Mensagem.objects.select_related(*_RELACIONADAS).get(pk=mensagem_id)
    return assinar(montar(mensagem, por=por, agora=agora), ChaveDeAssinatura.objects.atual(agora))


def assinar(dossie: Mapping[str, Any], chave: ChaveDeAssinatura) -> bytes:
    conteudo = serializar(dossie)
    assinatura = {
        "algoritmo": "Ed25519",
        "chave_publica": chave.publica,
        "impressao_da_chave": chave.impressao,
        "sha256": hashlib.sha256(conteudo).hexdigest(),
        "valor": chave.assinar(PREFIXO + conteudo).hex(),
    }
    return serializar({"assinatura": assinatura, "dossie": dossie})


def serializar(objeto: Mapping[str, Any]) -> bytes:
    """The one way in which a dossier is written."""
    return json.dumps(objeto, ensure_ascii=False, sort_keys=True, indent=2).encode() + b"\n"


def montar(mensagem: Mensagem, *, por, agora: datetime) -> dict[str, Any]:
    """All that is known of a message; what is not known is empty, never left out."""
    prova, objeto = _prova(mensagem), _objeto(mensagem)
    tentativas = list(mensagem.envios.select_related("pedido_por").order_by("pk"))
    conteudo = _conteudo(mensagem)
    return {
        "formato": FORMATO,
        "emitido_em": _quando(agora),
        "emitido_por": str(por),
        "empresa": _empresa(),
        "mensagem": _mensagem(mensagem),
        "cliente": _cliente(mensagem),
        "de_que_fala": {
            "titulo": objeto.titulo if objeto else f"Nº {mensagem.objeto_id}, que não existe mais",
            "matricula": objeto.matricula if objeto else None,
            "dados": _pares(prova.dados),
            "itens": [_pares(item) for item in prova.itens],
        },
        "comando": _pares(prova.comando),
        "conteudo": conteudo,
        "versoes": _versoes(mensagem),
        "tentativas": [tentativa(t) for t in tentativas],
        "recibos": [recibo(r) for r in mensagem.recibos.order_by("pk")],
        "declaracao": _declaracao(mensagem, tentativas, conteudo, prova),
    }


def tentativa(t: TentativaEnvio) -> dict[str, Any]:
    return {
        "numero": t.numero,
        "momento": _quando(t.momento),
        "servico": t.servico,
        "destino": t.destino,
        "classe": t.classe,
        "resultado": t.get_classe_display(),
        "codigo": t.codigo,
        "resposta": t.resposta,
        "duracao_ms": t.duracao_ms,
        "sha256": t.resumo,
        "pedida_por": str(t.pedido_por or ""),
        "motivo_do_pedido": t.pedido_motivo,
    }


def recibo(r: ReciboDeEntrega) -> dict[str, Any]:
    return {
        "momento": _quando(r.momento),
        "situacao": r.situacao,
        "codigo": r.codigo,
        "texto": r.texto,
        "identificacao": r.id_externo,
    }


def _prova(mensagem: Mensagem) -> fontes.Prova:
    """What its Fonte tells, when it tells anything."""
    if mensagem.origem not in fontes.origens():
        return fontes.Prova()
    prova = getattr(fontes.da_origem(mensagem.origem), "prova", None)
    return prova(mensagem.objeto_id, mensagem.lote.execucao) if prova else fontes.Prova()


def _objeto(mensagem: Mensagem) -> fontes.Objeto | None:
    if mensagem.origem not in fontes.origens():
        return None
    return fontes.da_origem(mensagem.origem).objetos([mensagem.objeto_id]).get(mensagem.objeto_id)


def _empresa() -> dict[str, str]:
    parametro = ParametroSistema.objects.first()  # a collection agency may have none
    return fontes.empresa(parametro) if parametro else {}


def _mensagem(m: Mensagem) -> dict[str, Any]:
    return {
        "codigo": m.pk,
        "chave": m.chave,
        "canal": m.get_canal_display(),
        "origem": nome_da_origem(m.origem),
        "acao": m.lote.acao,
        "localidade": str(m.lote.localidade or ""),
        "execucao": str(m.lote.execucao),
        "situacao": m.get_estado_display(),
        "motivo": palavras_do_motivo(m.motivo),
        "destino": m.destino,
        "destino_desviado": _desvio(m),
        "remetente": str(m.remetente or m.gateway or ""),
        "criada_em": _quando(m.criado_em),
        "enviar_apos": _quando(m.enviar_apos),
        "expira_em": _quando(m.expira_em),
        "enviada_em": _quando(m.enviada_em),
        "identificacao_no_servico": m.id_externo,
        "codigo_de_retorno": m.codigo_retorno,
        "retorno": _RETORNOS.get(m.codigo_retorno, "") if m.canal == Canal.SMS else "",
        "ultima_decisao_de": str(m.pedido_por or ""),
        "motivo_da_decisao": m.pedido_motivo,
    }


def _cliente(m: Mensagem) -> dict[str, Any]:
    if m.cliente is None:
        return {}
    return {"codigo": m.cliente_id, "nome": m.cliente.nome, "documento": mascarar(m.cliente.documento or "")}


def _conteudo(m: Mensagem) -> dict[str, Any]:
    """Exactly what left, made again from what was kept; `falta` says why it is not there."""
    vazio = {"tipo": "", "texto": "", "bytes": 0, "sha256": "", "falta": ""}
    if not m.contexto:
        return vazio | {"falta": "A mensagem não foi composta: nada saiu."}
    try:
        bruto = composicao.conteudo(m)
    except (composicao.NaoCompoe, KeyError, ValueError) as erro:
        return vazio | {"falta": f"O conteúdo não pôde ser recomposto: {erro}"}
    return {
        "tipo": "text/plain; charset=utf-8" if m.canal == Canal.SMS else "message/rfc822",
        "texto": bruto.decode(),
        "bytes": len(bruto),
        "sha256": composicao.resumo(bruto),
        "falta": "",
    }


def _versoes(m: Mensagem) -> dict[str, Any]:
    contexto = m.contexto or {}
    return {
        "texto": {
            "codigo": m.texto_id,
            "assunto": m.texto.assunto,
            "corpo": m.texto.corpo,
            "sha256": m.texto.resumo,
            "criado_em": _quando(m.texto.criado_em),
        },
        "layout": {"nome": contexto.get("layout", ""), "sha256": _do_layout(contexto.get("layout", ""))},
        "renderizador": contexto.get("renderizador"),
        "programa": {
            "nome": "Avisa",
            "sha256": impressao_do_programa(),
            "django": version("django"),
            "reportlab": version("reportlab"),
        },
    }


@cache
def _do_layout(layout: str) -> dict[str, str]:
    """The SHA-256 of both files of a layout."""
    if not layout:
        return {}
    nome = layout.replace("/", "_")
    arquivos = {tipo: get_template(f"mensageria/layouts/{nome}.{tipo}").origin.name for tipo in ("html", "txt")}
    return {tipo: hashlib.sha256(Path(arquivo).read_bytes()).hexdigest() for tipo, arquivo in arquivos.items()}


@cache
def impressao_do_programa() -> str:
    """SHA-256 of the modules that compose messages: which program it was, without trusting a number."""
    pasta = Path(composicao.__file__).parent
    soma = hashlib.sha256()
    for arquivo in sorted(pasta.rglob("*.py")):
        if "migrations" not in arquivo.parts:
            soma.update(arquivo.relative_to(pasta).as_posix().encode() + b"\0" + arquivo.read_bytes() + b"\0")
    return soma.hexdigest()


def _declaracao(
    m: Mensagem, tentativas: list[TentativaEnvio], conteudo: Mapping[str, Any], prova: fontes.Prova
) -> list[str]:
    """What the dossier proves and what it does not, in paragraphs."""
    aceita = next((t for t in reversed(tentativas) if t.classe == Classe.ACEITA), None)
    if aceita is None:
        return ["Este dossiê NÃO prova o envio: nenhum servidor aceitou a mensagem."]
    local = timezone.localtime(aceita.momento)
    resposta = f"{aceita.codigo} {aceita.resposta}".strip()
    textos = [
        f"Em {local:%d/%m/%Y às %H:%M:%S} (horário de {timezone.get_default_timezone_name()}), o serviço"
        f" {aceita.servico} aceitou para entrega a mensagem dirigida a {aceita.destino}"
        + (f", e respondeu: “{resposta}”." if resposta else ".")
    ]
    if conteudo["sha256"] and conteudo["sha256"] == aceita.resumo:
        textos.append("O conteúdo deste dossiê é, byte a byte, o que saiu naquele momento: o SHA-256 é o mesmo.")
    else:
        textos.append("O conteúdo que saiu naquele momento não pôde ser recomposto byte a byte: dele resta o SHA-256.")
    if desviada := _desvio(m):
        textos.append(
            f"A mensagem foi desviada para {desviada} pela configuração deste sistema: este dossiê NÃO prova o envio ao"
            " cliente."
        )
        return textos
    if _nao_chegou(m, aceita):
        textos.append("Depois de aceitar a mensagem, o serviço informou que ela NÃO foi entregue.")
        return textos
    if m.estado == Estado.ENTREGUE:
        textos.append("A operadora confirmou a entrega ao destinatário.")
    else:
        textos.append("A aceitação pelo servidor não prova, por si, que a mensagem foi lida.")
    return textos + (prova.declarar(local.date()) if prova.declarar else [])


def _desvio(m: Mensagem) -> str:
    """Where a message went instead of to its customer, by ENVIO; empty when it did not."""
    contexto = m.contexto or {}
    return contexto["destino"] if "destino_original" in contexto else ""


def _nao_chegou(m: Mensagem, aceita: TentativaEnvio) -> bool:
    """Also of one that waits to be sent again, or never was: what was said of the accepted attempt holds."""
    return m.estado == Estado.FALHA or m.recibos.filter(situacao="falha", momento__gte=aceita.momento).exists()


def _pares(linhas) -> list[list[str]]:
    return [[rotulo, str(texto)] for rotulo, texto in linhas]


def _quando(momento: datetime | None) -> str:
    """ISO 8601 in the product's time zone; empty for what did not happen."""
    return timezone.localtime(momento).isoformat() if momento else ""
