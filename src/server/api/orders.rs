//! Orders of people.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Denied, ErrorView, refused};
use super::reading::{self, SMALL};
use super::{ask, either};
use crate::decision::MOST_PROCESSES;
use crate::model::{Count, ProcessName};
use crate::one_line::one_line;
use crate::orders::{Draft, Kind, MOST_OF_OWNER, MOST_OF_REASON, lasting};
use crate::server::access::Porter;
use crate::server::front::{AskOrders, AskProcess, EndOrders, GiveOrder, Refusal};
use crate::server::views::OrderView;

/// An order as it is given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOrder {
    /// The process that it is for.
    process: String,
    /// What is ordered.
    kind: NewKind,
    /// For `override`: at least so many.
    #[schema(maximum = 100_000)]
    min: Option<Count>,
    /// For `override`: at most so many.
    #[schema(maximum = 100_000)]
    max: Option<Count>,
    /// For `scale`: how many.
    #[schema(maximum = 100_000)]
    count: Option<Count>,
    /// For how long: `90s`, `30m`, `2h`, `7d` or `1h30m`; at most 31 days.
    #[serde(rename = "for")]
    #[schema(
        pattern = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
        min_length = 2,
        example = "2h"
    )]
    lasts: String,
    /// Why: everybody is told.
    because: Option<String>,
    /// Who says so.
    owner: Option<String>,
}

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NewKind {
    /// Nothing is scaled.
    Pause,
    /// Nothing is added.
    PauseUp,
    /// Nothing is taken away.
    PauseDown,
    /// Other bounds than the configuration's.
    Override,
    /// Exactly so many.
    Scale,
}

/// Orders.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Orders {
    orders: Vec<OrderView>,
}

/// Orders that were ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EndedOrders {
    ended: Vec<OrderView>,
}

/// The orders in force.
#[utoipa::path(get, path = "/api/v1/orders", tag = "orders", responses(
    (status = 200, body = Orders), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn orders(request: HttpRequest) -> HttpResponse {
    either(
        ask(&request, AskOrders)
            .await
            .map(|orders| HttpResponse::Ok().json(Orders { orders })),
    )
}

