"""The audit: whatever way a change comes, the database leaves who did it, from what to what."""

import csv
import io
import pickle
import re
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from batch import execucao
from batch import registro as passos
from batch.inicio import iniciar
from batch.models import Processo
from cadastro.importacao import importar, registrados
from cadastro.models import Cliente, ClienteFone, ParametroSistema
from cobranca.models import CriterioCobranca
from mensageria import consumo, rotacao
from mensageria.models import Canal, Lote, Mensagem, Remetente, ServicoEmail
from telas import auditoria, autoria, mudancas, registro
from telas.models import EntradaAuditoria
from tests.fabricas import novo_cliente, novo_parametro_sistema
from tests.mensageria.apoio import nova_mensagem
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

    assert "cadastro.Cliente" in auditoria.esquecidos()


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
            io.StringIO(f"{cliente.pk}\t1\t84\t32223333\t\t\tf\tf\n{cliente.pk}\t1\t84\t32224444\t\t\tf\tf\n"),
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
    servico, outro = novo_servico(1), novo_servico(2)
    remetente = Remetente.objects.create(nome="Claro", email="claro@exemplo.com.br", servico=servico)
    Remetente.objects.filter(pk=remetente.pk).update(servico=outro, rotacao_automatica=False)

    assert {(campo, para) for campo, _, para in em_texto(dos_parametros)} == {
        ("Mês/Ano de Referência", "01/2030"),
        ("Módulo do Dígito Verificador", "11"),
    }
    do_remetente = {campo: (de, para) for campo, de, para in em_texto(novas(Remetente)[-1])}
    assert do_remetente["Rotação automática"] == ("Sim", "Não")
    assert (f"SERVICO_1 ({servico.pk})", f"SERVICO_2 ({outro.pk})") in do_remetente.values()


def test_money_keeps_its_cents():
    criterio, novas = CriterioCobranca.objects.create(descricao="A", valor_minimo=10), Novas()

    criterio.valor_minimo = Decimal("1234.50")
    criterio.save()

    assert em_texto(novas(CriterioCobranca)[0]) == [("Valor mínimo", "10,00", "1.234,50")]


def test_of_a_long_text_what_differs_is_shown():
    antes = "Prezado cliente, sua conta vence em {VENCTO} e o valor é {VALOR}. " * 4
    pedacos = list(mudancas.diferenca(antes, antes.replace("Prezado", "Caro", 1)))

    assert [(um.tipo, um.texto) for um in pedacos[:2]] == [("saiu", "Prezado"), ("entrou", "Caro")]
    assert pedacos[2].texto.endswith("…") and len(pedacos[2].texto) < 80


# Secrets and CPFs


def test_a_secret_never_enters_it(admin_user):
    novas = Novas()
    servico = novo_servico(1, senha="segredo-antigo")
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
    pk = novo_servico(1, senha="segredo").pk
    novas = Novas()

    servico = pickle.loads(pickle.dumps(ServicoEmail.objects.get(pk=pk)))
    servico.prazo = 17
    servico.save()

    (uma,) = novas(ServicoEmail)
    assert [para for _, _, para in em_texto(uma)] == ["17"]
    assert ServicoEmail.objects.get(pk=pk).senha == "segredo"


def test_an_old_key_gives_place_to_the_new_one_when_the_row_is_saved(settings):
    pk = novo_servico(1, senha="segredo").pk
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


def test_a_unit_of_a_process_works_for_who_commanded_it(monkeypatch, admin_user, agora):
    def renomear(trabalho):
        Cliente.objects.update(nome="Do processo")

    monkeypatch.setitem(passos._passos, "renomear", passos.Passo("renomear", renomear, passos.unidade_unica))
    processo = Processo.objects.create(pk=9001, descricao="Um passo", tipo=Processo.Tipo.EVENTUAL)
    processo.funcionalidades.create(codigo="renomear", descricao="P", unidade_processamento="U", sequencial=1)
    novo_cliente()
    novas = Novas()

    iniciado = iniciar(9001, usuario=admin_user, agendado_para=agora, agora=agora)
    for unidade in execucao.tique(agora):
        execucao.executar(unidade, agora=agora)

    assert [(uma.quem, uma.via) for uma in novas(Cliente)] == [("admin", f"processo {iniciado.pk}")]


