"""The first page: what is configured, what is missing, and where the messages are."""

from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def painel(request):
    return render(request, "painel/painel.html")
