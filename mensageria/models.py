"""The outbox: what is to be sent, through what, and what became of it. This app knows no conta and no campaign."""

import hashlib
import json
from collections.abc import Collection
from datetime import datetime, time, timedelta
from operator import itemgetter
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.utils import timezone

from cadastro.campos import SegredoField, SegredoPerdido
from mensageria import fontes, moldes, ritmo
from mensageria.estados import Classe, Estado, PoliticaIncerta
from mensageria.janela import DIAS, FERIADO, FIM_DO_DIA, horas_em_palavras
from mensageria.palavras import nome_da_origem, palavras_de_nao_gerar
from mensageria.ritmo import Limites


class Canal(models.IntegerChoices):
    SMS = 1, "SMS"
    EMAIL = 2, "E-mail"


class Imutavel(Exception):
    """The row is part of what was sent and is never rewritten."""


class EscritoUmaVez(models.Model):
    """What is inserted, and from then on neither changed nor removed. Raises Imutavel."""

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise Imutavel(f"Não se altera: {self._meta.verbose_name}.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise Imutavel(f"Não se apaga: {self._meta.verbose_name}.")


def inicio_do_dia(dia) -> datetime:
    """00:00 of that day in TIME_ZONE, as an aware moment."""
    return timezone.make_aware(datetime.combine(dia, time.min))


def amanha(agora: datetime) -> datetime:
    """When the next local day begins."""
    return inicio_do_dia(timezone.localdate(agora) + timedelta(days=1))


class ServicoQuerySet(models.QuerySet):
    def disponiveis(self, agora: datetime):
        return self.filter(Q(em_espera_ate=None) | Q(em_espera_ate__lte=agora), ativo=True)


def _limite(por: str):
    return models.PositiveIntegerField(
        f"limite por {por}", null=True, blank=True, validators=[MinValueValidator(1)], help_text="vazio: sem limite"
    )


class Servico(models.Model):
    """What ServicoEmail and GatewaySMS share: a switch, limits, a quota, and the rest after a fault of its own.

    Limits and quota hold for the service, whatever the number of workers. `falhas_seguidas` and `em_espera_ate` are its
    circuit breaker (`mensageria.circuito`).
    """

    nome = models.CharField(max_length=60, unique=True)
    ativo = models.BooleanField(default=True)
    conexoes = models.PositiveSmallIntegerField(
        "conexões simultâneas", default=2, validators=[MinValueValidator(1), MaxValueValidator(200)]
    )
    limite_segundo = _limite("segundo")
    limite_minuto = _limite("minuto")
    limite_hora = _limite("hora")
    limite_dia = _limite("24 horas")
    cota_mensal = models.PositiveIntegerField(
        "cota mensal", null=True, blank=True, validators=[MinValueValidator(1)], help_text="vazio: sem cota"
    )
    dia_renovacao = models.PositiveSmallIntegerField(
        "dia de renovação",
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text="dia do mês em que a cota recomeça; nos meses mais curtos, o último",
    )
    prazo = models.PositiveSmallIntegerField(
        "prazo de resposta (s)", default=30, validators=[MinValueValidator(1), MaxValueValidator(300)]
    )
    falhas_seguidas = models.PositiveSmallIntegerField("falhas seguidas", default=0, editable=False)
    em_espera_ate = models.DateTimeField("em espera até", null=True, blank=True, editable=False)
    motivo_espera = models.CharField("motivo da espera", max_length=300, blank=True, editable=False)

    canal: "Canal"
    objects = ServicoQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["nome"]

    def __str__(self):
        return self.nome

    @property
    def limites(self) -> Limites:
        return Limites(self.limite_segundo, self.limite_minuto, self.limite_hora, self.limite_dia)


class ServicoEmail(Servico):
    class Seguranca(models.TextChoices):
        NENHUMA = "nenhuma", "Nenhuma"
        STARTTLS = "starttls", "STARTTLS"
        TLS = "tls", "TLS"

    canal = Canal.EMAIL
    host = models.CharField("host SMTP", max_length=253)
    porta = models.PositiveIntegerField(default=587, validators=[MinValueValidator(1), MaxValueValidator(65535)])
    seguranca = models.CharField("segurança", max_length=8, choices=Seguranca, default=Seguranca.STARTTLS)
    usuario = models.CharField("usuário", max_length=254, blank=True)
    senha = SegredoField(blank=True)
    mensagens_por_conexao = models.PositiveIntegerField(
        "mensagens por conexão", default=100, validators=[MinValueValidator(1)]
    )
    ordem = models.PositiveSmallIntegerField(default=1, help_text="ordem do rodízio; pode ter lacunas")
    uso_interno = models.BooleanField(
        "uso interno", default=False, help_text="por ele saem os alertas; o rodízio não o escolhe"
    )
    conexoes_por_dominio = models.PositiveSmallIntegerField(
        "conexões por domínio de destino",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(200)],
        help_text="vazio: sem limite",
    )
    remetentes_permitidos = models.TextField(
        "remetentes permitidos",
        blank=True,
        help_text="e-mails (ana@exemplo.com.br) ou domínios (@exemplo.com.br), um por linha; vazio: todos",
    )

    class Meta(Servico.Meta):
        ordering = ["ordem", "nome"]
        verbose_name = "serviço de e-mail"
        verbose_name_plural = "serviços de e-mail"

    def permite(self, remetente: str) -> bool:
        """Whether messages of that From address may leave through it."""
        permitidos = self.remetentes_permitidos.lower().split()
        endereco = remetente.lower()
        return not permitidos or endereco in permitidos or f"@{endereco.rpartition('@')[2]}" in permitidos


