"""A real SMTP server on a free loopback port, for the tests of the email notifier.

Its only argument is a JSON object: security ("none", "starttls", "implicit"), certificate and key (files), user and
password (when it wants a log-in), refused (recipients), sender_refused. The first line of its output is its port; each mail is one
more line, as JSON. It ends when its input ends.
"""

import asyncio
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, wanted):
        self.wanted = wanted

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.wanted.get("sender_refused"):
            return "550 5.7.1 not from you"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.wanted.get("refused", []):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "content": envelope.content.decode("ascii"),
            "tls": session.ssl is not None or self.wanted["security"] == "implicit",
            "login": session.auth_data.login.decode() if session.auth_data else None,
        }
        print(json.dumps(mail), flush=True)
        return "250 OK"


async def main():
    wanted = json.loads(sys.argv[1])
    security = wanted["security"]
    context = None
    if security != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(wanted["certificate"], wanted["key"])

    def check(server, session, envelope, mechanism, data):
        right = (wanted["user"].encode(), wanted["password"].encode())
        if (data.login, data.password) == right:
            return AuthResult(success=True, auth_data=data)
        # A server that repeats what it was sent: nothing of this may reach an error text.
        said = f"535 5.7.8 wrong: {data.login.decode()} {data.password.decode()}"
        return AuthResult(success=False, handled=False, message=said)

    def conversation():
        return SMTP(
            Handler(wanted),
            tls_context=context if security == "starttls" else None,
            require_starttls=security == "starttls",
            authenticator=check if "user" in wanted else None,
            auth_required="user" in wanted,
            auth_require_tls=security != "implicit",
        )

    loop = asyncio.get_running_loop()
    over = context if security == "implicit" else None
    server = await loop.create_server(conversation, "127.0.0.1", 0, ssl=over)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


# Clients that break off are what some tests are about.
logging.disable()
warnings.simplefilter("ignore")
asyncio.run(main())
