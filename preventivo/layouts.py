"""Layouts: the e-mail of each tipo de campanha. A change is a new version; what it looks like is seen before."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from mensageria import previa, teste
from mensageria.fontes import SemExemplo
from mensageria.models import Canal, Remetente
from mensageria.pagamento.boleto import ler_linha, montar
from preventivo.fonte import ORIGEM, exemplo_do_tipo
from preventivo.models import Acordo, Aviso, Boleto, Campanha, Layout, Registro, TipoCampanha
from telas import registro

BANCO_QUE_NAO_HA = "999"
SEM_REMETENTE = "remetente@exemplo.invalid"  # shown until the operação has one


class VersaoMaisNova(Exception):
    """Somebody stored a version meanwhile; the message says who and when."""

    def __init__(self, versao: Layout):
        quem = versao.criado_por or "Outra pessoa"
        quando = date_format(timezone.localtime(versao.criado_em), "d/m/Y H:i")
        super().__init__(f"{quem} gravou a versão {versao.versao} ({quando})")
        self.versao = versao


@transaction.atomic
def nova_versao(tipo: TipoCampanha, *, assunto: str, corpo: str, cor: str, vista: int | None, usuario) -> Layout | None:
    """Store a version of the e-mail of this tipo; None when the one in force already is like that.

    `vista` is the one that its author saw in force. Raises VersaoMaisNova when that is not in force any more.
    """
    TipoCampanha.objects.select_for_update(of=("self",)).get(pk=tipo.pk)  # one at a time
    atual = Layout.objects.em_vigor(tipo)
    if atual and atual.pk != vista:
        raise VersaoMaisNova(atual)
    if atual and (atual.assunto, atual.corpo, atual.cor) == (assunto, corpo, cor):
        return None
    versao = atual.versao + 1 if atual else 1
    nova = Layout.objects.create(tipo=tipo, versao=versao, assunto=assunto, corpo=corpo, cor=cor, criado_por=usuario)
    registro.inserido(usuario, nova, f"Versão {versao} inserida.")
    return nova


# What it looks like


@dataclass(frozen=True)
class Vista:
    """A layout, stored or not, on a boleto: a real one, or one that was made up while there is none."""

    previa: previa.Previa
    ficticia: bool


def ver(tipo: TipoCampanha, rascunho: previa.Rascunho, cor: str, *, agora: datetime, destino: str = "") -> Vista:
    """The e-mail as it would leave; `destino` replaces the customer's. Raises mensageria.previa.SemPrevia."""
    try:
        return Vista(_compor(tipo, exemplo_do_tipo(tipo), rascunho, cor, agora, destino), ficticia=False)
    except SemExemplo:
        with transaction.atomic():
            vista = Vista(_compor(tipo, _inventar(tipo, agora), rascunho, cor, agora, destino), ficticia=True)
            transaction.set_rollback(True)  # nothing of what was made up stays
        return vista


def _compor(tipo: TipoCampanha, aviso: int, rascunho, cor: str, agora: datetime, destino: str) -> previa.Previa:
    operacao = tipo.operacao
    return previa.compor(
        ORIGEM,
        rascunho,
        agora=agora,
        objeto=aviso,
        remetente=operacao.remetente or Remetente(nome=operacao.nome, email=SEM_REMETENTE),
        trocas={"cor": cor},
        destinos={Canal.EMAIL: destino} if destino else {},
    )


def _inventar(tipo: TipoCampanha, agora: datetime) -> int:
    """An Aviso of a boleto that nobody can pay, with all that it hangs on."""
    hoje, valor = timezone.localdate(agora), Decimal("123.45")
    cobranca = ler_linha(montar(banco=BANCO_QUE_NAO_HA, vencimento=hoje, valor=valor, livre="0" * 25), hoje)
    campanha = Campanha.objects.create(
        operacao=tipo.operacao, tipo=tipo, envia_em=agora, criado_em=agora, nome_do_arquivo="", resumo=""
    )
    do_cpf = Registro.objects.create(campanha=campanha, linha=1, cpf="00000000000", emails=[])
    boleto = Boleto.objects.create(
        campanha=campanha,
        acordo=Acordo.objects.create(registro=do_cpf, numero="EXEMPLO"),
        numero="EXEMPLO",
        parcela=1,
        valor=valor,
        vencimento=hoje,
        linha=cobranca.linha,
        codigo=cobranca.codigo,
        beneficiario="EXEMPLO FICTÍCIO, NÃO PAGUE",
        documento_beneficiario="0" * 14,
        conferido_em=agora,
    )
    email = previa.SEM_DESTINO[Canal.EMAIL]
    return Aviso.objects.create(campanha=campanha, boleto=boleto, email=email, situacao=Aviso.Situacao.NA_FILA).pk


def enviar_teste(
    tipo: TipoCampanha, rascunho: previa.Rascunho, cor: str, *, usuario, agora: datetime
) -> teste.Resultado:
    """Send it, as it is seen, to the own address of whoever asks, through the service of the operação. It is logged."""
    if not usuario.email:
        return teste.Resultado(False, "Seu usuário não tem e-mail: peça a um administrador que o informe.")
    if tipo.operacao.remetente is None:
        return teste.Resultado(False, f"A operação {tipo.operacao} ainda não tem remetente: informe-o em Operações.")
    try:
        vista = ver(tipo, rascunho, cor, agora=agora, destino=usuario.email)
    except previa.SemPrevia as erro:
        return teste.Resultado(False, str(erro))
    return teste.enviar_previa(vista.previa, Canal.EMAIL, usuario=usuario, agora=agora)
