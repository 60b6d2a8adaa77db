"""The audit: whatever way a change comes, the database leaves who did it, from what to what."""

import pickle
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from batch import execucao
from batch.inicio import iniciar
from batch.models import UnidadeIniciada
from cadastro.importacao import importar
from cadastro.models import Cliente, ClienteFone, ParametroSistema
from cobranca.models import AcaoCobranca
from mensageria import rotacao
from mensageria.models import Remetente, ServicoEmail
from telas import auditoria, autoria, mudancas, registro, retencao
from telas.models import EntradaAuditoria
from tests.fabricas import novo_cliente, novo_parametro_sistema
from tests.mensageria.servicos import novo_servico

pytestmark = pytest.mark.django_db
Acao = EntradaAuditoria.Acao


class Novas:
    """The entries that come after it is made, oldest first."""

    def __init__(self):
        self._ultima = EntradaAuditoria.objects.order_by("-id").values_list("id", flat=True).first() or 0

    def __call__(self, modelo) -> list[EntradaAuditoria]:
        delas = EntradaAuditoria.objects.filter(pk__gt=self._ultima, modelo=modelo._meta.label_lower)
        return list(delas.order_by("id"))


def em_texto(entrada: EntradaAuditoria, *, cpf_inteiro: bool = True) -> list[tuple[str, str, str]]:
    (vista,) = mudancas.mostrar([entrada], cpf_inteiro=cpf_inteiro)
    return [(uma.campo, uma.de, uma.para) for linha in vista.linhas for uma in linha.mudancas]


# What is audited


def test_no_model_is_forgotten():
    """Each is audited or says why not, in the module `auditoria` of its app."""
    assert auditoria.esquecidos() == []
    assert not {um.modelo for um in auditoria.auditados()} & auditoria.isentos().keys()
    assert all(len(motivo) > 20 for motivo in auditoria.isentos().values())


def test_a_model_without_a_registration_is_seen(monkeypatch):
    monkeypatch.delitem(auditoria._auditados, Cliente)

    assert auditoria.esquecidos() == ["cadastro.Cliente"]


def test_every_audited_table_has_its_triggers_and_no_other_has():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger"
            " WHERE tgfoid = to_regproc('telas_auditar')::oid GROUP BY 1"
        )
        assert dict(cursor.fetchall()) == {um.tabela: 3 for um in auditoria.auditados()}


def test_triggers_follow_what_is_registered(monkeypatch, admin_user):
    monkeypatch.setitem(auditoria._auditados, Cliente, auditoria.Auditado(Cliente, fora=("nome_busca", "email")))
    monkeypatch.delitem(auditoria._auditados, ClienteFone)

    auditoria.sincronizar()

    cliente, novas = novo_cliente(), Novas()
    Cliente.objects.filter(pk=cliente.pk).update(email="outro@exemplo.com.br")
    ClienteFone.objects.create(cliente=cliente, tipo=1, ddd="84", numero="32223333")
    assert novas(Cliente) == novas(ClienteFone) == []


# What an entry says


def test_a_save_leaves_what_changed_and_nothing_else(admin_user):
    cliente = novo_cliente(nome="Ana Lima")
    novas = Novas()

    with autoria.em_nome_de(admin_user, "tela"):
        cliente.nome = "Ana Maria Lima"
        cliente.save()

    (uma,) = novas(Cliente)
    assert (uma.acao, uma.quantas, uma.quem, uma.usuario, uma.via) == (Acao.ALTERACAO, 1, "admin", admin_user, "tela")
    assert (uma.nome, uma.objetos) == ("Ana Maria Lima", [f"cadastro.cliente:{cliente.pk}"])
    assert em_texto(uma) == [("Nome", "Ana Lima", "Ana Maria Lima")]


def test_a_save_that_changes_nothing_leaves_nothing():
    cliente = novo_cliente()
    novas = Novas()

    cliente.save()
    Cliente.objects.filter(pk=cliente.pk).update(alterado_em=timezone.now())

    assert novas(Cliente) == []


def test_auditing_a_save_costs_no_query(django_assert_num_queries, admin_user):
    cliente = novo_cliente()

    with autoria.em_nome_de(admin_user), django_assert_num_queries(1):
        cliente.nome = "Outra"
        cliente.save()


def test_no_change_without_its_entry_and_no_entry_without_its_change():
    cliente, novas = novo_cliente(), Novas()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Cliente.objects.filter(pk=cliente.pk).update(nome="Outra")
        assert len(novas(Cliente)) == 1
        raise ZeroDivisionError

    assert novas(Cliente) == []


