"""The companies of the campaigns: their secret goes in and never out, and their API is tried with one CPF."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.utils import timezone

from preventivo.models import LinhaRecusada, Operacao, Registro, TipoCampanha
from simuladores.boletos import cpf_de
from simuladores.operadoras import OperadorasSimuladas, OrdemAPI
from tests.preventivo.fabricas import SEGREDO, nova_campanha, nova_operacao, novo_registro

LISTA = "/admin/preventivo/operacao/"
CPF = cpf_de(100_000_001)
NOVO = "outro-s3gredo"


@pytest.fixture
def claro(db) -> Operacao:
    return nova_operacao(segredo="s3gredo-que-nao-aparece")


def pagina_de(operacao: Operacao) -> str:
    return f"{LISTA}{operacao.pk}/change/"


def dados_de(operacao: Operacao, **campos) -> dict:
    dados = {
        "codigo": operacao.codigo,
        "nome": operacao.nome,
        "ordem": 1,
        "ativa": "on",
        "remetente": operacao.remetente_id or "",
        "dialeto": operacao.dialeto,
        "url": operacao.url,
        "usuario": operacao.usuario,
        "prazo": 5,
        "conexoes": 2,
        "limite_segundo": 10,
        "horas_da_confirmacao": 6,
        "dias_do_vencimento": "0,7",
        "tipos-TOTAL_FORMS": 0,
        "tipos-INITIAL_FORMS": 0,
    }
    return dados | campos


def test_the_secret_of_the_api_is_written_and_never_shown(chefe, claro):
    assert "s3gredo" not in chefe.get(pagina_de(claro)).content.decode()

    assert chefe.post(pagina_de(claro), dados_de(claro, segredo="")).status_code == 302
    claro.refresh_from_db()
    assert claro.segredo == "s3gredo-que-nao-aparece"

    a_outra = dados_de(claro, url="http://localhost/outra")
    assert "O servidor mudou" in chefe.post(pagina_de(claro), a_outra).text
    mesma = dados_de(claro, url=f"{claro.url}/v2", segredo="")
    assert chefe.post(pagina_de(claro), mesma).status_code == 302

    errado = chefe.post(pagina_de(claro), dados_de(claro, segredo=NOVO, nome=""))
    assert NOVO not in errado.content.decode()
    chefe.post(pagina_de(claro), dados_de(claro, segredo=NOVO))
    claro.refresh_from_db()
    assert claro.segredo == NOVO
    assert NOVO not in json.dumps(list(LogEntry.objects.values_list("change_message", "object_repr")))


def test_who_may_only_look_gets_no_secret(entrar, claro):
    pessoa = entrar("")
    pessoa.pessoa.user_permissions.add(Permission.objects.get(codename="view_operacao"))

    html = pessoa.get(pagina_de(claro)).content.decode()

    assert claro.nome in html
    assert "s3gredo" not in html
    assert "field-segredo" not in html


def test_what_the_collection_wrote_meanwhile_stays(chefe, claro):
    original = Operacao.full_clean

    def e_enquanto_isso(self, *args, **kwargs):
        Operacao.objects.update(falhas_seguidas=3)
        return original(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as troca:
        troca.setattr(Operacao, "full_clean", e_enquanto_isso)
        chefe.post(pagina_de(claro), dados_de(claro, ordem=9))

    claro.refresh_from_db()
    assert (claro.ordem, claro.falhas_seguidas) == (9, 3)


def em_espera(operacao: Operacao) -> Operacao:
    operacao.falhas_seguidas, operacao.motivo_espera = 7, "Autenticação: a empresa recusou a credencial (401)"
    operacao.em_espera_ate = timezone.now() + timedelta(minutes=10)
    operacao.save()
    return operacao


def circuito_de(operacao: Operacao) -> tuple:
    operacao.refresh_from_db()
    return operacao.falhas_seguidas, operacao.em_espera_ate, operacao.motivo_espera


@pytest.mark.parametrize(
    "mudanca",
    [
        {"url": "http://127.0.0.1:9/outra"},
        {"usuario": "outro"},
        {"segredo": NOVO},
        {"apagar_segredo": "on"},
        {"dialeto": "net"},
    ],
)
def test_an_api_reached_in_another_way_is_asked_at_once(chefe, claro, mudanca):
    em_espera(claro)

    assert chefe.post(pagina_de(claro), dados_de(claro, **mudanca)).status_code == 302

    assert circuito_de(claro) == (0, None, "")


def test_whatever_else_changes_the_api_rests_on(chefe, claro):
    ate = em_espera(claro).em_espera_ate

    assert chefe.post(pagina_de(claro), dados_de(claro, ordem=9, segredo="")).status_code == 302

    assert circuito_de(claro)[:2] == (7, ate)


def test_it_may_be_told_to_ask_now_and_who_told_is_known(chefe, claro):
    em_espera(claro)
    outra = em_espera(nova_operacao("net"))

    resposta = chefe.post(LISTA, {"action": "consultar_ja", "_selected_action": [claro.pk], "index": 0}, follow=True)

    assert circuito_de(claro) == (0, None, "")
    assert circuito_de(outra)[0] == 7
    assert "A espera de Claro foi desfeita: a coleta consulta em instantes." in resposta.content.decode()
    entrada = LogEntry.objects.get(object_id=str(claro.pk))
    assert (entrada.user, entrada.get_change_message()) == (chefe.pessoa, "Consultar já: espera da API desfeita.")


def test_who_may_only_look_tells_nobody_to_ask(entrar, claro):
    em_espera(claro)
    pessoa = entrar("")
    pessoa.pessoa.user_permissions.add(Permission.objects.get(codename="view_operacao"))

    pessoa.post(LISTA, {"action": "consultar_ja", "_selected_action": [claro.pk], "index": 0})

    assert circuito_de(claro)[0] == 7


def test_the_days_of_the_rule_are_kept_each_once_and_in_order(chefe, claro):
    chefe.post(pagina_de(claro), dados_de(claro, dias_do_vencimento="7,0,7,3"))

    claro.refresh_from_db()
    assert claro.dias_do_vencimento == [0, 3, 7]


@pytest.mark.parametrize("dias", ["", "x", "-1", "366", "1;2"])
def test_days_that_are_none_are_refused(chefe, claro, dias):
    resposta = chefe.post(pagina_de(claro), dados_de(claro, dias_do_vencimento=dias))

    assert resposta.context["adminform"].form.errors["dias_do_vencimento"]


# Testar API


@pytest.fixture
def api():
    with OperadorasSimuladas() as aberta:
        yield aberta


@pytest.fixture
def na_api(db, api) -> Operacao:
    return nova_operacao(url=f"{api.url}/claro", segredo=SEGREDO)


def pedir_teste(navegador, *operacoes: Operacao, **campos):
    dados = {"action": "testar_api", "_selected_action": [operacao.pk for operacao in operacoes], "index": 0}
    return navegador.post(LISTA, dados | campos)


def test_it_asks_for_one_cpf_and_shows_what_the_company_says(chefe, na_api, api):
    pergunta = pedir_teste(chefe, na_api).content.decode()
    assert "Testar a API de Claro" in pergunta
    assert 'name="cpf"' in pergunta

    cpf = next(cpf for n in range(99) if api.acordos("claro", cpf := cpf_de(100_000_000 + n)))
    html = pedir_teste(chefe, na_api, consultar="1", cpf=f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}").content.decode()

    assert "Claro respondeu em" in html
    for acordo in api.acordos("claro", cpf):
        assert f"Acordo {acordo.numero}" in html
        assert all(boleto.linha in html for boleto in acordo.boletos)
    assert SEGREDO not in html


def test_what_fails_is_said_without_secrets(chefe, na_api, api):
    api.ordenar(OrdemAPI(status=503))

    html = pedir_teste(chefe, na_api, consultar="1", cpf=CPF).content.decode()

    assert "Claro não respondeu" in html
    assert "Indisponível" in html
    assert SEGREDO not in html


def test_a_company_without_an_address_says_so(chefe, na_api):
    Operacao.objects.update(url="")

    assert "não está configurada" in pedir_teste(chefe, na_api, consultar="1", cpf=CPF).content.decode()


@pytest.mark.parametrize("cpf", ["", "123", "111.111.111-11", "11.222.333/0001-81", "x" * 40, "\0"])
def test_what_is_no_cpf_is_not_asked(chefe, na_api, api, cpf):
    resposta = pedir_teste(chefe, na_api, consultar="1", cpf=cpf)

    assert resposta.context["form"].errors["cpf"]
    assert "respondeu" not in resposta.context


def test_one_company_at_a_time(chefe, na_api):
    resposta = pedir_teste(chefe, na_api, nova_operacao("net"))

    assert "Escolha uma operação de cada vez." in [str(dita) for dita in get_messages(resposta.wsgi_request)]


def test_who_may_only_look_does_not_ask(entrar, na_api, api):
    pessoa = entrar("")
    pessoa.pessoa.user_permissions.add(Permission.objects.get(codename="view_operacao"))

    resposta = pedir_teste(pessoa, na_api, consultar="1", cpf=CPF)

    assert "respondeu" not in (resposta.context or {})


# What is read


def achados(navegador, busca: str) -> list[str]:
    lista = navegador.get("/admin/preventivo/registro/", {"q": busca}).context["cl"].result_list
    return [registro.cpf for registro in lista]


@pytest.mark.parametrize("como", ["{}", "{0:.3}.{1}-{2}", " {} "])
def test_a_cpf_is_found_in_all_campaigns(chefe, db, como):
    for _ in range(2):
        novo_registro(nova_campanha(), cpf=CPF)
    novo_registro(nova_campanha())

    assert achados(chefe, como.format(CPF, CPF[3:9], CPF[9:]) if "{0" in como else como.format(CPF)) == [CPF, CPF]
    assert achados(chefe, "nada") == []
    assert Registro.objects.count() == 3


def test_a_cpf_that_lost_its_zeros_is_found(chefe, db):
    novo_registro(nova_campanha(), cpf="00123456797")

    assert achados(chefe, "123456797") == ["00123456797"]


def leitor(entrar, *permissoes: str):
    """Who may only look at what is named."""
    navegador = entrar("")
    navegador.pessoa.user_permissions.set(Permission.objects.filter(codename__in=permissoes))
    return navegador


@pytest.mark.parametrize("ve_cpf", [False, True])
@pytest.mark.parametrize("modelo", ["registro", "linharecusada"])
def test_a_cpf_is_whole_only_for_who_may_see_it(entrar, modelo, ve_cpf):
    campanha = nova_campanha()
    registro = novo_registro(campanha, cpf="52998224725")
    recusada = LinhaRecusada.objects.create(campanha=campanha, linha=3, motivo="x", conteudo="529.982.247-25;a@x.com")
    Registro.objects.update(erro="O CPF 52998224725 não existe.")
    navegador = leitor(entrar, f"view_{modelo}", *["ver_cpf"] * ve_cpf)
    lista = f"/admin/preventivo/{modelo}/"
    chave = registro.pk if modelo == "registro" else recusada.pk

    paginas = [navegador.get(lista), navegador.get(f"{lista}{chave}/change/")]

    inteiros = [bool(re.search(r"529\.?982\.?247-?25", pagina.content.decode())) for pagina in paginas]
    assert [pagina.status_code for pagina in paginas] == [200, 200]
    assert inteiros == ([True, True] if ve_cpf and modelo == "registro" else [False, ve_cpf])
    assert "982" in paginas[1].content.decode()


@pytest.mark.parametrize("ve_cpf", [False, True])
def test_who_may_not_see_a_cpf_does_not_find_it_out_by_its_beginning(entrar, ve_cpf):
    novo_registro(nova_campanha(), cpf="52998224725")
    navegador = leitor(entrar, "view_registro", *["ver_cpf"] * ve_cpf)

    assert navegador.get("/admin/preventivo/registro/?cpf__startswith=529").status_code == (200 if ve_cpf else 400)


# Tipos


def test_a_tipo_with_campaigns_stays_with_its_company(chefe, claro):
    tipo = claro.tipos.first() or TipoCampanha.objects.create(operacao=claro, nome="CLARO FASE 1")
    pagina = f"/admin/preventivo/tipocampanha/{tipo.pk}/change/"
    dados = {"nome": "OUTRO NOME", "ordem": 1, "ativo": "on", "operacao": nova_operacao("net").pk}
    assert 'name="operacao"' in chefe.get(pagina).content.decode()
    nova_campanha(claro, tipo=tipo)

    assert 'name="operacao"' not in chefe.get(pagina).content.decode()
    assert chefe.post(pagina, dados).status_code == 302

    tipo.refresh_from_db()
    assert (tipo.operacao, tipo.nome) == (claro, "OUTRO NOME")
