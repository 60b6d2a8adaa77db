"""The ledger: messages in their lotes, who holds them, each attempt, each receipt, and who got none."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from mensageria import moldes
from mensageria.estados import Classe, Estado
from mensageria.models.base import Canal, EscritoUmaVez, amanha
from mensageria.models.servicos import DoServico, GatewaySMS, Remetente, ServicoEmail
from mensageria.models.textos import VersaoTexto
from mensageria.palavras import nome_da_origem, palavras_de_nao_gerar


class Isencao(models.TextChoices):
    """What leaves at any hour."""

    OBRIGATORIO = "obrigatorio", "Aviso obrigatório"
    TESTE = "teste", "Teste"


class Lote(models.Model):
    """Messages of one run that share localidade, ação and canal: a cell of its balance.

    `execucao` is what a ProcessoIniciado or a Campanha keeps to find all its lotes again.
    """

    execucao = models.UUIDField("execução")
    origem = models.CharField(max_length=20)
    canal = models.PositiveSmallIntegerField(choices=Canal)
    localidade = models.ForeignKey("cadastro.Localidade", on_delete=models.PROTECT, null=True, blank=True)
    acao = models.CharField("ação", max_length=60, blank=True)
    # Of the run, which made it: a comando of the collection counts its messages by it. Those of before have none.
    unidade = models.BigIntegerField(null=True, blank=True, editable=False)
    # Why its messages wait for no window of contact; as it was when they were made.
    isencao = models.CharField("isenção", max_length=12, choices=Isencao, blank=True, db_default="", editable=False)
    # The last results, the newest at the end: "r" for what the destination refused, "a" for what was accepted.
    ultimas = models.CharField("últimos resultados", max_length=1000, blank=True, db_default="", editable=False)
    pausado_em = models.DateTimeField("pausado em", null=True, blank=True, editable=False)
    motivo_pausa = models.CharField("motivo da pausa", max_length=200, blank=True, db_default="", editable=False)
    criado_em = models.DateTimeField("criado em", auto_now_add=True, db_default=models.functions.Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["execucao", "origem", "canal", "localidade", "acao", "unidade"],
                name="lote_celula_unica",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(fields=["pausado_em"], name="lote_pausado", condition=Q(pausado_em__isnull=False)),
            models.Index(fields=["origem", "unidade"], name="lote_da_unidade"),
        ]

    def __str__(self):
        onde = f"localidade {self.localidade_id}" if self.localidade_id else ""
        return ", ".join(filter(None, [nome_da_origem(self.origem), self.get_canal_display(), onde, self.acao]))


class LoteContagem(models.Model):
    """How many messages of a lote are in each state. The trigger of 0002_livro keeps it; nothing else writes it."""

    lote = models.ForeignKey(Lote, on_delete=models.CASCADE, related_name="contagens")
    estado = models.PositiveSmallIntegerField(choices=Estado)
    quantidade = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "contagem do lote"
        verbose_name_plural = "contagens dos lotes"
        constraints = [
            models.UniqueConstraint(fields=["lote", "estado"], name="contagem_unica"),
        ]

    def __str__(self):
        return f"Lote {self.lote_id}, {self.get_estado_display()}: {self.quantidade}"


class Reserva(DoServico):
    """A block of messages that one turn holds; its number is the fence that every later write about them must carry.

    `ordem` is the order in which they leave on the turn's one connection. `maquina` owns the journal `diario`, which
    says what became of them when the turn dies (`mensageria.recuperacao`).
    """

    vaga = models.PositiveSmallIntegerField()
    maquina = models.UUIDField("máquina")
    diario = models.CharField("diário", max_length=60)
    sessao = models.CharField("sessão da trava", max_length=60)  # process and start of the PostgreSQL backend
    ordem = ArrayField(models.BigIntegerField())
    criada_em = models.DateTimeField("criada em")
    ate = models.DateTimeField("até")
    encerrada_em = models.DateTimeField("encerrada em", null=True, blank=True)
    perdida = models.BooleanField(default=False)  # given up by another machine

    class Meta(DoServico.Meta):
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["ate"], name="reserva_aberta", condition=Q(encerrada_em=None)),
            models.Index(fields=["diario"], name="reserva_do_diario"),
        ]

    def __str__(self):
        return f"Reserva {self.pk} de {self.servico}"


# Nobody else has seen the Message-ID of an e-mail that never left; receipts speak of any SMS.
COM_ID_EXTERNO = ~Q(id_externo="") & (
    Q(canal=Canal.SMS) | ~Q(estado__in=(Estado.PENDENTE, Estado.EM_ENVIO)) | Q(tentativas__gt=0)
)


class MensagemQuerySet(models.QuerySet):
    def da_execucao(self, execucao):
        """By the ids of its few lotes, which an index on them answers better than a join."""
        return self.filter(lote__in=list(Lote.objects.filter(execucao=execucao).values_list("pk", flat=True)))

    def devidas(self, agora: datetime):
        """Pending, with their moment come and their limit not past."""
        return self.filter(estado=Estado.PENDENTE, proxima_tentativa_em__lte=agora, expira_em__gt=agora)

    def programadas(self, agora: datetime):
        """Pending for a later local day."""
        return self.filter(estado=Estado.PENDENTE, enviar_apos__gte=amanha(agora))

    def de_hoje_ou_antes(self, agora: datetime):
        """Pending, and not programmed."""
        return self.filter(estado=Estado.PENDENTE, enviar_apos__lt=amanha(agora))


class Mensagem(models.Model):
    """One message to one customer about one fact, for ever: `chave` says which.

    Each of its rows is written three times on its way, and each time in every index that has it: only what a query
    needs is indexed (docs/desempenho.md). A foreign key without one costs the rare deletion of whom it points to.
    """

    # Its index is mensagem_celula, below.
    lote = models.ForeignKey(Lote, on_delete=models.PROTECT, related_name="mensagens", db_index=False)
    chave = models.CharField(max_length=80)
    canal = models.PositiveSmallIntegerField(choices=Canal)
    origem = models.CharField(max_length=20)
    objeto_id = models.BigIntegerField("objeto")
    versao_objeto = models.CharField("versão do objeto", max_length=40, blank=True)
    cliente = models.ForeignKey("cadastro.Cliente", on_delete=models.PROTECT, null=True, blank=True)
    remetente = models.ForeignKey(Remetente, on_delete=models.PROTECT, null=True, blank=True, db_index=False)
    gateway = models.ForeignKey(GatewaySMS, on_delete=models.PROTECT, null=True, blank=True, db_index=False)
    destino = models.CharField(max_length=254)
    texto = models.ForeignKey(VersaoTexto, on_delete=models.PROTECT, db_index=False)
    # Of its context, what others have too, and what only it has (`mensageria.moldes`). Who reads them wants `contexto`.
    # Without a constraint, which would be checked at each claim: moldes are never erased.
    molde = models.ForeignKey(
        "Molde", on_delete=models.PROTECT, null=True, blank=True, editable=False, db_index=False, db_constraint=False
    )
    proprio = models.JSONField(null=True, blank=True, editable=False, db_column="contexto")
    enviar_apos = models.DateTimeField("enviar após")
    expira_em = models.DateTimeField("expira em")
    prioridade = models.SmallIntegerField(default=0)
    estado = models.PositiveSmallIntegerField(choices=Estado, default=Estado.PENDENTE, db_default=Estado.PENDENTE)
    motivo = models.CharField(max_length=300, blank=True, db_default="")
    tentativas = models.PositiveSmallIntegerField(default=0, db_default=0)
    tentativas_maximas = models.PositiveSmallIntegerField("número máximo de tentativas", default=1)
    proxima_tentativa_em = models.DateTimeField("próxima tentativa em")
    # The Reserva that holds it. An uncertain message keeps it: a journal that is found later speaks by that number.
    reserva = models.ForeignKey(
        Reserva,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        editable=False,
        db_constraint=False,
        db_index=False,
        related_name="mensagens",
    )
    # Written at each claim, by whoever has just read it: asking the database again costs as much as an index.
    servico = models.ForeignKey(
        ServicoEmail,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name="serviço",
        db_index=False,
        db_constraint=False,
    )
    id_externo = models.CharField("identificação externa", max_length=120, blank=True, db_default="")
    codigo_retorno = models.CharField("código de retorno", max_length=20, blank=True, db_default="")
    pedido_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    pedido_motivo = models.CharField("motivo do reenvio", max_length=200, blank=True, db_default="")
    criado_em = models.DateTimeField("criado em", auto_now_add=True, db_default=models.functions.Now())
    enviada_em = models.DateTimeField("enviada em", null=True, blank=True)

    objects = MensagemQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mensagens"
        ordering = ["-id"]
        permissions = [("emitir_dossie", "Pode emitir o dossiê de uma mensagem")]
        indexes = [
            models.Index(
                fields=["remetente", "origem", "-prioridade", "proxima_tentativa_em"],
                name="mensagem_fila_email",
                condition=Q(estado=Estado.PENDENTE, canal=Canal.EMAIL),
            ),
            models.Index(
                fields=["gateway", "origem", "-prioridade", "proxima_tentativa_em"],
                name="mensagem_fila_sms",
                condition=Q(estado=Estado.PENDENTE, canal=Canal.SMS),
            ),
            models.Index(fields=["expira_em"], name="mensagem_prazo", condition=Q(estado=Estado.PENDENTE)),
            models.Index(
                fields=["lote", "enviar_apos"],
                name="mensagem_por_terminar",
                condition=Q(estado__in=(Estado.PENDENTE, Estado.EM_ENVIO)),
            ),
            models.Index(fields=["reserva"], name="mensagem_em_envio", condition=Q(estado=Estado.EM_ENVIO)),
            models.Index(fields=["origem", "id"], name="mensagem_incerta", condition=Q(estado=Estado.INCERTA)),
            models.Index(
                fields=["gateway", "enviada_em"],
                name="mensagem_sms_enviada",
                condition=Q(estado=Estado.ENVIADA, canal=Canal.SMS),
            ),
            models.Index(fields=["id_externo"], name="mensagem_id_externo", condition=COM_ID_EXTERNO),
            models.Index(fields=["origem", "objeto_id"], name="mensagem_objeto"),
            models.Index(fields=["lote", "estado", "id"], name="mensagem_celula"),
        ]
        constraints = [
            # Not unique=True, which would make a second index, for LIKE, as large as the rest.
            models.UniqueConstraint(fields=["chave"], name="mensagem_chave"),
            models.CheckConstraint(
                condition=Q(canal=Canal.EMAIL, remetente__isnull=False) | Q(canal=Canal.SMS, gateway__isnull=False),
                name="mensagem_tem_por_onde_sair",
            ),
            models.CheckConstraint(condition=~Q(destino=""), name="mensagem_tem_destino"),
            models.CheckConstraint(
                condition=Q(tentativas__lte=F("tentativas_maximas")), name="mensagem_tentativas_ate_o_maximo"
            ),
            models.CheckConstraint(
                condition=Q(estado=Estado.EM_ENVIO, reserva__isnull=False)
                | Q(estado=Estado.INCERTA)
                | (~Q(estado=Estado.EM_ENVIO) & Q(reserva__isnull=True)),
                name="mensagem_reserva_so_em_envio",
            ),
        ]

    def __str__(self):
        return f"{self.get_canal_display()} para {self.destino}"

    @property
    def contexto(self) -> dict | None:
        """All that it is composed from (`mensageria.composicao`); None while it was not."""
        return self.proprio if self.molde_id is None else moldes.juntar(self.molde.comum, self.proprio)

    @contexto.setter
    def contexto(self, inteiro: dict | None) -> None:
        self.molde, self.proprio = None, inteiro


class TentativaEnvio(EscritoUmaVez):
    """One attempt: through what, when, what the server said, and the SHA-256 of what left. Append-only."""

    # Its index is that of tentativa_da_reserva, below. It is written with its message, in the same statement; and a
    # message that goes to an archive leaves it behind (docs/arquitetura.md).
    mensagem = models.ForeignKey(
        Mensagem, on_delete=models.PROTECT, related_name="envios", db_index=False, db_constraint=False
    )
    numero = models.PositiveSmallIntegerField("número")
    servico = models.CharField("serviço", max_length=60)
    destino = models.CharField(max_length=254)
    momento = models.DateTimeField()
    reserva = models.BigIntegerField(null=True, blank=True, editable=False)  # under which it left
    duracao_ms = models.PositiveIntegerField("duração (ms)", default=0)
    classe = models.CharField(max_length=12, choices=Classe)
    codigo = models.CharField("código", max_length=20, blank=True)
    resposta = models.TextField(blank=True)
    resumo = models.CharField("SHA-256", max_length=64, blank=True)
    pedido_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    pedido_motivo = models.CharField("motivo do reenvio", max_length=200, blank=True)

    class Meta:
        verbose_name = "tentativa de envio"
        verbose_name_plural = "tentativas de envio"
        ordering = ["-id"]
        constraints = [
            # What a journal says may be applied again: it is written once.
            models.UniqueConstraint(fields=["mensagem", "reserva", "classe"], name="tentativa_da_reserva")
        ]

    def __str__(self):
        return f"{self.numero}ª tentativa: {self.get_classe_display()}"


class ReciboDeEntrega(EscritoUmaVez):
    """What an operator said of an SMS that it took, and when it was known here. Append-only; one for each change."""

    mensagem = models.ForeignKey(Mensagem, on_delete=models.PROTECT, related_name="recibos", db_constraint=False)
    momento = models.DateTimeField()
    situacao = models.CharField("situação", max_length=12)
    codigo = models.CharField("código", max_length=40, blank=True)
    texto = models.CharField(max_length=300, blank=True)
    id_externo = models.CharField("identificação externa", max_length=120, blank=True)

    class Meta:
        verbose_name = "recibo de entrega"
        verbose_name_plural = "recibos de entrega"
        ordering = ["-id"]

    def __str__(self):
        return f"{self.situacao} {self.codigo}".strip()


class NaoGerada(models.Model):
    """Who was left out of a run, and why: a row for each object (and canal, when only the canal was left out)."""

    execucao = models.UUIDField("execução")
    origem = models.CharField(max_length=20)
    unidade = models.BigIntegerField(help_text="código da unidade que o avaliou")
    objeto_id = models.BigIntegerField("objeto")
    canal = models.PositiveSmallIntegerField(choices=Canal, null=True, blank=True)
    localidade = models.ForeignKey(
        "cadastro.Localidade", on_delete=models.PROTECT, null=True, blank=True, db_index=False, db_constraint=False
    )
    motivo = models.CharField(max_length=30)

    class Meta:
        verbose_name = "não gerada"
        verbose_name_plural = "não geradas"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["execucao", "origem", "unidade"], name="nao_gerada_unidade"),
            # Counts the reasons of a run without reading its rows; many are equal, so it is small.
            models.Index(fields=["execucao", "origem", "motivo", "unidade", "canal"], name="nao_gerada_motivo"),
        ]

    def __str__(self):
        return f"{nome_da_origem(self.origem)} {self.objeto_id}: {palavras_de_nao_gerar(self.origem, self.motivo)}"
