"""Through what messages leave: services of e-mail and gateways, what they have used, senders and origins."""

import json
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models, transaction
from django.db.models import Q

from cadastro.campos import SegredoField
from mensageria import fontes, ritmo
from mensageria.estados import PoliticaIncerta
from mensageria.models.base import Canal
from mensageria.ritmo import Limites


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
