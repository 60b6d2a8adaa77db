"""The words for what the outbox keeps as codes. Each origin gives its own through its Fonte."""

from collections.abc import Mapping

from mensageria import fontes
from mensageria.estados import Classe, Motivo

DE_FORA = "de fora"
# What the server said is kept in the attempts, word for word; the reason of a message is for people.
_DAS_RESPOSTAS = {
    Classe.ENDERECO.label: "O servidor recusou o endereço ou o telefone.",
    Classe.CAIXA_CHEIA.label: "A caixa de entrada do destinatário está cheia.",
    Classe.TEMPORARIO.label: "O servidor não pôde receber a mensagem.",
    Classe.MENSAGEM.label: "O servidor recusou o conteúdo da mensagem.",
    Classe.INCERTA.label: "A conexão caiu depois de a mensagem ser entregue ao servidor: pode ter chegado ou não.",
    "Operadora": "A operadora informou que o SMS não foi entregue.",
}


def da_geracao(contagem: Mapping[str, int]) -> dict[str, int]:
    """What a unit of generation did, as the page of its process shows it."""
    return {"SMS": contagem["sms"], "e-mails": contagem["email"], DE_FORA: contagem["nao_geradas"]}


def nome_da_origem(origem: str) -> str:
    """An origin that no app registers any more is called by its code."""
    return fontes.da_origem(origem).nome if origem in fontes.origens() else origem


def palavras_de_nao_gerar(origem: str, motivo: str) -> str:
    """Why something was left out; a code that its origin does not know stays as it is."""
    motivos = dict(fontes.da_origem(origem).motivos_de_nao_gerar.choices) if origem in fontes.origens() else {}
    return motivos.get(motivo, motivo)


def palavras_do_motivo(motivo: str) -> str:
    """A code of Motivo in words, with what may follow it; for a reply of a server, what it means."""
    codigo, separador, resto = motivo.partition(": ")
    if codigo in _DAS_RESPOSTAS:
        return _DAS_RESPOSTAS[codigo]
    return f"{Motivo(codigo).label}{separador}{resto}" if codigo in Motivo.values else motivo
