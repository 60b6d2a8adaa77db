"""Pictures of the pages, made from the sample's data, for the README and the manual."""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from batch import agendamentos
from batch.models import Agendamento, Processo, ProcessoIniciado
from cadastro.models import ClienteEndereco
from cobranca.models import AcaoCobranca, CobrancaDocumento, ComandoAcao, CriterioCobranca
from exemplo import campanhas as exemplo_de_campanhas
from exemplo import demonstracao
from exemplo.navegador import CELULAR, FaltasNaPagina, abrir, chromium
from faturamento.models import ParametroMensagem
from mensageria import pausas
from mensageria.estados import Classe, Estado
from mensageria.models import Canal, Mensagem, OrigemEnvio, ServicoEmail
from preventivo import campanhas, importacao
from preventivo.models import Campanha, Operacao, TipoCampanha

CORES = 256  # a page has few; what its letters' edges lose is not seen
RECUSAS = 10  # the fewest that pause a lote


class TelaComDefeito(Exception):
    """A page that should be pictured answered with an error, or did what no page may do."""


@dataclass(frozen=True)
class Pagina:
    """A page to picture: its file, where it is, what to do there first (it gets Playwright's `Page`), and for whom."""

    nome: str
    onde: Callable[[], str]
    passos: Callable[[object], None] | None = None
    anonima: bool = False
    status: int = 200


def em(nome: str, *argumentos) -> Callable[[], str]:
    """The address of a view, asked when the page is opened."""
    return lambda: reverse(nome, args=argumentos)


def do_processo(nome: str) -> Callable[[], str]:
    """The address of a view of the sample's run of process 336."""
    return lambda: reverse(nome, args=[ProcessoIniciado.objects.latest("pk").pk])


def da_execucao(nome: str, consulta: str = "") -> Callable[[], str]:
    """The address of a view of the messages of the sample's run."""
    return lambda: reverse(nome, args=[ProcessoIniciado.objects.latest("pk").execucao]) + consulta


def do_cliente(nome: str) -> Callable[[], str]:
    """The address of a view of a customer that got messages by both channels."""

    def endereco() -> str:
        por_email = Mensagem.objects.filter(canal=Canal.EMAIL, estado=Estado.ENVIADA).values("cliente")
        sms = Mensagem.objects.filter(canal=Canal.SMS, estado=Estado.ENTREGUE, cliente__in=por_email).earliest("pk")
        return reverse(nome, args=[sms.cliente_id])

    return endereco


def da_mensagem(canal: Canal, estado: Estado) -> Callable[[], str]:
    """The address of the first message of that channel in that state."""
    return lambda: reverse(
        "mensageria:mensagem", args=[Mensagem.objects.filter(canal=canal, estado=estado).earliest("pk").pk]
    )


def do_primeiro(nome: str, modelo) -> Callable[[], str]:
    return lambda: reverse(nome, args=[modelo.objects.earliest("pk").pk])


def do_imovel(nome: str) -> Callable[[], str]:
    """The address of a view of an imóvel that got a document."""
    return lambda: reverse(nome, args=[CobrancaDocumento.objects.earliest("pk").imovel_id])


def do_endereco() -> str:
    return reverse("cadastro:endereco", args=[ClienteEndereco.objects.earliest("pk").pk])


def do_agendamento() -> str:
    """The address of a schedule; the sample has none, so one is inserted."""
    if not Agendamento.objects.exists():
        agora = timezone.now()
        agendamento = Agendamento(
            processo=Processo.objects.get(pk=336),
            repeticao=Agendamento.Repeticao.MENSAL,
            dia_do_mes=5,
            a_partir_de=timezone.localdate(agora),
            hora=time(8),
            complemento="Avisos do mês",
            criado_por=User.objects.get(is_superuser=True),
        )
        agendamentos.guardar(agendamento, agora=agora)
    return reverse("batch:agendamento", args=[Agendamento.objects.earliest("pk").pk])


def da_auditoria(consulta: str = "") -> Callable[[], str]:
    return lambda: reverse("telas:auditoria") + consulta


def dos_pausados() -> str:
    """The address of the paused lotes. The sample pauses none: one with messages to send and one with refusals are."""
    if not pausas.pausados():
        OrigemEnvio.objects.update(recusas_em=RECUSAS)
        for estado in (Estado.PENDENTE, Estado.FALHA):
            lote = Mensagem.objects.filter(canal=Canal.EMAIL, estado=estado).earliest("pk").lote_id
            pausas.observar([(lote, Classe.ENDERECO)] * RECUSAS, timezone.now())
    return reverse("mensageria:pausados")


