import cadastro.campos
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The exact engine: reservations with a number, limits, quotas, policies, pauses and alerts."""

    dependencies = [
        ("cadastro", "0001_inicial"),
        ("mensageria", "0005_soltar_reservas"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Alerta",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tipo",
                    models.CharField(
                        choices=[
                            ("esgotado", "Limite de envios esgotado"),
                            ("lembrete", "Aguardando troca de serviço"),
                            ("cota", "Cota perto do fim"),
                            ("previsao", "A cota não chega ao fim do período"),
                            ("troca", "Serviço de e-mail alterado"),
                            ("circuito", "Serviço em falha"),
                            ("remetente", "Remetente recusado"),
                            ("pausa", "Lote pausado"),
                            ("diario", "Diário de envio sem espaço"),
                        ],
                        max_length=10,
                    ),
                ),
                ("chave", models.CharField(max_length=120, unique=True)),
                ("assunto", models.CharField(max_length=150)),
                ("titulo", models.CharField(max_length=150, verbose_name="título")),
                ("texto", models.TextField()),
                ("caminho", models.CharField(blank=True, max_length=200)),
                ("tambem_para", models.EmailField(blank=True, max_length=254, verbose_name="também para")),
                ("criado_em", models.DateTimeField(verbose_name="criado em")),
                ("resolvido_em", models.DateTimeField(blank=True, null=True, verbose_name="resolvido em")),
                ("enviado_em", models.DateTimeField(blank=True, null=True, verbose_name="enviado em")),
                ("enviado_por", models.CharField(blank=True, max_length=60, verbose_name="enviado por")),
                ("tentativas", models.PositiveSmallIntegerField(default=0)),
                (
                    "proxima_tentativa_em",
                    models.DateTimeField(blank=True, null=True, verbose_name="próxima tentativa em"),
                ),
                ("erro", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Consumo",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("inicio", models.DateField(verbose_name="início do período")),
                ("usado", models.PositiveIntegerField(default=0, verbose_name="usado pelo Avisa")),
                (
                    "ja_usado",
                    models.PositiveIntegerField(
                        default=0, help_text="o que saiu pelo serviço fora do Avisa", verbose_name="já usado neste mês"
                    ),
                ),
                (
                    "esgotado_em",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="esgotado em"),
                ),
                (
                    "esgotado_ate",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="esgotado até"),
                ),
                (
                    "palavras",
                    models.CharField(blank=True, editable=False, max_length=300, verbose_name="resposta do servidor"),
                ),
                ("aviso", models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="aviso dado (%)")),
                (
                    "previsao_avisada",
                    models.BooleanField(default=False, editable=False, verbose_name="previsão avisada"),
                ),
            ],
            options={
                "ordering": ["-inicio"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DestinatarioAlerta",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                ("ativo", models.BooleanField(default=True)),
            ],
            options={
                "verbose_name": "destinatário de alertas",
                "verbose_name_plural": "destinatários de alertas",
                "ordering": ["email"],
            },
        ),
        migrations.CreateModel(
            name="Reserva",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("vaga", models.PositiveSmallIntegerField()),
                ("maquina", models.UUIDField(verbose_name="máquina")),
                ("diario", models.CharField(max_length=60, verbose_name="diário")),
                ("sessao", models.CharField(max_length=60, verbose_name="sessão da trava")),
                ("ordem", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("criada_em", models.DateTimeField(verbose_name="criada em")),
                ("ate", models.DateTimeField(verbose_name="até")),
                ("encerrada_em", models.DateTimeField(blank=True, null=True, verbose_name="encerrada em")),
                ("perdida", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Ritmo",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("estado", models.JSONField(default=dict)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.RemoveConstraint(
            model_name="mensagem",
            name="mensagem_reserva_so_em_envio",
        ),
        migrations.RemoveIndex(
            model_name="mensagem",
            name="mensagem_fila_email",
        ),
        migrations.RemoveIndex(
            model_name="mensagem",
            name="mensagem_fila_sms",
        ),
        migrations.RemoveIndex(
            model_name="mensagem",
            name="mensagem_em_envio",
        ),
        migrations.RemoveField(
            model_name="mensagem",
            name="corpo_em",
        ),
        migrations.RemoveField(
            model_name="mensagem",
            name="reserva_ate",
        ),
        migrations.RemoveField(
            model_name="mensagem",
            name="reserva",
        ),
        migrations.AddField(
            model_name="gatewaysms",
            name="conexoes",
            field=models.PositiveSmallIntegerField(
                default=2,
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(200)],
                verbose_name="conexões simultâneas",
            ),
        ),
        migrations.AddField(
            model_name="gatewaysms",
            name="cota_mensal",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="vazio: sem cota",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="cota mensal",
            ),
        ),
        migrations.AddField(
            model_name="gatewaysms",
            name="dia_renovacao",
            field=models.PositiveSmallIntegerField(
                default=1,
                help_text="dia do mês em que a cota recomeça; nos meses mais curtos, o último",
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(31)],
                verbose_name="dia de renovação",
            ),
        ),
        migrations.AddField(
            model_name="gatewaysms",
            name="falhas_seguidas",
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="falhas seguidas"),
        ),
        migrations.AddField(
            model_name="gatewaysms",
            name="limite_dia",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="vazio: sem limite",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="limite por 24 horas",
            ),
        ),
        migrations.AddField(
            model_name="gatewaysms",
            name="limite_hora",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="vazio: sem limite",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="limite por hora",
            ),
        ),
        migrations.AddField(
            model_name="gatewaysms",
            name="limite_minuto",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="vazio: sem limite",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="limite por minuto",
            ),
        ),
        migrations.AddField(
            model_name="gatewaysms",
            name="limite_segundo",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="vazio: sem limite",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="limite por segundo",
            ),
        ),
        migrations.AddField(
            model_name="gatewaysms",
            name="segredo_retorno",
            field=cadastro.campos.SegredoField(
                blank=True,
                help_text="o que a operadora apresenta ao avisar; vazio: nenhum aviso é aceito",
                verbose_name="segredo dos retornos",
            ),
        ),
        migrations.AddField(
            model_name="lote",
            name="motivo_pausa",
            field=models.CharField(
                blank=True, db_default="", editable=False, max_length=200, verbose_name="motivo da pausa"
            ),
        ),
        migrations.AddField(
            model_name="lote",
            name="pausado_em",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="pausado em"),
        ),
        migrations.AddField(
            model_name="lote",
            name="ultimas",
            field=models.CharField(
                blank=True, db_default="", editable=False, max_length=1000, verbose_name="últimos resultados"
            ),
        ),
        migrations.AddField(
            model_name="origemenvio",
            name="politica_incerta",
            field=models.CharField(
                choices=[
                    ("perguntar", "Perguntar ao operador"),
                    ("reenviar", "Reenviar"),
                    ("nao_reenviar", "Não reenviar"),
                ],
                default="perguntar",
                help_text="o que fazer com uma mensagem que pode ter saído sem que se saiba",
                max_length=12,
                verbose_name="mensagens incertas",
            ),
        ),
        migrations.AddField(
            model_name="origemenvio",
            name="recusas_em",
            field=models.PositiveSmallIntegerField(
                default=100,
                validators=[
                    django.core.validators.MinValueValidator(10),
                    django.core.validators.MaxValueValidator(1000),
                ],
                verbose_name="entre os últimos envios",
            ),
        ),
        migrations.AddField(
            model_name="origemenvio",
            name="recusas_maximas",
            field=models.PositiveSmallIntegerField(
                blank=True,
                default=50,
                help_text="parte dos últimos envios do lote que o destino recusou; vazio: nunca pausa",
                null=True,
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)],
                verbose_name="recusas que pausam o lote (%)",
            ),
        ),
        migrations.AddField(
            model_name="remetente",
            name="aguardando_desde",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="aguardando troca de serviço desde"
            ),
        ),
        migrations.AddField(
            model_name="remetente",
            name="em_espera_ate",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="em espera até"),
        ),
        migrations.AddField(
            model_name="remetente",
            name="motivo_espera",
            field=models.CharField(blank=True, editable=False, max_length=300, verbose_name="motivo da espera"),
        ),
        migrations.AddField(
            model_name="remetente",
            name="operacao",
            field=models.CharField(
                blank=True, help_text="vazio: o próprio nome", max_length=60, verbose_name="operação"
            ),
        ),
        migrations.AddField(
            model_name="remetente",
            name="rotacao_automatica",
            field=models.BooleanField(
                default=True,
                help_text="esgotado o serviço, o próximo da ordem assume",
                verbose_name="rotação automática",
            ),
        ),
        migrations.AddField(
            model_name="servicoemail",
            name="conexoes",
            field=models.PositiveSmallIntegerField(
                default=2,
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(200)],
                verbose_name="conexões simultâneas",
            ),
        ),
        migrations.AddField(
            model_name="servicoemail",
            name="conexoes_por_dominio",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="vazio: sem limite",
                null=True,
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(200)],
                verbose_name="conexões por domínio de destino",
            ),
        ),
        migrations.AddField(
            model_name="servicoemail",
            name="cota_mensal",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="vazio: sem cota",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="cota mensal",
            ),
        ),
        migrations.AddField(
            model_name="servicoemail",
            name="dia_renovacao",
            field=models.PositiveSmallIntegerField(
                default=1,
                help_text="dia do mês em que a cota recomeça; nos meses mais curtos, o último",
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(31)],
                verbose_name="dia de renovação",
            ),
        ),
        migrations.AddField(
            model_name="servicoemail",
            name="falhas_seguidas",
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="falhas seguidas"),
        ),
        migrations.AddField(
            model_name="servicoemail",
            name="limite_dia",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="vazio: sem limite",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="limite por 24 horas",
            ),
        ),
        migrations.AddField(
            model_name="servicoemail",
            name="limite_hora",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="vazio: sem limite",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="limite por hora",
            ),
        ),
        migrations.AddField(
            model_name="servicoemail",
            name="limite_minuto",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="vazio: sem limite",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="limite por minuto",
            ),
        ),
        migrations.AddField(
            model_name="servicoemail",
            name="limite_segundo",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="vazio: sem limite",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="limite por segundo",
            ),
        ),
        migrations.AddField(
            model_name="servicoemail",
            name="remetentes_permitidos",
            field=models.TextField(
                blank=True,
                help_text="e-mails (ana@exemplo.com.br) ou domínios (@exemplo.com.br), um por linha; vazio: todos",
                verbose_name="remetentes permitidos",
            ),
        ),
        migrations.AddField(
            model_name="tentativaenvio",
            name="reserva",
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="servicoemail",
            name="ordem",
            field=models.PositiveSmallIntegerField(default=1, help_text="ordem do rodízio; pode ter lacunas"),
        ),
        migrations.AlterField(
            model_name="servicoemail",
            name="uso_interno",
            field=models.BooleanField(
                default=False, help_text="por ele saem os alertas; o rodízio não o escolhe", verbose_name="uso interno"
            ),
        ),
        migrations.AddIndex(
            model_name="lote",
            index=models.Index(
                condition=models.Q(("pausado_em__isnull", False)), fields=["pausado_em"], name="lote_pausado"
            ),
        ),
        migrations.AddConstraint(
            model_name="tentativaenvio",
            constraint=models.UniqueConstraint(fields=("mensagem", "reserva", "classe"), name="tentativa_da_reserva"),
        ),
        migrations.AddField(
            model_name="alerta",
            name="gateway",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="alertas",
                to="mensageria.gatewaysms",
            ),
        ),
        migrations.AddField(
            model_name="alerta",
            name="remetente",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="alertas",
                to="mensageria.remetente",
            ),
        ),
        migrations.AddField(
            model_name="alerta",
            name="servico_email",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="alertas",
                to="mensageria.servicoemail",
                verbose_name="serviço",
            ),
        ),
        migrations.AddField(
            model_name="consumo",
            name="gateway",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="mensageria.gatewaysms",
            ),
        ),
        migrations.AddField(
            model_name="consumo",
            name="servico_email",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="mensageria.servicoemail",
                verbose_name="serviço",
            ),
        ),
        migrations.AddField(
            model_name="destinatarioalerta",
            name="remetente",
            field=models.ForeignKey(
                blank=True,
                help_text="vazio: os alertas de todos",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to="mensageria.remetente",
            ),
        ),
        migrations.AddField(
            model_name="reserva",
            name="gateway",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="mensageria.gatewaysms",
            ),
        ),
        migrations.AddField(
            model_name="reserva",
            name="servico_email",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="mensageria.servicoemail",
                verbose_name="serviço",
            ),
        ),
        migrations.AddField(
            model_name="mensagem",
            name="reserva",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="mensagens",
                to="mensageria.reserva",
            ),
        ),
        migrations.AddIndex(
            model_name="mensagem",
            index=models.Index(
                condition=models.Q(("canal", 2), ("estado", 1)),
                fields=["remetente", "origem", "-prioridade", "proxima_tentativa_em"],
                name="mensagem_fila_email",
            ),
        ),
        migrations.AddIndex(
            model_name="mensagem",
            index=models.Index(
                condition=models.Q(("canal", 1), ("estado", 1)),
                fields=["gateway", "origem", "-prioridade", "proxima_tentativa_em"],
                name="mensagem_fila_sms",
            ),
        ),
        migrations.AddIndex(
            model_name="mensagem",
            index=models.Index(condition=models.Q(("estado", 2)), fields=["reserva"], name="mensagem_em_envio"),
        ),
        migrations.AddIndex(
            model_name="mensagem",
            index=models.Index(condition=models.Q(("estado", 7)), fields=["origem", "id"], name="mensagem_incerta"),
        ),
        migrations.AddConstraint(
            model_name="mensagem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("estado", 2), ("reserva__isnull", False)),
                    ("estado", 7),
                    models.Q(models.Q(("estado", 2), _negated=True), ("reserva__isnull", True)),
                    _connector="OR",
                ),
                name="mensagem_reserva_so_em_envio",
            ),
        ),
        migrations.AddField(
            model_name="ritmo",
            name="gateway",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="mensageria.gatewaysms",
            ),
        ),
        migrations.AddField(
            model_name="ritmo",
            name="servico_email",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="mensageria.servicoemail",
                verbose_name="serviço",
            ),
        ),
        migrations.AddIndex(
            model_name="alerta",
            index=models.Index(
                condition=models.Q(("enviado_em", None)), fields=["proxima_tentativa_em"], name="alerta_a_enviar"
            ),
        ),
        migrations.AddIndex(
            model_name="alerta",
            index=models.Index(condition=models.Q(("resolvido_em", None)), fields=["criado_em"], name="alerta_aberto"),
        ),
        migrations.AddConstraint(
            model_name="consumo",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("gateway__isnull", True), ("servico_email__isnull", False)),
                    models.Q(("gateway__isnull", False), ("servico_email__isnull", True)),
                    _connector="OR",
                ),
                name="consumo_de_um_servico",
            ),
        ),
        migrations.AddConstraint(
            model_name="consumo",
            constraint=models.UniqueConstraint(
                fields=("servico_email", "gateway", "inicio"), name="consumo_do_periodo", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="destinatarioalerta",
            constraint=models.UniqueConstraint(
                fields=("email", "remetente"), name="destinatario_unico", nulls_distinct=False
            ),
        ),
        migrations.AddIndex(
            model_name="reserva",
            index=models.Index(condition=models.Q(("encerrada_em", None)), fields=["ate"], name="reserva_aberta"),
        ),
        migrations.AddIndex(
            model_name="reserva",
            index=models.Index(fields=["diario"], name="reserva_do_diario"),
        ),
        migrations.AddConstraint(
            model_name="reserva",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("gateway__isnull", True), ("servico_email__isnull", False)),
                    models.Q(("gateway__isnull", False), ("servico_email__isnull", True)),
                    _connector="OR",
                ),
                name="reserva_de_um_servico",
            ),
        ),
        migrations.AddConstraint(
            model_name="ritmo",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("gateway__isnull", True), ("servico_email__isnull", False)),
                    models.Q(("gateway__isnull", False), ("servico_email__isnull", True)),
                    _connector="OR",
                ),
                name="ritmo_de_um_servico",
            ),
        ),
        migrations.AddConstraint(
            model_name="ritmo",
            constraint=models.UniqueConstraint(
                fields=("servico_email", "gateway"), name="ritmo_unico", nulls_distinct=False
            ),
        ),
    ]
