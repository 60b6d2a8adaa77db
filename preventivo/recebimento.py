"""Files that come in: what is larger than a campaign may have is not kept while it arrives."""

from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from preventivo.arquivos import TAMANHO_MAXIMO

GRANDE_DEMAIS = f"O arquivo passa de {TAMANHO_MAXIMO >> 20} MB: divida-o em mais de uma campanha."


class Limite(FileUploadHandler):
    """Comes before those that keep the pieces. The file that passes is left out of the request, which is marked."""

    def receive_data_chunk(self, raw_data, start):
        if start + len(raw_data) > TAMANHO_MAXIMO:
            self.request.arquivo_grande_demais = True
            raise SkipFile
        return raw_data

    def file_complete(self, file_size):
        return None


def limitar(request) -> None:
    """Before anything of the body is read."""
    request.upload_handlers.insert(0, Limite(request))


def grande_demais(request) -> bool:
    return getattr(request, "arquivo_grande_demais", False)