def test_an_import_leaves_an_entry_in_words_and_one_of_each_table(tmp_path):
    titulos = ";".join(coluna.nome for coluna in next(um for um in registrados() if um.nome == "clientes").colunas)
    vazias = ";" * (titulos.count(";") - 1)
    (tmp_path / "clientes.csv").write_text(f"{titulos}\n1;ANA{vazias}\n2;RUI{vazias}\n")
    novas = Novas()

    importar(tmp_path)
    importar(tmp_path)

    (dita, inclusao) = sorted(novas(Cliente), key=lambda uma: -uma.acao)
    assert (dita.acao, dita.quantas) == (Acao.ATO, 2)
    assert dita.mensagem == "Importação de clientes.csv: 2 novas, 0 alteradas, 0 recusadas."
    assert (inclusao.acao, inclusao.quantas, inclusao.quem) == (Acao.INCLUSAO, 2, "sistema")


def test_the_system_that_rotates_a_service_says_so(agora):
    um, outro = novo_servico(1), novo_servico(2)
    remetente = Remetente.objects.create(nome="Claro", email="claro@exemplo.com.br", servico=um)
    novas = Novas()
    consumo.contar(um, [agora])

    rotacao.conferir(um, agora)

    (uma,) = novas(Remetente)
    assert (uma.quem, em_texto(uma)[0][1:]) == ("sistema", (f"SERVICO_1 ({um.pk})", f"SERVICO_2 ({outro.pk})"))
    assert f"mensageria.remetente:{remetente.pk}" in uma.objetos


# Acts in words


def test_words_go_to_the_entry_of_what_they_speak_of(admin_user):
    cliente, novas = novo_cliente(), Novas()

    with transaction.atomic():
        Cliente.objects.filter(pk=cliente.pk).update(nome="Outra")
        registro.registrar(admin_user, cliente, "Alterado: Nome.")
        ClienteFone.objects.create(cliente=cliente, tipo=1, ddd="84", numero="32223333")
        registro.registrar(admin_user, cliente, "Telefone inserido: (84) 3222-3333.")

    assert [(uma.mensagem, uma.quem) for uma in novas(Cliente)] == [("Alterado: Nome.", "admin")]
    assert [uma.mensagem for uma in novas(ClienteFone)] == ["Telefone inserido: (84) 3222-3333."]


def test_what_no_row_tells_is_an_entry_of_its_own(admin_user):
    cliente = novo_cliente(nome="Ana", celular=None)
    registro.registrar(admin_user, cliente, "Conferido.")
    novas = Novas()

    registro.registrar(admin_user, cliente, "Documento apresentado.", mudancas={"Arquivo": (None, "rg.pdf")})
    registro.em_massa(None, Cliente, "Base conferida.", 1234)

    um, todos = novas(Cliente)
    (vista,) = mudancas.mostrar([um], cpf_inteiro=True)
    assert (um.acao, um.nome, vista.numero) == (Acao.ATO, "Ana", str(cliente.pk))
    assert [(dita.campo, dita.de, dita.para) for dita in vista.ditas] == [("Arquivo", "", "rg.pdf")]
    assert (todos.quem, todos.quantas, todos.objetos) == ("sistema", 1234, [])


# It only grows


@pytest.mark.parametrize("sql", ["UPDATE telas_entradaauditoria SET quem = 'x'", "DELETE FROM telas_entradaauditoria"])
@pytest.mark.django_db(transaction=True)
def test_an_entry_is_neither_changed_nor_deleted(sql):
    novo_cliente()

    with pytest.raises(DatabaseError, match="a auditoria nao se altera"), connection.cursor() as cursor:
        cursor.execute(sql)