def test_an_update_of_many_leaves_one_entry_that_names_each():
    ana, rui, novas = novo_cliente(nome="Ana", email=""), novo_cliente(nome="Rui", email=""), Novas()

    Cliente.objects.filter(pk__in=[ana.pk, rui.pk]).update(email="casa@exemplo.com.br")

    (uma,) = novas(Cliente)
    (vista,) = mudancas.mostrar([uma], cpf_inteiro=True)
    assert uma.quantas == 2
    assert [(linha.nome, [m.para for m in linha.mudancas]) for linha in vista.linhas] == [
        ("Ana", ["casa@exemplo.com.br"]),
        ("Rui", ["casa@exemplo.com.br"]),
    ]


def test_of_more_than_fifty_rows_it_says_how_many_in_each_column():
    Cliente.objects.bulk_create(Cliente(nome=f"Cliente {n}", por_sms=n < 10) for n in range(60))
    novas = Novas()

    Cliente.objects.filter(nome__startswith="Cliente ").update(por_email=True, por_sms=True)

    (uma,) = novas(Cliente)
    (vista,) = mudancas.mostrar([uma], cpf_inteiro=True)
    assert (uma.quantas, uma.objetos, vista.linhas) == (60, [], [])
    assert {rotulo.lower(): n for rotulo, n in vista.colunas} == {"por e-mail": 60, "por sms": 50}


def test_sql_and_copy_leave_the_same_trace():
    cliente, novas = novo_cliente(), Novas()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cadastro_cliente SET nome = 'Por SQL' WHERE id = %s", [cliente.pk])
        cursor.copy_expert(
            "COPY cadastro_clientefone (cliente_id, tipo, ddd, numero, ramal, contato, principal, sms) FROM STDIN",
            StringIO(f"{cliente.pk}\t1\t84\t32223333\t\t\tf\tf\n{cliente.pk}\t1\t84\t32224444\t\t\tf\tf\n"),
        )

    assert [uma.acao for uma in novas(Cliente)] == [Acao.ALTERACAO]
    (fones,) = novas(ClienteFone)
    assert (fones.acao, fones.quantas, fones.quem) == (Acao.INCLUSAO, 2, "sistema")


def test_a_removal_keeps_what_went():
    cliente = novo_cliente(nome="Ana")
    fone = ClienteFone.objects.create(cliente=cliente, tipo=1, ddd="84", numero="32223333")
    numero, novas = fone.pk, Novas()

    fone.delete()

    (uma,) = novas(ClienteFone)
    assert (uma.acao, uma.nome) == (Acao.REMOCAO, "84 32223333")
    assert ("Cliente", f"Ana ({cliente.pk})", "") in em_texto(uma)
    assert set(uma.objetos) == {f"cadastro.clientefone:{numero}", f"cadastro.cliente:{cliente.pk}"}


def test_values_are_in_the_words_of_who_reads():
    parametro = novo_parametro_sistema()
    novas = Novas()
    parametro.ano_mes_faturamento, parametro.modulo_digito_verificador = 203001, 11
    parametro.save()
    (dos_parametros,) = novas(ParametroSistema)
    servico = novo_servico("smtp")
    remetente = Remetente.objects.create(nome="Claro", email="claro@exemplo.com.br", servico=servico)
    Remetente.objects.filter(pk=remetente.pk).update(servico=None, rotacao_automatica=False)

    assert {(campo, para) for campo, _, para in em_texto(dos_parametros)} == {
        ("Ano/mês de faturamento", "01/2030"),
        ("Módulo do dígito verificador", "11"),
    }
    do_remetente = {campo: (de, para) for campo, de, para in em_texto(novas(Remetente)[-1])}
    assert do_remetente["Rotação automática"] == ("Sim", "Não")
    assert (f"smtp ({servico.pk})", "") in do_remetente.values()


def test_money_keeps_its_cents():
    acao = AcaoCobranca._meta.get_field("criterio").related_model.objects.create(descricao="A", valor_minimo=10)
    novas = Novas()

    acao.valor_minimo = Decimal("1234.50")
    acao.save()

    assert em_texto(novas(type(acao))[0]) == [("Valor mínimo", "10,00", "1.234,50")]


def test_of_a_long_text_what_differs_is_shown():
    antes = "Prezado cliente, sua conta vence em {VENCTO} e o valor é {VALOR}. " * 3
    pedacos = list(mudancas.diferenca(antes, antes.replace("Prezado", "Caro", 1)))

    assert [(um.tipo, um.texto) for um in pedacos[:2]] == [("saiu", "Prezado"), ("entrou", "Caro")]
    assert pedacos[2].texto.endswith("…") and len(pedacos[2].texto) < 80


# Secrets and CPFs


