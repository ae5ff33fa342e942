// An Express application with Judoscale's adapter, as its documentation says. JUDOSCALE_URL says where it reports.
const express = require('express')
const { Judoscale, middleware } = require('judoscale-express')

const app = express()
app.use(middleware(new Judoscale()))
app.get('/', (_request, response) => response.send('hello\n'))
app.listen(process.env.PORT, '127.0.0.1')