class GatewaySMS(Servico):
    class Adaptador(models.TextChoices):
        JSON = "json", "JSON genérico"
        ZENVIA = "zenvia", "Zenvia v2"

    canal = Canal.SMS
    adaptador = models.CharField(max_length=10, choices=Adaptador, default=Adaptador.JSON)
    url = models.URLField("URL", help_text="endereço base da API")
    credencial = SegredoField("credencial", blank=True, help_text="token ou chave da API")
    segredo_retorno = SegredoField(
        "segredo dos retornos",
        blank=True,
        help_text="o que a operadora apresenta ao avisar; vazio: nenhum aviso é aceito",
    )
    remetente = models.CharField("remetente", max_length=20, blank=True, help_text="como a operadora o conhece")
    configuracao = models.JSONField(
        "configuração",
        default=dict,
        blank=True,
        help_text="para o adaptador JSON: caminhos e nomes dos campos; vazio usa o padrão",
    )
    tentativas_maximas = models.PositiveSmallIntegerField(
        "número máximo de tentativas", default=3, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )

    class Meta(Servico.Meta):
        verbose_name = "gateway de SMS"
        verbose_name_plural = "gateways de SMS"


class DoServico(models.Model):
    """A row of one service, of e-mail or of SMS. `objects.do(servico)` finds its own."""

    class QuerySet(models.QuerySet):
        def do(self, servico: Servico):
            return self.filter(**self.model.chaves(servico))

    servico_email = models.ForeignKey(
        ServicoEmail, on_delete=models.CASCADE, null=True, blank=True, verbose_name="serviço", related_name="+"
    )
    gateway = models.ForeignKey(GatewaySMS, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    objects = QuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(servico_email__isnull=False, gateway__isnull=True)
                | Q(servico_email__isnull=True, gateway__isnull=False),
                name="%(class)s_de_um_servico",
            )
        ]

    @staticmethod
    def chaves(servico: Servico) -> dict:
        """The two keys that say whose row it is, for `filter` and `create`."""
        email = servico.canal == Canal.EMAIL
        return {"servico_email": servico if email else None, "gateway": None if email else servico}

    @property
    def servico(self) -> Servico:
        return self.servico_email or self.gateway


class RitmoQuerySet(DoServico.QuerySet):
    @transaction.atomic
    def pedir(self, servico: Servico, quantas: int, espera_maxima: float) -> ritmo.Saida:
        """Take up to `quantas` departures by the limits of the service; see `mensageria.ritmo.pedir`.

        What was taken counts as used, whatever becomes of whoever took it. The server's clock is everybody's.
        """
        coluna = "servico_email_id" if servico.canal == Canal.EMAIL else "gateway_id"
        tabela = Ritmo._meta.db_table
        with connection.cursor() as cursor:  # plain SQL, since it is asked before every message
            # Lost with the server, which takes longer than that to come back.
            cursor.execute("SET LOCAL synchronous_commit = off")
            cursor.execute(f"SELECT id, estado::text FROM {tabela} WHERE {coluna} = %s FOR UPDATE", [servico.pk])
            if (linha := cursor.fetchone()) is None:
                self.bulk_create([Ritmo(**Ritmo.chaves(servico))], ignore_conflicts=True)
                return self.pedir(servico, quantas, espera_maxima)
            estado, agora = json.loads(linha[1]), _relogio_do_servidor()
            saida = ritmo.pedir(estado, servico.limites, agora, quantas, espera_maxima)
            cursor.execute(f"UPDATE {tabela} SET estado = %s WHERE id = %s", [json.dumps(saida.estado), linha[0]])
        return saida

    def espera(self, servico: Servico) -> float:
        """Seconds until something may leave by the limits of the service; takes nothing."""
        if servico.limites == Limites():
            return 0
        linha = self.do(servico).first()
        if linha is None:
            return 0
        return ritmo.pedir(linha.estado, servico.limites, _relogio_do_servidor(), 1, 0).espera