def test_even_in_its_own_transaction_an_entry_keeps_what_changed():
    novo_cliente()

    for campos in ({"quem": "x", "nome": "x"}, {"detalhes": {}}, {"acao": 3}):
        with pytest.raises(DatabaseError, match="a auditoria nao se altera"), transaction.atomic():
            EntradaAuditoria.objects.update(**campos)


def test_what_is_old_goes_by_the_command_and_that_it_went_is_an_entry():
    novo_cliente()
    antiga = timezone.now() - timedelta(days=900)
    EntradaAuditoria.objects.create(
        momento=antiga, transacao=1, quem="maria", modelo="cadastro.cliente", acao=2, quantas=1, objetos=[], detalhes={}
    )
    novas, antes = Novas(), EntradaAuditoria.objects.count()

    call_command("descartar_auditoria", antes_de=f"{timezone.now() - timedelta(days=400):%Y-%m-%d}", sim=True)

    assert not EntradaAuditoria.objects.filter(momento=antiga).exists()
    assert EntradaAuditoria.objects.count() == antes
    assert [uma.quantas for uma in novas(EntradaAuditoria)] == [1]


@pytest.mark.parametrize("dia", ["ontem", f"{timezone.now():%Y-%m-%d}"])
def test_nothing_recent_goes(dia):
    with pytest.raises(CommandError):
        call_command("descartar_auditoria", antes_de=dia, sim=True)


def test_the_answer_to_the_question_may_be_no(monkeypatch):
    monkeypatch.setattr("builtins.input", lambda pergunta: "n")

    with pytest.raises(CommandError, match="Nada foi apagado"):
        call_command("descartar_auditoria", antes_de="2020-01-01")


# The ways of people: screens and administration


@pytest.fixture
def supervisor(entrar):
    return entrar("supervisor")


def pagina(navegador, **filtro) -> str:
    resposta = navegador.get(reverse("telas:auditoria"), filtro)
    assert resposta.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", resposta.content.decode()).split())


def test_a_screen_names_who_is_logged_in(entrar):
    operador = entrar("operador")
    operador.pessoa.set_password("a-senha-de-antes")
    operador.pessoa.save()
    operador.force_login(operador.pessoa)
    nova, novas = "uma-senha-nova-e-longa", Novas()

    dados = {"old_password": "a-senha-de-antes", "new_password1": nova, "new_password2": nova}
    resposta = operador.post(reverse("telas:senha"), dados)

    assert resposta.status_code == 302
    (uma,) = novas(User)
    assert (uma.quem, uma.via, em_texto(uma)) == ("pessoa-operador", "tela", [("Senha", "", "alterada")])


def test_the_administration_names_who_is_logged_in_and_the_groups_of_a_person(chefe):
    pessoa = User.objects.create_user("maria")
    grupo, novas = Group.objects.get(name="operador"), Novas()

    resposta = chefe.post(
        reverse("admin:auth_user_change", args=[pessoa.pk]),
        {"username": "maria", "first_name": "Maria", "groups": [grupo.pk], "is_active": "on"}
        | {"date_joined_0": "10/11/2026", "date_joined_1": "12:00:00"},
    )

    assert resposta.status_code == 302
    da_pessoa = novas(User)[-1]
    assert (da_pessoa.quem, da_pessoa.via) == ("admin", "administração")
    assert ("Primeiro nome", "", "Maria") in em_texto(da_pessoa)
    (do_grupo,) = novas(User.groups.through)
    assert f"auth.user:{pessoa.pk}" in do_grupo.objetos
    assert ("Grupo", "", f"operador ({grupo.pk})") in em_texto(do_grupo)


