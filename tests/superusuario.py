"""Run a server that refuses to start for an ordinary user: `python tests/superusuario.py PROGRAM ARGUMENT…`.

For a server whose files are all the user's own and whose ports are high, and that wants to be root only to give it up
in each of its processes. A filter in the kernel answers that a change of identity or of a file's owner went well, and
a second process answers to PROGRAM, but to none of its children, that it is root. Nobody gets any right by it.
"""

import ctypes
import fcntl
import os
import platform
import select
import socket
import struct
import sys
from contextlib import suppress

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER = 1, 8
DAR_CERTO, PERGUNTAR, PERMITIR = 0x00050000, 0x7FC00000, 0x7FFF0000  # SECCOMP_RET_ERRNO with none, _USER_NOTIF, _ALLOW
CARREGAR, IGUAL, RETORNAR = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
NUMERO, ARQUITETURA = 0, 4  # where they are in struct seccomp_data
RECEBER, RESPONDER = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV and _SEND
PERGUNTA, RESPOSTA = "QI68x", "QqiI"  # struct seccomp_notif and seccomp_notif_resp
SEGUIR = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE: the kernel answers itself

# architecture as the kernel numbers it; its numbers of seccomp, of get*id, and of set*id, setgroups and *chown*
MAQUINAS = {
    "x86_64": (0xC000003E, 317, (102, 104, 107, 108), (92, 93, 94, 105, 106, 113, 114, 116, 117, 119, 260)),
    "aarch64": (0xC00000B7, 277, (174, 175, 176, 177), (54, 55, 143, 144, 145, 146, 147, 149, 159)),
}


class _Programa(ctypes.Structure):
    _fields_ = (("tamanho", ctypes.c_ushort), ("instrucoes", ctypes.c_void_p))


def executar_como_root(comando: list[str]) -> None:
    """Become `comando`, which keeps this process's id."""
    eu = os.getpid()
    daqui, de_la = socket.socketpair()
    if os.fork() == 0:
        daqui.close()
        _, (perguntas,), _, _ = socket.recv_fds(de_la, 1, 1)
        _responder(perguntas, eu)
        os._exit(0)
    socket.send_fds(daqui, [b"."], [_filtrar()])
    os.execv(comando[0], comando)


def _filtrar() -> int:
    """Install the filter, for this process and all that it starts; return where the kernel asks."""
    arquitetura, seccomp, consultas, mudancas = MAQUINAS[platform.machine()]
    casos = [(numero, DAR_CERTO) for numero in mudancas] + [(numero, PERGUNTAR) for numero in consultas]
    instrucoes = [(CARREGAR, 0, 0, ARQUITETURA), (IGUAL, 0, 1 + 2 * len(casos), arquitetura), (CARREGAR, 0, 0, NUMERO)]
    for numero, resposta in casos:
        instrucoes += [(IGUAL, 0, 1, numero), (RETORNAR, 0, 0, resposta)]
    instrucoes.append((RETORNAR, 0, 0, PERMITIR))
    codigo = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *uma) for uma in instrucoes))
    programa = _Programa(len(instrucoes), ctypes.addressof(codigo))
    libc = ctypes.CDLL(None, use_errno=True)
    um, zero = ctypes.c_ulong(1), ctypes.c_ulong(0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, um, zero, zero, zero) == 0:
        descritor = libc.syscall(
            seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, ctypes.byref(programa)
        )
        if descritor >= 0:
            return descritor
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _responder(perguntas: int, root: int) -> None:
    """Tell `root` that it is 0, and let the kernel tell every other, until none is left."""
    espera = select.poll()
    espera.register(perguntas, select.POLLIN)
    while espera.poll()[0][1] & select.POLLIN:
        with suppress(FileNotFoundError):  # who asked is gone
            pergunta = bytearray(struct.calcsize(PERGUNTA))
            fcntl.ioctl(perguntas, RECEBER, pergunta)
            numero, quem = struct.unpack(PERGUNTA, pergunta)
            fcntl.ioctl(perguntas, RESPONDER, struct.pack(RESPOSTA, numero, 0, 0, 0 if quem == root else SEGUIR))


if __name__ == "__main__":
    executar_como_root(sys.argv[1:])
