"""Process 335: the documents of the comando that it was started for. The number is ours: GSAN's is not known."""

from django.db import transaction
from django.utils import timezone

from batch.models import ProcessoIniciado
from batch.registro import Trabalho, fala_ao_operador, funcionalidade
from cadastro.models import ParametroSistema
from cobranca.documentos import JaGerado, NaoGera, gerar_documentos
from cobranca.models import ComandoAcao

fala_ao_operador(NaoGera, ParametroSistema.DoesNotExist)


def _comandos(iniciado: ProcessoIniciado) -> list[tuple[int, str]]:
    return list(ComandoAcao.objects.filter(geracao=iniciado).values_list("id", "titulo"))


@funcionalidade("gerar-documentos-cobranca", unidades=_comandos)
def gerar(trabalho: Trabalho) -> dict:
    """In one transaction. Of a run that was lost after it, nothing is left to do."""
    try:
        with transaction.atomic():
            contagem = gerar_documentos(trabalho.codigo, hoje=timezone.localdate(trabalho.agora), agora=trabalho.agora)
            trabalho.conferir_posse()
    except JaGerado:
        return {}
    return {"documentos": contagem["documentos"], "imóveis sem documento": contagem["sem_documento"]}