def da_campanha(nome: str, *depois) -> Callable[[], str]:
    """The address of a view of the sample's campaign of Net, whose service was exhausted."""
    return lambda: reverse(nome, args=[Campanha.objects.get(operacao__codigo="net", teste_para="").pk, *depois])


def da_campanha_a_conferir() -> str:
    """The address of a campaign that waits to be checked; the sample has none, so one is registered."""
    agora, quem = timezone.now(), User.objects.get(is_superuser=True)
    claro = Operacao.objects.get(codigo="claro")
    arquivo = exemplo_de_campanhas.PASTA / "claro.csv"
    campanha = Campanha.objects.filter(situacao=Campanha.Situacao.A_CONFERIR).first() or campanhas.criar(
        operacao=claro,
        tipo=claro.tipos.first(),
        envia_em=agora + timedelta(days=1),
        arquivo=SimpleUploadedFile(arquivo.name, arquivo.read_bytes()),
        usuario=quem,
        agora=agora,
        teste_para="maria.souza@aguas.example",
    )
    importacao.importar(campanha.pk, agora)
    return reverse("preventivo:campanha", args=[campanha.pk])


def do_boleto(nome: str) -> Callable[[], str]:
    """The address of the last boleto that was sent."""
    return lambda: reverse(nome, args=[_ultimo_boleto().pk])


def _ultimo_boleto() -> Mensagem:
    return Mensagem.objects.filter(origem="preventivo", estado=Estado.ENVIADA).latest("pk")


# What is done before a picture


def apertar(*botoes: str):
    def passos(pagina):
        for botao in botoes:
            pagina.get_by_role("button", name=botao, exact=True).first.click()
            pagina.wait_for_load_state("networkidle")

    return passos


def preencher(valores: dict[str, str], *botoes: str):
    """Fill fields by their labels, then press."""

    def passos(pagina):
        for rotulo, valor in valores.items():
            pagina.get_by_role("textbox", name=rotulo).first.fill(valor)
        apertar(*botoes)(pagina)

    return passos


def escolher(rotulo: str):
    return lambda pagina: pagina.get_by_label(rotulo).check()


def digitar_336(*botoes: str):
    def passos(pagina):
        pagina.locator("#id_processo").fill("336")
        pagina.get_by_label("Complemento").focus()
        pagina.get_by_role("cell", name="Gerar mensagens de faturamento").wait_for()
        apertar(*botoes)(pagina)

    return passos


def previa(pagina):
    """The preview opens elsewhere; here it takes the place of the page."""
    pagina.get_by_role("button", name="Prévia e teste").evaluate("botao => botao.removeAttribute('formtarget')")
    apertar("Prévia e teste")(pagina)