def _relogio_do_servidor() -> float:
    """Seconds of the epoch, read now: once a row is locked it is later than whoever had it before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0])


class Ritmo(DoServico):
    """Where the rate limits of a service stand (`mensageria.ritmo`): shared by all workers, it survives them."""

    estado = models.JSONField(default=dict)

    objects = RitmoQuerySet.as_manager()

    class Meta(DoServico.Meta):
        constraints = [
            *DoServico.Meta.constraints,
            models.UniqueConstraint(fields=["servico_email", "gateway"], name="ritmo_unico", nulls_distinct=False),
        ]

    def __str__(self):
        return f"Ritmo de {self.servico}"


class Consumo(DoServico):
    """What a service has used of its quota in one period, from `inicio` to the next day of renewal.

    `usado` counts what was accepted and what is uncertain. What is reserved is counted from the messages in envio.
    """

    inicio = models.DateField("início do período")
    usado = models.PositiveIntegerField("usado pelo Avisa", default=0)
    ja_usado = models.PositiveIntegerField(
        "já usado neste mês", default=0, help_text="o que saiu pelo serviço fora do Avisa"
    )
    esgotado_em = models.DateTimeField("esgotado em", null=True, blank=True, editable=False)
    esgotado_ate = models.DateTimeField("esgotado até", null=True, blank=True, editable=False)
    palavras = models.CharField("resposta do servidor", max_length=300, blank=True, editable=False)
    aviso = models.PositiveSmallIntegerField("aviso dado (%)", default=0, editable=False)
    previsao_avisada = models.BooleanField("previsão avisada", default=False, editable=False)

    class Meta(DoServico.Meta):
        ordering = ["-inicio"]
        constraints = [
            *DoServico.Meta.constraints,
            models.UniqueConstraint(
                fields=["servico_email", "gateway", "inicio"], name="consumo_do_periodo", nulls_distinct=False
            ),
        ]

    def __str__(self):
        return f"{self.servico} desde {self.inicio:%d/%m/%Y}: {self.usado + self.ja_usado}"


class Remetente(models.Model):
    """A From address of an operation, its envelope sender, and the service that it leaves through now."""

    nome = models.CharField(max_length=60)
    operacao = models.CharField("operação", max_length=60, blank=True, help_text="vazio: o próprio nome")
    email = models.EmailField("e-mail", unique=True)
    envelope = models.EmailField("endereço de retorno", blank=True, help_text="vazio: o próprio e-mail")
    responder_para = models.EmailField("responder para", blank=True)
    servico = models.ForeignKey(
        ServicoEmail, on_delete=models.PROTECT, related_name="remetentes", verbose_name="serviço"
    )
    rotacao_automatica = models.BooleanField(
        "rotação automática", default=True, help_text="esgotado o serviço, o próximo da ordem assume"
    )
    aguardando_desde = models.DateTimeField("aguardando troca de serviço desde", null=True, blank=True, editable=False)
    em_espera_ate = models.DateTimeField("em espera até", null=True, blank=True, editable=False)
    motivo_espera = models.CharField("motivo da espera", max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["nome"]

    def __str__(self):
        return f"{self.nome} <{self.email}>"

    @property
    def nome_da_operacao(self) -> str:
        return self.operacao or self.nome


class OrigemEnvio(models.Model):
    """Through what the messages of each origin leave: its Remetente and its SMS gateway."""

    origem = models.CharField(max_length=20, primary_key=True)
    descricao = models.CharField("descrição", max_length=60)
    remetente = models.ForeignKey(Remetente, on_delete=models.PROTECT, null=True, blank=True)
    gateway = models.ForeignKey(
        GatewaySMS, on_delete=models.PROTECT, null=True, blank=True, verbose_name="gateway de SMS"
    )
    politica_incerta = models.CharField(
        "mensagens incertas",
        max_length=12,
        choices=PoliticaIncerta,
        default=PoliticaIncerta.PERGUNTAR,
        help_text="o que fazer com uma mensagem que pode ter saído sem que se saiba",
    )
    recusas_maximas = models.PositiveSmallIntegerField(
        "recusas que pausam o lote (%)",
        null=True,
        blank=True,
        default=50,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="parte dos últimos envios do lote que o destino recusou; vazio: nunca pausa",
    )
    recusas_em = models.PositiveSmallIntegerField(
        "entre os últimos envios", default=100, validators=[MinValueValidator(10), MaxValueValidator(1000)]
    )

    class Meta:
        verbose_name = "origem de envio"
        verbose_name_plural = "origens de envio"
        ordering = ["origem"]

    def __str__(self):
        return self.descricao

    def servico(self, canal: Canal) -> Servico | None:
        """Through what a channel leaves now; needs gateway and remetente__servico loaded."""
        if canal == Canal.SMS:
            return self.gateway
        return self.remetente.servico if self.remetente else None

    def clean(self):
        if self.origem not in fontes.origens():
            conhecidas = ", ".join(fontes.origens())
            raise ValidationError({"origem": f"Origem desconhecida; as que existem são: {conhecidas}."})


class VersaoTextoManager(models.Manager):
    def da(self, canal: Canal, corpo: str, *, assunto: str = "", transliterar: bool = True) -> "VersaoTexto":
        """The version that holds exactly this text, made when it is new."""
        resumo = VersaoTexto.calcular_resumo(canal, assunto, corpo, transliterar)
        return self.get_or_create(
            resumo=resumo,
            defaults={"canal": canal, "assunto": assunto, "corpo": corpo, "transliterar": transliterar},
        )[0]


class VersaoTexto(EscritoUmaVez):
    """A text as it is sent. Found by its content and never changed, so an old message can always be rendered again."""

    canal = models.PositiveSmallIntegerField(choices=Canal)
    assunto = models.CharField(max_length=150, blank=True)
    corpo = models.TextField()
    transliterar = models.BooleanField(default=True, help_text="troca o que o alfabeto do SMS não tem")
    resumo = models.CharField(max_length=64, unique=True, editable=False)
    criado_em = models.DateTimeField("criado em", auto_now_add=True)

    objects = VersaoTextoManager()

    class Meta:
        verbose_name = "versão de texto"
        verbose_name_plural = "versões de texto"
        ordering = ["-id"]

    def __str__(self):
        return f"{self.get_canal_display()} nº {self.pk}"

    @staticmethod
    def calcular_resumo(canal: int, assunto: str, corpo: str, transliterar: bool) -> str:
        partes = "\x1f".join([str(int(canal)), assunto, corpo, str(int(transliterar))])
        return hashlib.sha256(partes.encode()).hexdigest()

    def save(self, *args, **kwargs):
        self.resumo = self.calcular_resumo(self.canal, self.assunto, self.corpo, self.transliterar)
        super().save(*args, **kwargs)


class MoldeManager(models.Manager):
    def dos(self, comuns: Collection[bytes]) -> dict[bytes, UUID]:
        """The Molde that holds each, written where it is new."""
        ids = {comum: Molde.calcular_id(comum) for comum in comuns}
        # Always in one order: two who write the same ones must not wait for each other.
        novos = [self.model(id=id_, comum=json.loads(comum)) for comum, id_ in sorted(ids.items(), key=itemgetter(1))]
        self.bulk_create(novos, ignore_conflicts=True)
        return ids


class Molde(EscritoUmaVez):
    """What the contexts of many messages have in common. Found by its content, and never changed, as a VersaoTexto."""

    id = models.UUIDField(primary_key=True, editable=False)
    comum = models.JSONField()
    criado_em = models.DateTimeField("criado em", auto_now_add=True)

    objects = MoldeManager()

    def __str__(self):
        return str(self.pk)

    @staticmethod
    def calcular_id(comum: bytes) -> UUID:
        return UUID(bytes=hashlib.sha256(comum).digest()[:16])


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


class AnexoManager(models.Manager):
    def guardar(self, conteudo: bytes, *, nome: str, tipo: str) -> "Anexo":
        """The one with exactly these bytes, made when they are new."""
        resumo = hashlib.sha256(conteudo).hexdigest()
        return self.get_or_create(resumo=resumo, defaults={"nome": nome, "tipo": tipo, "conteudo": conteudo})[0]


class Anexo(models.Model):
    """A file that goes with messages. Found by its content and never changed: what was sent can be made again."""

    resumo = models.CharField("SHA-256", max_length=64, primary_key=True)
    nome = models.CharField(max_length=120)
    tipo = models.CharField(max_length=60)
    conteudo = models.BinaryField("conteúdo")
    criado_em = models.DateTimeField("criado em", auto_now_add=True)

    objects = AnexoManager()

    class Meta:
        ordering = ["-criado_em"]

    def __str__(self):
        return self.nome

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise Imutavel("Um anexo não se altera; guarde outro.")
        super().save(*args, **kwargs)


class Supressao(models.Model):
    """An address that asked for no more messages of a kind (`Fonte.assunto`), or of any ("")."""

    email = models.CharField("e-mail", max_length=254)  # lower case
    assunto = models.CharField(max_length=20, blank=True)
    motivo = models.CharField(max_length=200)
    mensagem_id = models.BigIntegerField("mensagem", null=True, blank=True)  # from which it was asked
    criado_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    criado_em = models.DateTimeField("criado em", auto_now_add=True)

    class Meta:
        verbose_name = "supressão"
        verbose_name_plural = "supressões"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["email", "assunto"], name="supressao_unica")]

    def __str__(self):
        return self.email

    def save(self, *args, **kwargs):
        self.email = self.email.lower()
        super().save(*args, **kwargs)


class Alerta(models.Model):
    """Something that people must know: it stands on the Painel until it is over, and goes out by e-mail.

    `chave` names the event, so that it is told once, whoever sees it first.
    """

    class Tipo(models.TextChoices):
        ESGOTADO = "esgotado", "Limite de envios esgotado"
        LEMBRETE = "lembrete", "Aguardando troca de serviço"
        COTA = "cota", "Cota perto do fim"
        PREVISAO = "previsao", "A cota não chega ao fim do período"
        TROCA = "troca", "Serviço de e-mail alterado"
        CIRCUITO = "circuito", "Serviço em falha"
        REMETENTE = "remetente", "Remetente recusado"
        PAUSA = "pausa", "Lote pausado"
        DIARIO = "diario", "Diário de envio sem espaço"
        PROCESSO = "processo", "Processo não concluído"
        FIM = "fim", "Processo concluído"

    tipo = models.CharField(max_length=10, choices=Tipo)
    chave = models.CharField(max_length=120, unique=True)
    servico_email = models.ForeignKey(
        ServicoEmail, on_delete=models.CASCADE, null=True, blank=True, verbose_name="serviço", related_name="alertas"
    )
    gateway = models.ForeignKey(GatewaySMS, on_delete=models.CASCADE, null=True, blank=True, related_name="alertas")
    remetente = models.ForeignKey(Remetente, on_delete=models.CASCADE, null=True, blank=True, related_name="alertas")
    assunto = models.CharField(max_length=150)
    titulo = models.CharField("título", max_length=150)
    # Paragraphs; what stands between ** is bold.
    texto = models.TextField()
    caminho = models.CharField(max_length=200, blank=True)  # of the page that it leads to
    tambem_para = models.EmailField("também para", blank=True)  # who made the change
    criado_em = models.DateTimeField("criado em")
    resolvido_em = models.DateTimeField("resolvido em", null=True, blank=True)
    enviado_em = models.DateTimeField("enviado em", null=True, blank=True)
    enviado_por = models.CharField("enviado por", max_length=60, blank=True)
    tentativas = models.PositiveSmallIntegerField(default=0)
    proxima_tentativa_em = models.DateTimeField("próxima tentativa em", null=True, blank=True)
    erro = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["proxima_tentativa_em"], name="alerta_a_enviar", condition=Q(enviado_em=None)),
            models.Index(fields=["criado_em"], name="alerta_aberto", condition=Q(resolvido_em=None)),
        ]

    def __str__(self):
        return self.titulo


class DestinatarioAlerta(models.Model):
    """Who gets the alerts: of one remetente, or of all."""

    email = models.EmailField("e-mail")
    remetente = models.ForeignKey(
        Remetente, on_delete=models.CASCADE, null=True, blank=True, help_text="vazio: os alertas de todos"
    )
    ativo = models.BooleanField(default=True)

    class Meta:
        verbose_name = "destinatário de alertas"
        verbose_name_plural = "destinatários de alertas"
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(fields=["email", "remetente"], name="destinatario_unico", nulls_distinct=False)
        ]

    def __str__(self):
        return self.email


class ChavePerdida(Exception):
    """None of the CHAVES_DE_CIFRA opens the key that signs dossiers: another takes its place by somebody's word."""