/// Gives an order. It replaces one of its kind for the same process.
#[utoipa::path(post, path = "/api/v1/orders", tag = "orders", request_body = NewOrder, responses(
    (status = 201, body = OrderView), (status = 400, body = ErrorView), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 404, body = ErrorView), (status = 408, body = ErrorView), (status = 409, body = ErrorView), (status = 413, body = ErrorView),
    (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn give(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    either(given(&request, payload).await)
}

async fn given(request: &HttpRequest, payload: web::Payload) -> Result<HttpResponse, Denied> {
    let body = reading::body(payload, SMALL).await?;
    let order: NewOrder = reading::json(&body)?;
    let porter = Porter::of(request).ok_or_else(|| Denied::from(Refusal::Busy))?;
    let there = ask(request, AskProcess(order.process.clone())).await?;
    there?;
    let draft = order
        .draft(porter.pass.clock.now().wall)
        .map_err(|why| refused(400, why))?;
    let view = ask(request, GiveOrder(draft)).await?;
    Ok(HttpResponse::Created().json(view?))
}

/// Ends every order for a process: it goes by its settings again.
#[utoipa::path(delete, path = "/api/v1/processes/{name}/orders", tag = "orders", params(("name" = String, Path, description = "The process type")), responses(
    (status = 200, body = EndedOrders), (status = 401, body = ErrorView), (status = 403, body = ErrorView), (status = 404, body = ErrorView),
    (status = 409, body = ErrorView), (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn end(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    either(ended(&request, name.into_inner()).await)
}

async fn ended(request: &HttpRequest, name: String) -> Result<HttpResponse, Denied> {
    let there = ask(request, AskProcess(name.clone())).await?;
    there?;
    let process = ProcessName::new(&name).map_err(|_bad| Denied::from(Refusal::Unknown(name)))?;
    let by = SOMEBODY.to_owned();
    let ended = ask(request, EndOrders { process, by }).await?;
    Ok(HttpResponse::Ok().json(EndedOrders { ended: ended? }))
}

/// Who gives an order that names nobody.
const SOMEBODY: &str = "the page";

impl NewOrder {
    /// The order from now on, or what is wrong with it.
    fn draft(&self, now: chrono::DateTime<chrono::Utc>) -> Result<Draft, String> {
        let process = ProcessName::new(&self.process).map_err(|bad| bad.to_string())?;
        let lasts = lasting::of_order("`for`", &self.lasts)?;
        let text = |text: &Option<String>, most| {
            let told = one_line(text.as_deref().unwrap_or_default(), most);
            Some(told).filter(|told| !told.is_empty())
        };
        let lasts = TimeDelta::from_std(lasts).map_err(|error| error.to_string())?;
        Ok(Draft {
            process,
            kind: self.kind()?,
            owner: text(&self.owner, MOST_OF_OWNER).unwrap_or_else(|| SOMEBODY.to_owned()),
            because: text(&self.because, MOST_OF_REASON)
                .unwrap_or_else(|| "no reason given".to_owned()),
            begins: now,
            ends: now.checked_add_signed(lasts).ok_or("it lasts too long")?,
        })
    }

    fn kind(&self) -> Result<Kind, String> {
        let Self {
            kind,
            min,
            max,
            count,
            ..
        } = *self;
        let pause = |up, down| Kind::Pause { up, down };
        let (kind, wanted) = match kind {
            NewKind::Pause => (pause(true, true), [false, false]),
            NewKind::PauseUp => (pause(true, false), [false, false]),
            NewKind::PauseDown => (pause(false, true), [false, false]),
            NewKind::Override => (Kind::Override { min, max }, [true, false]),
            NewKind::Scale => {
                let count = count.ok_or("`scale` needs a `count`")?;
                (Kind::Scale { count }, [false, true])
            }
        };
        let numbers = [min, max, count].into_iter().flatten();
        if let Some(number) = numbers
            .max()
            .filter(|number| i64::from(*number) > MOST_PROCESSES)
        {
            return Err(format!(
                "{number} processes, and {MOST_PROCESSES} are the most"
            ));
        }
        let [bounds, exactly] = wanted;
        if !bounds && (min.is_some() || max.is_some()) {
            return Err("`min` and `max` are for `override`".to_owned());
        }
        if !exactly && count.is_some() {
            return Err("`count` is for `scale`".to_owned());
        }
        match (bounds, min, max) {
            (true, None, None) => Err("`override` needs `min`, `max` or both".to_owned()),
            (true, Some(min), Some(max)) if min > max => {
                Err(format!("`min` {min} is above `max` {max}"))
            }
            (true | false, _, _) => Ok(kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_whole() {
        let now = chrono::DateTime::from_timestamp(1_000_000, 0).unwrap();
        for (text, expected) in [
            (r#"{"process":"web","kind":"pause","for":"2h"}"#, Ok(())),
            (
                r#"{"process":"web","kind":"override","min":2,"for":"2h"}"#,
                Ok(()),
            ),
            (
                r#"{"process":"web","kind":"scale","count":6,"for":"30m","because":"a\nb"}"#,
                Ok(()),
            ),
            (
                r#"{"process":"web","kind":"scale","for":"30m"}"#,
                Err("needs a `count`"),
            ),
            (
                r#"{"process":"web","kind":"override","for":"30m"}"#,
                Err("needs `min`"),
            ),
            (
                r#"{"process":"web","kind":"override","min":3,"max":2,"for":"30m"}"#,
                Err("above"),
            ),
            (
                r#"{"process":"web","kind":"pause","count":2,"for":"30m"}"#,
                Err("is for `scale`"),
            ),
            (
                r#"{"process":"web","kind":"pause","min":2,"for":"30m"}"#,
                Err("are for `override`"),
            ),
            (
                r#"{"process":"web","kind":"scale","count":4000000000,"for":"1h"}"#,
                Err("100000 are the most"),
            ),
            (
                r#"{"process":"web","kind":"pause","for":"soon"}"#,
                Err("such as 90s"),
            ),
            (
                r#"{"process":"web","kind":"pause","for":"99d"}"#,
                Err("within 31 days"),
            ),
            (
                r#"{"process":"we b","kind":"pause","for":"1h"}"#,
                Err("letters"),
            ),
        ] {
            let order: NewOrder = serde_json::from_str(text).unwrap();
            match (order.draft(now), expected) {
                (Ok(draft), Ok(())) => {
                    assert!(!draft.because.contains('\n') && !draft.owner.is_empty());
                }
                (Err(why), Err(part)) => assert!(why.contains(part), "{text}: {why}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
