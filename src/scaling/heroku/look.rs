//! One look at an app: its formation and its dynos, asked for at the same time, once for all who wait.
//!
//! ```text
//!   GET formation ──────▶ the counts                   a failure is the look's
//!   GET dynos     ──────────▶ how many of them are up  a failure leaves that unknown, and so do few calls left
//!                         └─ 2 s, or half of the time left, are waited for it when the other is there
//! ```

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use log::info;
use reqwest::Method;

use super::api::{Ask, Failure};
use super::app::App;
use super::dynos::{Dyno, parse_dynos};
use super::formation::{Formation, parse_formation};
use super::patience::Patience;

/// The most pages of one list: an app has far fewer process types and dynos than these hold.
const MOST_PAGES: usize = 50;

/// How much longer than for the formation is waited for the dynos.
const GRACE: Duration = Duration::from_secs(2);

/// What was seen of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its process types.
    pub formation: Vec<Formation>,
    /// Its dynos; `None`: nobody knows how they are.
    pub dynos: Option<Vec<Dyno>>,
}

impl App {
    /// Looks.
    pub(super) async fn look(&self, patience: &Patience) -> Result<Seen, Failure> {
        let formation = pin!(self.list("formation", parse_formation, patience));
        if self.is_sparing() {
            let formation = formation.await?;
            return Ok(Seen {
                formation,
                dynos: None,
            });
        }
        // They are asked for once: what a busy Heroku does not tell now, it tells at the next tick.
        let impatience = Patience::until(Duration::ZERO);
        let dynos = pin!(self.list("dynos", parse_dynos, &impatience));
        let (formation, dynos) = match select(formation, dynos).await {
            Either::Left((formation, dynos)) => {
                let formation = formation?;
                let left = self.api().clock().until(patience.deadline());
                let dynos = tokio::time::timeout(GRACE.min(left / 2), dynos).await;
                (formation, dynos.unwrap_or_else(|_late| Err(late())))
            }
            Either::Right((dynos, formation)) => (formation.await?, dynos),
        };
        self.note_unread(dynos.as_ref().err());
        Ok(Seen {
            formation,
            dynos: dynos.ok(),
        })
    }

    /// A list of several pages, to its end.
    async fn list<T, E: std::fmt::Display>(
        &self,
        name: &'static str,
        parse: impl Fn(&[u8]) -> Result<Vec<T>, E>,
        patience: &Patience,
    ) -> Result<Vec<T>, Failure> {
        let mut all = Vec::new();
        let mut page = None;
        for _ in 0..MOST_PAGES {
            let ask = Ask {
                method: Method::GET,
                path: &[name],
                body: None,
                page,
                process_type: None,
            };
            let answer = self.api().call(&ask, patience).await?;
            all.extend(parse(&answer.body).map_err(|error| {
                Failure::Unavailable(format!(
                    "Heroku at {} answered, but {error}",
                    self.api().shown()
                ))
            })?);
            page = answer.next_page;
            if page.is_none() {
                return Ok(all);
            }
        }
        Err(Failure::Unavailable(format!(
            "Heroku's {name} list has more than {MOST_PAGES} pages"
        )))
    }

    /// Logs once that the dynos cannot be read, and once that they can be again.
    fn note_unread(&self, failure: Option<&Failure>) {
        let app = self.api().app();
        match (self.dynos_are_unread.replace(failure.is_some()), failure) {
            (false, Some(failure)) => {
                info!(backend = "heroku"; "how many dynos of app `{app}` are up is not known: {failure}");
            }
            (true, None) => {
                info!(backend = "heroku"; "how many dynos of app `{app}` are up is known again");
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
}

fn late() -> Failure {
    Failure::Unavailable("Heroku told the formation, but not in good time the dynos".to_owned())
}