class ChaveDeAssinaturaManager(models.Manager):
    def atual(self, agora: datetime) -> "ChaveDeAssinatura":
        """The one that signs, made when there is none; two who ask at once get the same."""
        achada = self.filter(em_uso=True).first()
        if achada is not None:
            return achada
        privada = Ed25519PrivateKey.generate()
        publica = privada.public_key().public_bytes_raw().hex()
        defaults = {"publica": publica, "privada": privada.private_bytes_raw().hex(), "criada_em": agora}
        return self.get_or_create(em_uso=True, defaults=defaults)[0]


class ChaveDeAssinatura(models.Model):
    """An Ed25519 key that signs dossiers. The private half is encrypted at rest; the public one stays for ever, so that
    what it signed can be checked after another took its place."""

    publica = models.CharField("chave pública", max_length=64, unique=True)  # hexadecimal, as the other
    privada = SegredoField("chave privada")
    criada_em = models.DateTimeField("criada em")
    em_uso = models.BooleanField("em uso", default=True)

    objects = ChaveDeAssinaturaManager()

    class Meta:
        verbose_name = "chave de assinatura"
        verbose_name_plural = "chaves de assinatura"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["em_uso"], condition=Q(em_uso=True), name="chave_de_assinatura_em_uso")
        ]

    def __str__(self):
        return self.impressao

    @property
    def impressao(self) -> str:
        """SHA-256 of the public key: what people compare."""
        return hashlib.sha256(bytes.fromhex(self.publica)).hexdigest()

    def assinar(self, dados: bytes) -> bytes:
        """Raises ChavePerdida."""
        if isinstance(self.privada, SegredoPerdido):
            raise ChavePerdida
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.privada)).sign(dados)