def test_who_has_no_login_is_said_so(client):
    cliente, novas = novo_cliente(), Novas()

    with autoria._como(lambda: autoria._do_pedido(type("Pedido", (), {"path": "/"})())):
        Cliente.objects.filter(pk=cliente.pk).update(nome="Outra")

    assert [(uma.quem, uma.via) for uma in novas(Cliente)] == [("sem login", "tela")]


# The page


def test_the_page_shows_it_newest_first(supervisor, admin_user):
    with autoria.em_nome_de(admin_user, "tela"):
        cliente = novo_cliente(nome="Ana Lima", por_sms=False)
        Cliente.objects.filter(pk=cliente.pk).update(nome="Ana Maria", por_sms=True)

    texto = pagina(supervisor, modelo="cadastro.cliente", numero=cliente.pk)

    assert texto.index("Alteração Cliente") < texto.index("Inclusão Cliente")
    assert "Nome de Ana Lima → para Ana Maria" in texto
    assert "Por SMS de Não → para Sim" in texto


@pytest.mark.parametrize(
    ("filtro", "acha"),
    [
        ({}, True),
        ({"quem": "maria"}, True),
        ({"quem": "sistema"}, False),
        ({"modelo": "cadastro.cliente"}, True),
        ({"modelo": "cadastro.imovel"}, False),
        ({"acao": "2"}, True),
        ({"acao": "3"}, False),
        ({"desde": "10/11/2090"}, True),
        ({"ate": "10/11/2090"}, True),
        ({"desde": "11/11/2090"}, False),
        ({"ate": "09/11/2090"}, False),
        ({"modelo": "cadastro.cliente", "numero": "77"}, True),
        ({"modelo": "cadastro.cliente", "numero": "78"}, False),
    ],
)
def test_each_filter_finds_what_it_says(filtro, acha, supervisor, agora):
    entrada(momento=agora.replace(year=2090, hour=23, minute=59))

    assert ("ENTRADA PROCURADA" in pagina(supervisor, **filtro)) == acha


def entrada(**campos) -> EntradaAuditoria:
    padrao = {"transacao": 1, "quem": "maria", "modelo": "cadastro.cliente", "acao": 2, "quantas": 1}
    padrao |= {"objetos": ["cadastro.cliente:77"], "detalhes": {}, "mensagem": "ENTRADA PROCURADA"}
    return EntradaAuditoria.objects.create(**padrao | campos)


@pytest.mark.parametrize(
    ("filtro", "palavras"),
    [
        ({"numero": "7"}, "Informe de que é o número."),
        ({"desde": "10/11/2026", "ate": "09/11/2026"}, "A data final é anterior à inicial."),
        ({"desde": "31/02/2026"}, "Data inválida"),
        ({"modelo": "nada.disso"}, "Faça uma escolha válida"),
    ],
)
def test_a_wrong_filter_is_said_beside_its_field(filtro, palavras, supervisor):
    assert palavras in pagina(supervisor, **filtro)
    assert supervisor.get(reverse("telas:auditoria_exportar"), filtro).status_code == 302


def test_pages_go_by_key(supervisor, agora):
    for numero in range(30):
        entrada(momento=agora + timedelta(days=900, seconds=numero), mensagem=f"FEITO {numero:02}.")

    resposta = supervisor.get(reverse("telas:auditoria"))
    primeira = [vista.mensagem for vista in resposta.context["vistas"]]
    seguinte = supervisor.get(reverse("telas:auditoria") + resposta.context["pagina"].proxima)

    assert primeira == [f"FEITO {numero:02}." for numero in range(29, 4, -1)]
    assert [vista.mensagem for vista in seguinte.context["vistas"]][:5] == [f"FEITO {n:02}." for n in range(4, -1, -1)]


def test_the_page_asks_few_things_however_much_it_shows(supervisor, django_assert_max_num_queries, uma_de_cada):
    supervisor.get(reverse("telas:auditoria"))

    with django_assert_max_num_queries(10):
        pagina(supervisor, exibir="100")