def test_a_secret_never_enters_it(admin_user):
    novas = Novas()
    servico = novo_servico("smtp", senha="segredo-antigo")
    servico.senha = "segredo-novo"
    servico.save()
    servico.senha = ""
    servico.save()
    admin_user.set_password("outra-senha-qualquer")
    admin_user.save()

    do_servico, da_pessoa = novas(ServicoEmail), novas(User)
    assert [em_texto(uma)[-1][2] for uma in do_servico[1:]] == ["alterada", "apagada"]
    assert em_texto(da_pessoa[-1]) == [("Senha", "", "alterada")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, ' ') FROM telas_entradaauditoria AS e")
        (tudo,) = cursor.fetchone()
    assert "segredo-" not in tudo and "outra-senha" not in tudo
    assert "gAAAAA" not in tudo and "md5$" not in tudo


def test_a_secret_that_did_not_change_says_nothing():
    pk = novo_servico("smtp", senha="segredo").pk
    novas = Novas()

    servico = pickle.loads(pickle.dumps(ServicoEmail.objects.get(pk=pk)))
    servico.prazo = 17
    servico.save()

    assert em_texto(novas(ServicoEmail)[0]) == [("Prazo", *em_texto(novas(ServicoEmail)[0])[0][1:])]
    assert ServicoEmail.objects.get(pk=pk).senha == "segredo"


def test_an_old_key_gives_place_to_the_new_one_when_the_row_is_saved(settings):
    from cryptography.fernet import Fernet

    pk = novo_servico("smtp", senha="segredo").pk
    settings.CHAVES_DE_CIFRA = [Fernet.generate_key().decode(), *settings.CHAVES_DE_CIFRA]

    ServicoEmail.objects.get(pk=pk).save()

    settings.CHAVES_DE_CIFRA = settings.CHAVES_DE_CIFRA[:1]
    assert ServicoEmail.objects.get(pk=pk).senha == "segredo"


def test_a_cpf_is_masked_for_who_may_not_see_it():
    cliente, novas = novo_cliente(documento=None), Novas()
    cliente.documento = "52998224725"
    cliente.save()
    registro.registrar(None, cliente, "CPF 529.982.247-25 conferido.")

    (uma,) = novas(Cliente)
    assert em_texto(uma) == [("CPF/CNPJ", "", "529.982.247-25")]
    assert em_texto(uma, cpf_inteiro=False) == [("CPF/CNPJ", "", "***.982.247-**")]
    (vista,) = mudancas.mostrar([uma], cpf_inteiro=False)
    assert vista.mensagem == "CPF ***.982.247-** conferido."


# Who did it


def test_without_anybody_it_was_the_system():
    novas = Novas()

    novo_cliente()

    (uma,) = novas(Cliente)
    assert (uma.quem, uma.usuario, uma.via) == ("sistema", None, "")


def test_who_did_the_last_thing_did_not_do_the_next(admin_user):
    cliente, novas = novo_cliente(), Novas()

    with autoria.em_nome_de(admin_user):
        Cliente.objects.filter(pk=cliente.pk).update(nome="Um")
        with autoria.em_nome_de(None, "comando importar"):
            Cliente.objects.filter(pk=cliente.pk).update(nome="Dois")
        Cliente.objects.filter(pk=cliente.pk).update(nome="Três")
    Cliente.objects.filter(pk=cliente.pk).update(nome="Quatro")

    assert [(uma.quem, uma.via) for uma in novas(Cliente)] == [
        ("admin", ""),
        ("sistema", "comando importar"),
        ("admin", ""),
        ("sistema", ""),
    ]


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_the_name_lasts_as_long_as_the_statement(admin_user):
    with autoria.em_nome_de(admin_user):
        cliente = novo_cliente()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('avisa.autor', true)")
        assert cursor.fetchone()[0] in ("", None)

    assert EntradaAuditoria.objects.get(objetos=[f"cadastro.cliente:{cliente.pk}"]).quem == "admin"


def test_the_name_of_who_did_it_stays_when_he_is_gone(admin_user):
    pessoa = User.objects.create_user("maria")
    with autoria.em_nome_de(pessoa):
        novas = Novas()
        novo_cliente()

    pessoa.delete()

    assert novas(Cliente)[0].quem == "maria"


def test_what_comes_from_outside_says_nothing_to_the_database():
    assert str(autoria.Autor(nome="x', true); DROP TABLE a; --%s", via="a|b\\")) == "|x true) DROP TABLE a --s|ab"


def test_a_command_was_given_by_who_is_logged_in_on_the_server(monkeypatch):
    monkeypatch.setattr("sys.argv", ["./manage.py", "createsuperuser"])
    monkeypatch.setenv("LOGNAME", "operacao")
    monkeypatch.setattr(autoria, "_do_comando", autoria._quem_digitou())
    novas = Novas()

    call_command("createsuperuser", username="chefe", email="chefe@exemplo.com.br", interactive=False, verbosity=0)

    (uma,) = novas(User)
    assert (uma.quem, uma.via) == ("operacao (servidor)", "comando createsuperuser")