class JanelaContato(models.Model):
    """When messages of a channel may leave: those of one origin, or of all that have none of their own.

    Without a row they leave at any hour. A day that is absent from `horarios` is closed.
    """

    canal = models.PositiveSmallIntegerField(choices=Canal)
    origem = models.CharField(max_length=20, blank=True, help_text="vazia: todas")

    class Meta:
        verbose_name = "janela de contato"
        verbose_name_plural = "janelas de contato"
        ordering = ["canal", "origem"]
        constraints = [models.UniqueConstraint(fields=["canal", "origem"], name="janela_unica")]

    def __str__(self):
        return f"{self.get_canal_display()} de {nome_da_origem(self.origem) if self.origem else 'todas as origens'}"


class HorarioContato(models.Model):
    """The hours of one day of a window; until 00:00 is until the end of the day."""

    janela = models.ForeignKey(JanelaContato, on_delete=models.CASCADE, related_name="horarios")
    dia = models.PositiveSmallIntegerField(choices=list(enumerate(DIAS)))
    das = models.TimeField()
    ate = models.TimeField("até")

    class Meta:
        verbose_name = "horário de contato"
        verbose_name_plural = "horários de contato"
        ordering = ["janela", "dia"]
        constraints = [
            models.UniqueConstraint(fields=["janela", "dia"], name="horario_unico_no_dia"),
            models.CheckConstraint(condition=Q(das__lt=F("ate")) | Q(ate=FIM_DO_DIA), name="horario_no_mesmo_dia"),
            models.CheckConstraint(condition=Q(dia__lte=FERIADO), name="horario_dia_da_semana"),
        ]

    def __str__(self):
        return f"{self.get_dia_display()}, {horas_em_palavras((self.das, self.ate))}"


class FeriadoLocal(models.Model):
    """A holiday that is not national: of one localidade, of all of a município, or of every place."""

    data = models.DateField()
    descricao = models.CharField("descrição", max_length=60)
    localidade = models.ForeignKey("cadastro.Localidade", on_delete=models.PROTECT, null=True, blank=True)
    municipio = models.ForeignKey(
        "cadastro.Municipio", on_delete=models.PROTECT, null=True, blank=True, verbose_name="município"
    )

    class Meta:
        verbose_name = "feriado local"
        verbose_name_plural = "feriados locais"
        ordering = ["data", "descricao"]
        constraints = [
            models.UniqueConstraint(
                fields=["data", "localidade", "municipio"], name="feriado_unico", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(localidade__isnull=True) | Q(municipio__isnull=True), name="feriado_de_um_lugar"
            ),
        ]

    def __str__(self):
        return f"{self.data:%d/%m/%Y}, {self.descricao}"