PAGINAS = (
    Pagina("entrar", em("telas:entrar"), anonima=True),
    Pagina("painel", em("painel")),
    Pagina("senha", em("telas:senha")),
    Pagina("senha-alterada", em("telas:senha_alterada")),
    Pagina("parametros", em("cadastro:parametros")),
    Pagina(
        "parametros-com-erro",
        em("cadastro:parametros"),
        preencher({"CNPJ": "11.222.333/0001-82", "Tamanho Máximo Mensagem via SMS": "301"}, "Concluir"),
    ),
    Pagina("clientes", em("cadastro:clientes")),
    Pagina("clientes-filtrados", lambda: reverse("cadastro:clientes") + "?nome=maria&exibir=5"),
    Pagina("cliente", do_cliente("cadastro:cliente_nome_tipo")),
    Pagina("cliente-telefone", do_cliente("cadastro:cliente_telefones")),
    Pagina("cliente-telefone-com-erro", do_cliente("cadastro:cliente_telefones"), apertar("Adicionar")),
    Pagina("cliente-inserir", em("cadastro:cliente_inserir")),
    Pagina("cliente-inserir-com-erro", em("cadastro:cliente_inserir"), apertar("Inserir")),
    Pagina("cliente-pessoa", do_cliente("cadastro:cliente_pessoa")),
    Pagina("cliente-enderecos", do_cliente("cadastro:cliente_enderecos")),
    Pagina("cliente-endereco", do_endereco),
    Pagina("cliente-imoveis", do_cliente("cadastro:cliente_imoveis")),
    Pagina("cliente-ligar-a-imovel", do_cliente("cadastro:vinculo_inserir")),
    Pagina("imoveis", em("cadastro:imoveis")),
    Pagina("imovel", do_imovel("cadastro:imovel")),
    Pagina("imovel-contas", do_imovel("faturamento:contas_do_imovel")),
    Pagina("imovel-documentos", do_imovel("cobranca:documentos_do_imovel")),
    Pagina("imovel-mensagens", do_imovel("mensageria:do_imovel")),
    Pagina("cliente-mensagens", do_cliente("mensageria:do_cliente")),
    Pagina("mensagem-faturamento", em("faturamento:parametrizar_mensagem")),
    Pagina(
        "mensagem-faturamento-com-erro",
        em("faturamento:parametrizar_mensagem"),
        preencher({"Texto SMS": "Conta de {NOMBRE} {", "Valor mínimo da conta": "dez"}, "Atualizar"),
    ),
    Pagina(
        "mensagem-faturamento-confirmacao",
        em("faturamento:parametrizar_mensagem"),
        preencher({"Texto SMS": "Sua conta vence em {VENCTO}."}, "Atualizar"),
    ),
    Pagina("mensagem-faturamento-previa", em("faturamento:parametrizar_mensagem"), previa),
    Pagina("mensagem-faturamento-versao", do_primeiro("faturamento:versao", ParametroMensagem)),
    Pagina("acoes", em("cobranca:acoes")),
    Pagina("acao-inserir", em("cobranca:acao_inserir")),
    Pagina("acao", do_primeiro("cobranca:acao", AcaoCobranca)),
    Pagina("comandos", em("cobranca:comandos")),
    Pagina("comando-inserir", em("cobranca:comando_inserir")),
    Pagina("comando", do_primeiro("cobranca:comando", ComandoAcao)),
    Pagina("criterios", em("cobranca:criterios")),
    Pagina("criterio", do_primeiro("cobranca:criterio", CriterioCobranca)),
    Pagina("documentos", do_primeiro("cobranca:documentos", ComandoAcao)),
    Pagina("documento", do_primeiro("cobranca:documento", CobrancaDocumento)),
    Pagina("processo-inserir", em("batch:processo_inserir"), digitar_336()),
    Pagina("processo-simulado", em("batch:processo_inserir"), digitar_336("Simular")),
    Pagina("processo-confirmacao", em("batch:processo_inserir"), digitar_336("Iniciar")),
    Pagina("processos", em("batch:processos")),
    Pagina("processo", do_processo("batch:processo")),
    Pagina(
        "unidades",
        lambda: reverse("batch:unidades", args=[ProcessoIniciado.objects.latest("pk").funcionalidades.first().pk]),
    ),
    Pagina(
        "log", lambda: reverse("batch:log", args=[ProcessoIniciado.objects.latest("pk").funcionalidades.first().pk])
    ),
    Pagina("agendamento", do_agendamento),
    Pagina("agendamentos", em("batch:agendamentos")),
    Pagina("agendamento-inserir", em("batch:agendamento_inserir")),
    Pagina("balanco", da_execucao("mensageria:balanco")),
    Pagina("mensagens", da_execucao("mensageria:mensagens")),
    Pagina("mensagens-que-falharam", da_execucao("mensageria:mensagens", "?estado=falhas")),
    Pagina("mensagem-sms", da_mensagem(Canal.SMS, Estado.ENTREGUE)),
    Pagina("mensagem-email", da_mensagem(Canal.EMAIL, Estado.ENVIADA)),
    Pagina("mensagem-incerta", da_mensagem(Canal.EMAIL, Estado.INCERTA)),
    Pagina("quem-ficou-de-fora", da_execucao("mensageria:nao_geradas")),
    Pagina("incertas", em("mensageria:incertas")),
    Pagina("pausados", dos_pausados),
    Pagina("calendario", em("mensageria:calendario")),
    Pagina("calendario-horarios", em("mensageria:janela", Canal.SMS, "cobranca"), escolher("Só nestes horários")),
    Pagina("servico-email", em("mensageria:servico_email")),
    Pagina(
        "servico-email-com-erro",
        em("mensageria:servico_email"),
        preencher({"Email da operação Águas do Exemplo": "avisos@"}, "Atualizar Águas do Exemplo"),
    ),
    Pagina("campanha-cadastrar", em("preventivo:criar_campanha")),
    Pagina("campanha-cadastrar-com-erro", em("preventivo:criar_campanha"), apertar("CADASTRAR")),
    Pagina("campanha-a-conferir", da_campanha_a_conferir),
    Pagina("campanhas", em("preventivo:campanhas")),
    Pagina("campanha", da_campanha("preventivo:campanha")),
    Pagina("mensagem-boleto", do_boleto("mensageria:mensagem")),
    Pagina("layouts", em("preventivo:layouts")),
    Pagina("layout", do_primeiro("preventivo:layout", TipoCampanha)),
    Pagina("servicos", em("preventivo:servicos")),
    Pagina("servico-novo", em("preventivo:servico_novo")),
    Pagina("servico", do_primeiro("preventivo:servico", ServicoEmail)),
    Pagina("descadastro", lambda: urlsplit(_ultimo_boleto().contexto["descadastro"]).path, anonima=True),
    Pagina("auditoria", da_auditoria()),
    Pagina("auditoria-filtrada", da_auditoria("?modelo=batch.agendamento")),
    Pagina("nao-encontrada", lambda: "/nao-existe/", status=404),
    Pagina("administracao", em("admin:index")),
    Pagina("administracao-servicos", em("admin:mensageria_servicoemail_changelist")),
    Pagina("administracao-mensagens", em("admin:mensageria_mensagem_changelist")),
    Pagina("administracao-processo", do_processo("admin:batch_processoiniciado_change")),
)

