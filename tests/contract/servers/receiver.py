"""A receiver of webhooks on a free loopback port, for the tests of the webhook and slack notifiers.

Its only argument is a JSON object: secret (of Standard Webhooks), certificate and key (files, for HTTPS). A POST to
/slack is read with Slack's own models, any other is verified by the standardwebhooks package. The first line of its
output is its port; each request is one more line, as JSON: what was received, or why it was refused. It ends when its
input ends.
"""

import http.server
import json
import logging
import os
import ssl
import sys
import threading

from slack_sdk.models.blocks import Block
from standardwebhooks import Webhook


class Strict(logging.Handler):
    """Slack's models only warn of a key that they do not know."""

    def emit(self, record):
        raise ValueError(record.getMessage())


def slack(body):
    message = json.loads(body)
    assert set(message) == {"text", "blocks"}, message.keys()
    assert isinstance(message["text"], str) and message["text"], "no_text"
    blocks = Block.parse_all(message["blocks"])
    again = []
    for block in blocks:
        block.validate_json()
        again.append(block.to_dict())
    # What a model does not know it drops.
    assert again == message["blocks"], again
    return message


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        received = {"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}}
        try:
            if self.path.startswith("/slack"):
                received["payload"] = slack(body)
                status, answer = 200, b"ok"
            else:
                received["payload"] = Webhook(wanted["secret"]).verify(body, dict(self.headers))
                status, answer = 204, b""
        except Exception as why:
            received["refused"] = f"{type(why).__name__}: {why}"
            status, answer = 400, b"invalid_payload" if self.path.startswith("/slack") else str(why).encode()
        print(json.dumps(received), flush=True)
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


logging.getLogger().addHandler(Strict())
wanted = json.loads(sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
if "certificate" in wanted:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(wanted["certificate"], wanted["key"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
os._exit(0)
