"""A Flask application with HireFire's library, as its documentation says: it dispatches the waits of its requests to
HIREFIRE_DISPATCH_URL, and tells at its info address how much there is for its workers to do, which the file BACKLOG says."""

import os

from flask import Flask
from hirefire_resource import HireFire
from hirefire_resource.middleware.wsgi.flask import HireFireMiddleware

from waited import witness

app = Flask("shop")
app.wsgi_app = witness(HireFireMiddleware(app))


@app.get("/")
def front():
    return "hello\n"


def backlog():
    with open(os.environ["BACKLOG"]) as file:
        return float(file.read())


with HireFire.configure() as config:
    config.dyno("web")
    config.dyno("worker", backlog)
