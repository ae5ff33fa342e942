//! The ledger: what was decided, and why.

use actix_web::{HttpRequest, HttpResponse};

use super::error::{Denied, ErrorView, refused};
use super::{ask, either, reading};
use crate::server::front::AskLedger;
use crate::server::ledger::{LedgerPage, Query};

/// Cycles that ended, the newest first.
#[utoipa::path(get, path = "/api/v1/ledger", tag = "ledger", params(Query), responses(
    (status = 200, body = LedgerPage), (status = 400, body = ErrorView), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 404, body = ErrorView), (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn ledger(request: HttpRequest) -> HttpResponse {
    either(page(&request).await)
}

async fn page(request: &HttpRequest) -> Result<HttpResponse, Denied> {
    let query: Query = reading::query(request.query_string())?;
    if let Some(wrong) = query.wrong() {
        return Err(refused(400, wrong));
    }
    let page = ask(request, AskLedger(query)).await?;
    Ok(HttpResponse::Ok().json(page?))
}
