//! What the store keeps, as it keeps it: what the command line of another machine works with (`--url`).

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::asked::{ByWhom, Which};
use super::error::{Denied, ErrorView, refused};
use super::{ask, either, reading};
use crate::model::ProcessName;
use crate::one_line::one_line;
use crate::orders::{MOST_OF_OWNER, Order, OrderId};
use crate::server::front::{AskKeptOrders, AskRecords, EndOrder, Refusal};
use crate::server::ledger::MOST;
use crate::state::{First, Wanted};

/// Records as the store keeps them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeptRecords {
    records: Vec<KeptRecord>,
}

/// One record as the store keeps it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeptRecord {
    at: DateTime<Utc>,
    cycle: u64,
    /// All of it: the form may change from one version of the bot to the next.
    #[schema(value_type = Object)]
    record: Value,
}

/// The records of a process as the store keeps them.
#[utoipa::path(get, path = "/api/v1/records", tag = "store", params(Which), responses(
    (status = 200, body = KeptRecords), (status = 400, body = ErrorView), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 404, body = ErrorView), (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn records(request: HttpRequest) -> HttpResponse {
    either(kept(&request).await)
}

async fn kept(request: &HttpRequest) -> Result<HttpResponse, Denied> {
    let which: Which = reading::query(request.query_string())?;
    let most = which.most.unwrap_or(100);
    if !(1..=MOST).contains(&most) {
        return Err(refused(
            400,
            format!("`most` is {most}, and may be 1 to {MOST}"),
        ));
    }
    let process = ProcessName::kept(&which.process);
    let process = process.map_err(|_bad| Denied::from(Refusal::Unknown(which.process)))?;
    let wanted = Wanted {
        since: which.since,
        until: which.until,
        first: if which.oldest_first == Some(true) {
            First::Oldest
        } else {
            First::Newest
        },
        most,
    };
    let found = ask(request, AskRecords(process, wanted)).await??;
    let records = found.into_iter().map(|record| KeptRecord {
        at: record.at,
        cycle: record.cycle,
        record: serde_json::from_str(&record.text).unwrap_or_default(),
    });
    let records = records.collect();
    Ok(HttpResponse::Ok().json(KeptRecords { records }))
}

/// Orders as the store keeps them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeptOrders {
    #[schema(value_type = Vec<Object>)]
    orders: Vec<Order>,
}

/// The orders that the store keeps, those that are over included.
#[utoipa::path(get, path = "/api/v1/kept_orders", tag = "store", responses(
    (status = 200, body = KeptOrders), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn orders(request: HttpRequest) -> HttpResponse {
    either(all(&request).await)
}

async fn all(request: &HttpRequest) -> Result<HttpResponse, Denied> {
    let orders = ask(request, AskKeptOrders).await??;
    Ok(HttpResponse::Ok().json(KeptOrders { orders }))
}

/// Whether an order was ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EndedOrder {
    /// False: it was over already.
    ended: bool,
}

/// Ends one order before its time.
#[utoipa::path(delete, path = "/api/v1/orders/{id}", tag = "orders", params(("id" = u64, Path, description = "The order's number"), ByWhom), responses(
    (status = 200, body = EndedOrder), (status = 400, body = ErrorView), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 404, body = ErrorView), (status = 409, body = ErrorView), (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn end(request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    either(ended(&request, &id).await)
}

async fn ended(request: &HttpRequest, id: &str) -> Result<HttpResponse, Denied> {
    let ByWhom { by } = reading::query(request.query_string())?;
    let by = one_line(by.as_deref().unwrap_or("the API"), MOST_OF_OWNER);
    let number = id.parse::<u64>().ok();
    // A larger one is no number of JSON's everywhere, and no store counts so far.
    let number = number.filter(|number| i64::try_from(*number).is_ok());
    let id = OrderId(number.ok_or_else(|| refused(404, "there is no order of that number"))?);
    let ended = ask(request, EndOrder { id, by }).await??;
    Ok(HttpResponse::Ok().json(EndedOrder { ended }))
}
