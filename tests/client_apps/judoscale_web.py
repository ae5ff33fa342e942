"""A Flask application with Judoscale's adapter, as its documentation says. JUDOSCALE_URL says where it reports."""

from flask import Flask
from judoscale.flask import Judoscale

from waited import witness

app = Flask("shop")
Judoscale(app)


@app.get("/")
def front():
    return "hello\n"


app.wsgi_app = witness(app.wsgi_app)
