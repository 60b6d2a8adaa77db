"""Three campaigns, one of each company, for the demonstration and for a first look."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from mensageria.models import OrigemEnvio, Remetente, ServicoEmail
from preventivo import campanhas, importacao
from preventivo.fonte import ORIGEM
from preventivo.models import Campanha, Operacao

PASTA = settings.BASE_DIR / "dados" / "campanhas"
USUARIO, SEGREDO = "avisa", "segredo"  # what the simulated companies know
ASSINATURA = "Cobrança do Exemplo Ltda., por conta de {}\nAtendimento 0800 000 0198\nwww.cobranca.example"
CONEXOES, LIMITE = 8, 200  # they stand more than a real one would like


@dataclass(frozen=True)
class DaOperacao:
    """How an operação is reached in the sample, and through which service it begins to send."""

    codigo: str
    caminho: str  # of its dialect in the simulator
    email: str
    servico: str


# The manual's addresses, and services as its screens have them: SERVICO_3 is followed by SERVICO_5.
OPERACOES = (
    DaOperacao("claro", "/claro", "claro.atendimento@cobranca.example", "SERVICO_2"),
    DaOperacao("net", "/net", "net.atendimento4@cobranca.example", "SERVICO_3"),
    DaOperacao("semparar", "/sem_parar", "semparar.atendimento@cobranca.example", "SERVICO_5"),
)


def configurar(*, apis: str) -> None:
    """Let the operações ask the simulated companies at `apis` (host:port or URL), and send by the sample's services."""
    apis = apis if "://" in apis else f"http://{apis}"
    for dela in OPERACOES:
        operacao = Operacao.objects.get(codigo=dela.codigo)
        operacao.remetente = Remetente.objects.create(
            nome=f"{operacao.nome} Atendimento",
            operacao=operacao.nome,
            email=dela.email,
            servico=ServicoEmail.objects.get(nome=dela.servico),
        )
        operacao.url, operacao.usuario, operacao.segredo = apis + dela.caminho, USUARIO, SEGREDO
        operacao.assinatura = ASSINATURA.format(operacao.nome)
        operacao.conexoes, operacao.limite_segundo = CONEXOES, LIMITE
        operacao.save()
    OrigemEnvio.objects.update_or_create(origem=ORIGEM, defaults={"descricao": "Campanha Preventiva"})


def cadastrar(*, envia_em: datetime, agora: datetime, usuario) -> list[Campanha]:
    """The files of the sample as campaigns of that moment, read and confirmed."""
    feitas = []
    for operacao in Operacao.objects.filter(codigo__in=[dela.codigo for dela in OPERACOES]):
        arquivo = PASTA / f"{operacao.codigo}.csv"
        campanha = campanhas.criar(
            operacao=operacao,
            tipo=operacao.tipos.filter(ativo=True).first(),
            envia_em=envia_em,
            arquivo=SimpleUploadedFile(arquivo.name, arquivo.read_bytes()),
            usuario=usuario,
            agora=agora,
        )
        importacao.importar(campanha.pk, agora)
        feitas.append(campanhas.confirmar(campanha.pk, usuario=usuario, agora=agora))
    return feitas


def encerradas(quais: Iterable[Campanha]) -> bool:
    return all(c.encerrada for c in Campanha.objects.filter(pk__in=[uma.pk for uma in quais]))