# The rest is to be looked at, not shown: the end of each name, and how the page is opened.
PRINCIPAL = {"": {}}
VARIANTES = {
    "-escuro": {"color_scheme": "dark"},
    "-celular": CELULAR,
    "-celular-escuro": CELULAR | {"color_scheme": "dark"},
}


@contextmanager
def exemplo_servido(
    pasta: Path, dizer: Callable[[str], None], *, hoje: date | None = None
) -> Iterator[tuple[str, str]]:
    """The sample after its process 336, in a database of its own, on a server of its own: (address, session)."""
    with demonstracao.banco_proprio(), override_settings(DEBUG=False), warnings.catch_warnings():
        resultado = demonstracao.executar(pasta, demonstracao.relogio_de(hoje), dizer)
        if resultado.problemas:
            raise TelaComDefeito("a demonstração não fecha: " + "; ".join(resultado.problemas))
        chefe = User.objects.create_superuser("maria.souza", first_name="Maria", last_name="Souza")
        servidor = LiveServerThread("localhost", static_handler=StaticFilesHandler)
        servidor.daemon = True
        warnings.filterwarnings("ignore", "No directory at")  # what collectstatic makes need not be there
        servidor.start()
        servidor.is_ready.wait()
        if servidor.error:
            raise servidor.error
        try:
            yield f"http://{servidor.host}:{servidor.port}", sessao_de(chefe)
        finally:
            servidor.terminate()


def sessao_de(pessoa: User) -> str:
    """The key of a new session of that person."""
    cliente = Client()
    cliente.force_login(pessoa)
    return cliente.session.session_key


def fotografar(url: str, sessao: str, paginas: tuple[Pagina, ...], saida: Path, variantes=PRINCIPAL) -> list[Path]:
    """Picture each page of the server `url`, in each variant, into the folder `saida`; return the files."""
    saida.mkdir(parents=True, exist_ok=True)
    with chromium() as navegador:
        return [
            _fotografar(
                navegador, url, "" if pagina.anonima else sessao, pagina, saida / f"{pagina.nome}{fim}.png", opcoes
            )
            for fim, opcoes in variantes.items()
            for pagina in paginas
        ]


def _fotografar(navegador, url: str, sessao: str, pagina: Pagina, arquivo: Path, opcoes: dict) -> Path:
    aberta, vigia = abrir(navegador, url, sessao, **opcoes)
    resposta = aberta.goto(pagina.onde(), wait_until="networkidle")
    if resposta.status != pagina.status:
        raise TelaComDefeito(f"{arquivo.stem}: {aberta.url} respondeu {resposta.status}")
    if pagina.passos:
        pagina.passos(aberta)
        aberta.wait_for_load_state("networkidle")
    try:
        vigia.conferir()
    except FaltasNaPagina as faltas:
        raise TelaComDefeito(f"{arquivo.stem}: {faltas}") from faltas
    # The whole page where it is only to be looked at.
    foto = Image.open(io.BytesIO(aberta.screenshot(full_page=bool(opcoes))))
    foto.convert("RGB").quantize(CORES, dither=Image.Dither.NONE).save(arquivo, optimize=True)
    aberta.context.close()
    return arquivo
