//! Who may do what: one table of routes ([`ROUTES`]), and the porter who keeps to it.
//!
//! ```text
//!   request ─▶ too many of them? ─▶ which row? ─┬─ anybody ─────────────────────────────▶ served
//!                                                ├─ intake: the source's token, in its own place ─▶ served
//!                                                └─ server: Bearer token, or a session's cookie ──▶ served
//!                                                                (and for what changes something: not from another site)
//! ```

mod admit;
mod attempts;
mod keys;
mod porter;
mod sessions;
mod tokens;

pub(in crate::server) use admit::{admit, is_this_machine};
pub use keys::{Keys, Pass};
pub use porter::Porter;
pub use sessions::COOKIE;
pub(in crate::server) use sessions::cookie;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody: nothing of the bot is told or changed.
    Anybody,
    /// A source, for what it may feed.
    Intake,
    /// Who knows the server's token.
    Server,
}

/// One route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The path, as it is registered.
    pub path: &'static str,
    /// Who may.
    pub who: Who,
}

const fn route(method: &'static str, path: &'static str, who: Who) -> Route {
    Route { method, path, who }
}

/// Every route. What is not in it needs the server's token, and is then not found.
pub static ROUTES: &[Route] = &[
    route("GET", "/healthz", Who::Anybody),
    route("GET", "/login", Who::Anybody),
    route("POST", "/login", Who::Anybody),
    route("GET", "/assets/{name}", Who::Anybody),
    route("POST", "/api/{token}/v3/reports", Who::Intake),
    route("POST", "/", Who::Intake),
    route("POST", "/logs/{token}", Who::Intake),
    route("POST", "/logs", Who::Intake),
    route("POST", "/api/v1/measurements/{process}", Who::Intake),
    route("GET", "/", Who::Server),
    route("POST", "/logout", Who::Server),
    route("GET", "/readyz", Who::Server),
    route("GET", "/metrics", Who::Server),
    route("GET", "/api/v1/processes", Who::Server),
    route("GET", "/api/v1/processes/{name}", Who::Server),
    route("GET", "/api/v1/processes/{name}/history", Who::Server),
    route("GET", "/api/v1/processes/{name}/chart.svg", Who::Server),
    route("DELETE", "/api/v1/processes/{name}/orders", Who::Server),
    route("GET", "/api/v1/ledger", Who::Server),
    route("GET", "/api/v1/measurements", Who::Server),
    route("GET", "/api/v1/orders", Who::Server),
    route("POST", "/api/v1/orders", Who::Server),
    route("DELETE", "/api/v1/orders/{id}", Who::Server),
    route("GET", "/api/v1/records", Who::Server),
    route("GET", "/api/v1/kept_orders", Who::Server),
    route("GET", "/api/v1/settings", Who::Server),
    route("GET", "/api/v1/sources", Who::Server),
    route("GET", "/api/v1/health", Who::Server),
    route("GET", "/api/v1/events", Who::Server),
    route("GET", "/api/v1/openapi.json", Who::Server),
];

/// Who may use the route of this method and registered path. HEAD is as GET.
pub fn who_may(method: &str, path: Option<&str>) -> Who {
    let method = if method == "HEAD" { "GET" } else { method };
    let found = ROUTES
        .iter()
        .find(|route| route.method == method && Some(route.path) == path);
    found.map_or(Who::Server, |route| route.who)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_table_needs_the_token() {
        for (method, path, who) in [
            ("GET", Some("/healthz"), Who::Anybody),
            ("HEAD", Some("/healthz"), Who::Anybody),
            ("POST", Some("/healthz"), Who::Server),
            ("GET", Some("/"), Who::Server),
            ("POST", Some("/"), Who::Intake),
            ("DELETE", Some("/assets/{name}"), Who::Server),
            ("GET", None, Who::Server),
        ] {
            assert_eq!(who_may(method, path), who, "{method} {path:?}");
        }
    }
}
