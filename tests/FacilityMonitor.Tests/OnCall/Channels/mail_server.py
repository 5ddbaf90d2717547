"""A real mail server for tests: aiosmtpd. Usage: mail_server.py PORT MODE CERTIFICATE KEY. One line of JSON for every mail that it took; MODE is none, starttls or implicit."""
import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Box:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("full@"):
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if "spam@" in envelope.rcpt_tos[0]:
            return "554 5.7.1 looks like spam"
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": server.transport.get_extra_info("ssl_object") is not None, "user": session.auth_data.login.decode() if session.auth_data else None,
                          "content": envelope.content.decode("ascii")}), flush=True)
        return "250 OK: kept"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b"monitor" and data.password == "密码 1".encode()
    return AuthResult(success=good, handled=False if not good else True, auth_data=data)


port, mode, certificate, key = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
context = None
if mode != "none":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
options = {"hostname": "127.0.0.1", "port": port, "authenticator": authenticate}
if mode == "implicit":
    options["ssl_context"] = context
    options["auth_require_tls"] = False
elif mode == "starttls":
    options["tls_context"] = context
    options["require_starttls"] = True
    options["auth_required"] = True
else:
    options["auth_require_tls"] = False
controller = Controller(Box(), **options)
controller.start()
print("ready", flush=True)
sys.stdin.read()
controller.stop()