def test_a_model_and_a_field_that_are_gone_do_not_break_it(supervisor):
    linha = {"id": "5", "nome": "Coisa", "antes": {"campo_que_foi": 1}, "depois": {"campo_que_foi": 2}}
    entrada(modelo="antiga.coisa", detalhes={"linhas": [linha]}, momento=timezone.now())
    entrada(detalhes={"linhas": [linha]}, momento=timezone.now())

    assert "antiga.coisa" in pagina(supervisor)


def test_what_was_typed_is_escaped(supervisor):
    novo_cliente(nome="<script>alert(1)</script>")

    assert b"<script>alert" not in supervisor.get(reverse("telas:auditoria")).content


def test_the_page_masks_cpfs_for_who_may_not_see_them(entrar, admin_user):
    pessoa = entrar("")
    pessoa.pessoa.user_permissions.add(Permission.objects.get(codename="view_entradaauditoria"))
    novo_cliente(nome="Ana", documento="52998224725")

    assert "***.982.247-**" in pagina(pessoa)
    assert "529.982.247-25" not in pagina(pessoa)
    assert b"529.982.247-25" not in b"".join(pessoa.get(reverse("telas:auditoria_exportar")).streaming_content)


def test_the_file_has_a_line_for_each_field_and_says_who_took_it(supervisor):
    cliente = novo_cliente(nome="=Ana", por_sms=False)
    Cliente.objects.filter(pk=cliente.pk).update(nome="=Rui", por_sms=True)
    novas = Novas()

    resposta = supervisor.get(
        reverse("telas:auditoria_exportar"), {"modelo": "cadastro.cliente", "numero": cliente.pk, "acao": 2}
    )

    linhas = list(csv.DictReader(io.StringIO(b"".join(resposta.streaming_content).decode("utf-8-sig")), delimiter=";"))
    assert [(uma["Campo"], uma["De"], uma["Para"]) for uma in linhas] == [
        ("Nome", "'=Ana", "'=Rui"),
        ("Por SMS", "Não", "Sim"),
    ]
    assert {uma["Quem"] for uma in linhas} == {"sistema"}
    assert [(uma.quem, uma.mensagem) for uma in novas(EntradaAuditoria)] == [
        (supervisor.pessoa.username, "Auditoria exportada em CSV.")
    ]


def test_the_page_of_a_row_leads_to_its_history_for_who_may_see_it(entrar, supervisor):
    cliente = novo_cliente()
    url = reverse("cadastro:cliente_nome_tipo", args=[cliente.pk])
    link = f"{reverse('telas:auditoria')}?modelo=cadastro.cliente&amp;numero={cliente.pk}"

    assert link in supervisor.get(url).content.decode()
    assert link not in entrar("operador").get(url).content.decode()


def test_the_acts_on_what_is_not_audited_are_found_too(supervisor, admin_user):
    lote = Lote.objects.create(execucao=uuid.uuid4(), origem="faturamento", canal=Canal.EMAIL)
    registro.registrar(admin_user, lote, "Envio pausado: muitas recusas")

    assert (
        f"?modelo=mensageria.lote&amp;numero={lote.pk}" in supervisor.get(reverse("telas:auditoria")).content.decode()
    )
    assert "Envio pausado: muitas recusas" in pagina(supervisor, modelo="mensageria.lote", numero=lote.pk)


def test_a_decision_over_messages_in_the_administration_is_one_entry(chefe):
    mensagens, novas = [nova_mensagem(), nova_mensagem()], Novas()

    chefe.post(
        reverse("admin:mensageria_mensagem_changelist"),
        {"action": "cancelar", "_selected_action": [uma.pk for uma in mensagens], "decidir": "1", "motivo": "Erro"},
    )

    (uma,) = novas(Mensagem)
    assert (uma.quem, uma.quantas, uma.mensagem) == ("admin", 2, "Cancelar mensagens: Erro")
