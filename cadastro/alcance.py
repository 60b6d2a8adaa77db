"""Whether a customer can be reached by the ways that are switched on.

Nothing is refused for it: the operator is warned.
"""

from dataclasses import dataclass

from cadastro.models import Cliente, ClienteFone


@dataclass(frozen=True)
class Aviso:
    texto: str
    aba: str  # where it is mended: the name of a URL of cadastro


def avisos(cliente: Cliente, fones: list[ClienteFone]) -> list[Aviso]:
    achados = []
    marcado = next((fone for fone in fones if fone.sms), None)
    if cliente.por_sms and marcado is None:
        achados.append(
            Aviso(
                "Por SMS está Sim, mas nenhum celular está marcado para SMS: o cliente não receberá SMS.",
                "cliente_telefones",
            )
        )
    elif cliente.por_sms and not marcado.recebe_sms:
        achados.append(
            Aviso(
                f"Por SMS está Sim, mas {marcado.formatado}, o telefone marcado para SMS, não é um celular válido:"
                " o cliente não receberá SMS.",
                "cliente_telefones",
            )
        )
    if cliente.por_email and not cliente.email:
        achados.append(
            Aviso(
                "Por Email está Sim, mas o E-Mail não foi informado: o cliente não receberá e-mail.",
                "cliente_nome_tipo",
            )
        )
    return achados
