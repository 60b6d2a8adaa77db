"""Fixtures with a row of every model, and a run of process 336."""

from datetime import time, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from batch.agendamentos import comandar_devidos, guardar
from batch.inicio import iniciar
from batch.models import Agendamento, FuncionalidadeIniciada, ProcessoIniciado, UnidadeIniciada
from cadastro.models import Funcionario, NomeGenerico, UnidadeOrganizacional
from cobranca.models import CobrancaDocumento, CobrancaDocumentoItem, ContaBancaria, ImovelSemDocumento, TipoServico
from faturamento.models import DebitoACobrar
from mensageria import alertas, consumo
from mensageria.estados import Classe, Estado
from mensageria.models import (
    Alerta,
    Anexo,
    Canal,
    ChaveDeAssinatura,
    DestinatarioAlerta,
    Lote,
    NaoGerada,
    ReciboDeEntrega,
    Ritmo,
    Supressao,
    TentativaEnvio,
)
from preventivo.models import Aviso, LinhaRecusada
from tests.fabricas import (
    HOJE,
    nova_conta,
    novo_cliente,
    novo_comando,
    novo_endereco,
    novo_imovel,
    novo_parametro,
    novo_parametro_sistema,
    novo_vinculo,
)
from tests.mensageria.apoio import nova_mensagem, por_em
from tests.preventivo.fabricas import nova_campanha, novo_boleto


@pytest.fixture
def novo_336(db):
    def novo(**campos) -> ProcessoIniciado:
        agora = timezone.now()
        iniciado = iniciar(336, usuario=None, agendado_para=agora, agora=agora)
        ProcessoIniciado.objects.filter(pk=iniciado.pk).update(**campos)
        iniciado.refresh_from_db()
        return iniciado

    return novo


@pytest.fixture
def mais_uma_de_cada(novo_336):
    """Make one more row of every model, with a run of process 336 that has messages, units and who was left out."""
    return lambda: _uma_de_cada(novo_336)


@pytest.fixture
def uma_de_cada(mais_uma_de_cada) -> ProcessoIniciado:
    return mais_uma_de_cada()


def _uma_campanha() -> None:
    campanha = nova_campanha(cpfs=1)
    LinhaRecusada.objects.create(campanha=campanha, linha=3, coluna="cpf", motivo="CPF inválido")
    Aviso.objects.create(
        campanha=campanha,
        boleto=novo_boleto(campanha),
        email="ana@exemplo.com.br",
        situacao=Aviso.Situacao.NA_FILA,
    )


def _uma_de_cada(novo_336) -> ProcessoIniciado:
    novo_parametro_sistema()
    novo_parametro()
    TipoServico.objects.create(pk=TipoServico.objects.count() + 1, descricao="CORTE")
    UnidadeOrganizacional.objects.create(pk=UnidadeOrganizacional.objects.count() + 1, descricao="PRESIDÊNCIA")
    Funcionario.objects.create(pk=Funcionario.objects.count() + 1, nome="YURI DA SILVA")
    cliente, imovel = novo_cliente(nome="JOSÉ DA SILVA"), novo_imovel()
    novo_vinculo(cliente, imovel)
    novo_endereco(cliente)
    NomeGenerico.objects.get_or_create(nome="CONSUMIDOR")  # those of the migration go with a flush
    conta = nova_conta(imovel=imovel, cliente=cliente)
    debito = DebitoACobrar.objects.create(imovel=imovel, descricao="MULTA", referencia=202611, valor=10)
    comando = novo_comando(gerado_em=timezone.now(), documentos_gerados=1)
    ContaBancaria.objects.create(
        banco="001", agencia="1234", convenio=f"{ContaBancaria.objects.count():07}", carteira="17", ativa=False
    )
    documento = CobrancaDocumento.objects.create(
        comando=comando,
        imovel=imovel,
        localidade=imovel.localidade,
        tipo_documento=8,
        emissao=HOJE,
        validade=HOJE + timedelta(days=10),
        valor=20,
    )
    CobrancaDocumentoItem.objects.create(documento=documento, conta=conta, valor=10)
    CobrancaDocumentoItem.objects.create(documento=documento, debito=debito, valor=10)
    ImovelSemDocumento.objects.create(comando=comando, imovel=novo_imovel(), motivo=33)
    iniciado = novo_336()
    lote = Lote.objects.create(
        execucao=iniciado.execucao, origem="faturamento", canal=Canal.EMAIL, localidade=imovel.localidade
    )
    Lote.objects.filter(pk=lote.pk).update(pausado_em=timezone.now(), motivo_pausa="6 recusas nos últimos 10 envios")
    mensagem = por_em(nova_mensagem(lote=lote, cliente=cliente, objeto_id=conta.pk), Estado.INCERTA)
    TentativaEnvio.objects.create(
        mensagem=mensagem, numero=1, servico="S", destino="d", momento=timezone.now(), classe=Classe.INCERTA
    )
    consumo.contar(mensagem.remetente.servico, [timezone.now()])
    Ritmo.objects.get_or_create(servico_email=mensagem.remetente.servico)
    nova_mensagem(canal=Canal.SMS)
    NaoGerada.objects.create(
        execucao=iniciado.execucao,
        origem="faturamento",
        unidade=1,
        objeto_id=99,
        localidade=imovel.localidade,
        motivo="ainda_nao",
    )
    ChaveDeAssinatura.objects.atual(timezone.now())
    ReciboDeEntrega.objects.create(mensagem=mensagem, momento=timezone.now(), situacao="entregue")
    Anexo.objects.guardar(f"%PDF-{iniciado.pk}".encode(), nome="boleto.pdf", tipo="application/pdf")
    Supressao.objects.create(email=f"sair{iniciado.pk}@exemplo.com.br", assunto="boletos", motivo="Pediu por telefone")
    remetente = mensagem.remetente
    DestinatarioAlerta.objects.create(email=f"chefia{iniciado.pk}@exemplo.com.br", remetente=remetente)
    alertas.avisar(
        Alerta.Tipo.TROCA,
        f"troca:{iniciado.pk}",
        agora=timezone.now(),
        assunto="Troca de Envio Confirmada",
        titulo="Serviço de Email Alterado",
        paragrafos=["O serviço mudou."],
        servico=remetente.servico,
        remetente=remetente,
    )
    UnidadeIniciada.objects.create(
        funcionalidade=FuncionalidadeIniciada.objects.filter(iniciado=iniciado).first(), codigo=1, descricao="NATAL"
    )
    _um_agendamento()
    _uma_campanha()
    return iniciado


def _um_agendamento() -> None:
    """Of somebody who may no longer start processes, with a date that was refused."""
    agora = timezone.now()
    dono, _ = User.objects.get_or_create(username="quem-agendou")
    diario = {"repeticao": Agendamento.Repeticao.DIAS, "intervalo": 1, "hora": time(0, 0)}
    agendamento = Agendamento(processo_id=336, criado_por=dono, a_partir_de=timezone.localdate(agora), **diario)
    guardar(agendamento, agora=agora - timedelta(days=1))
    comandar_devidos(agora)
