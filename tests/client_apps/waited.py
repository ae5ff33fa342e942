"""What an application's requests really waited, written down by nobody's library: a line of milliseconds for each, in the
file SEEN."""

import os
import time


def witness(application):
    seen = open(os.environ["SEEN"], "a", buffering=1)

    def seeing(environ, start_response):
        start = environ.get("HTTP_X_REQUEST_START")
        if start:
            seen.write(f"{time.time() * 1000 - float(start):.1f}\n")
        return application(environ, start_response)

    return seeing
