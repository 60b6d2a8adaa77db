"""Where operators post the receipts of the SMS that they took: no session, but a secret of each gateway."""

import json

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from mensageria import retornos
from mensageria.models import GatewaySMS

MAIOR_AVISO = 64 * 1024
NOVA_TENTATIVA = 30  # seconds until a receipt that came too soon should be told again


@csrf_exempt
@login_not_required
@require_POST
def sms(request: HttpRequest, pk: int) -> HttpResponse:
    """200 when what was told is written, for ever; 503 when it must be told again; 404 for SMS that are not ours.

    Who has no secret learns nothing, not even which gateways there are. One that was switched off may still tell.
    """
    gateway = GatewaySMS.objects.filter(pk=pk).first()
    if gateway is None or not retornos.autentico(gateway, request.headers):
        return HttpResponse(status=401)
    corpo = request.read(MAIOR_AVISO + 1)
    if len(corpo) > MAIOR_AVISO:
        return HttpResponse(status=413)
    try:
        contagem = retornos.receber(gateway, json.loads(corpo), timezone.now())
    except (ValueError, RecursionError):  # AvisoInvalido among them
        return HttpResponse(status=400)
    if contagem["cedo"]:
        return HttpResponse(status=503, headers={"Retry-After": str(NOVA_TENTATIVA)})
    if contagem.total() == contagem["desconhecida"] + contagem["invalido"]:
        return HttpResponse(status=404)
    return JsonResponse({"recebidos": contagem.total() - contagem["desconhecida"] - contagem["invalido"]})
