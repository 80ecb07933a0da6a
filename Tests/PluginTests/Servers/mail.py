"""An SMTP server (aiosmtpd) that keeps what it receives as files: STARTTLS and AUTH on one port, TLS on the other.

Mail to defer@… is put off with 451, to refuse@… refused with 550.
"""
import asyncio
import json
import os
import socket
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Keeper:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("defer@"):
            return "451 4.3.0 try again later"
        if address.startswith("refuse@"):
            return "550 5.1.1 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        name = os.path.join(self.folder, f"{self.count:05}")
        with open(name + ".tmp", "w") as file:
            json.dump({
                "sender": envelope.mail_from, "recipients": envelope.rcpt_tos, "tls": server.transport.get_extra_info("sslcontext") is not None,
                "user": session.auth_data.decode() if session.authenticated else None,
                "content": envelope.original_content.decode("utf-8", "surrogateescape")}, file)
        os.rename(name + ".tmp", name + ".json")
        return "250 kept"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ada", b"engine-1843")
    return AuthResult(success=good, handled=False, auth_data=data.login if good else None)


async def main():
    folder = os.path.join(sys.argv[3], "mail")
    os.makedirs(folder, exist_ok=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(os.path.join(sys.argv[3], "server.pem"), os.path.join(sys.argv[3], "server.key"))
    loop = asyncio.get_running_loop()
    keeper = Keeper(folder)

    def session(**options):
        return SMTP(keeper, hostname="mail.test", authenticator=authenticate, auth_require_tls=False,
                    enable_SMTPUTF8=True, decode_data=False, **options)

    plain = socket.socket(fileno=int(sys.argv[1]))
    secure = socket.socket(fileno=int(sys.argv[2]))
    await loop.create_server(lambda: session(tls_context=tls), sock=plain)
    await loop.create_server(lambda: session(), sock=secure, ssl=tls)
    await asyncio.Event().wait()


asyncio.run(main())
