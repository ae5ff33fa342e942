//! Tells a Slack channel, by an incoming webhook: one message a notice. Such a webhook is bound to its channel, so that
//! there is no channel to set. What a message looks like is `message`'s, what Slack's refusals mean is `refusal`'s.

mod message;
mod refusal;

use std::rc::Rc;

use async_trait::async_trait;
use reqwest::Url;
use reqwest::header::HeaderMap;

use super::posting::{Post, TLS_CA_FILE};
use super::{Notice, NotificationBackend, NotifyError};
use crate::backend::{Backend, BuildError, Site};
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};

/// The row in the room's table.
pub static BACKEND: Backend<dyn NotificationBackend> = Backend {
    name: "slack",
    summary: "a Slack channel, by an incoming webhook",
    settings: &[WEBHOOK_URL, TLS_CA_FILE],
    example: "backend = \"slack\"\nwebhook_url = \"${SLACK_WEBHOOK_URL}\"\nnotify_on_every_scale = true",
    check,
    build,
};

/// A secret as a whole: who has it can write into the channel.
const WEBHOOK_URL: Setting = Setting::secret(
    "webhook_url",
    Kind::Url(&["http", "https"]),
    Default::Required,
    "The address of an incoming webhook (`https://hooks.slack.com/services/…`), which a Slack app makes for one channel \
     under api.slack.com/apps, Incoming Webhooks. http, which would show it to everybody on the way, only to this machine.",
);

struct Slack(Post);

#[async_trait(?Send)]
impl NotificationBackend for Slack {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let body = message::message(notice).to_string();
        let judge = |answer: &_| refusal::judge(answer, self.0.shown(), &|body| self.0.quote(body));
        self.0.deliver(&body, |_| HeaderMap::new(), judge).await
    }
}

fn build(section: &Section, site: &Site) -> Result<Rc<dyn NotificationBackend>, BuildError> {
    let post = Post::new(section, site, WEBHOOK_URL.name, Vec::new())?;
    Ok(Rc::new(Slack(post)))
}

fn check(section: &Section) -> Vec<Fault> {
    let Some(Ok(url)) = section.text(WEBHOOK_URL.name).map(Url::parse) else {
        return Vec::new();
    };
    let near = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let right = "https://hooks.slack.com/services/… as Slack shows it";
    let mut faults = Vec::new();
    if url.scheme() == "http" && !near {
        let wrong = "with http, everybody on the way could read it, and so write into the channel";
        faults.push(Fault::at(WEBHOOK_URL.name, wrong, right));
    }
    if url.path().trim_matches('/').is_empty() {
        faults.push(Fault::at(
            WEBHOOK_URL.name,
            "it is not whole: nothing stands after its host",
            right,
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn faults_are_found_before_the_first_notice() {
        for (url, expected) in [
            ("https://hooks.slack.com/services/T0/B0/hunter2", None),
            ("http://localhost:8065/hooks/hunter2", None),
            ("http://[::1]:8065/hooks/hunter2", None),
            ("http://slack.test/hooks/hunter2", Some("with http")),
            ("https://hooks.slack.com/", Some("it is not whole")),
        ] {
            let table = json!({"webhook_url": url});
            let section = Section::new(table.as_object().cloned().unwrap(), Vec::new());
            let found: Vec<_> = check(&section)
                .into_iter()
                .map(|fault| fault.wrong)
                .collect();
            assert_eq!(found.len(), usize::from(expected.is_some()), "{url}");
            let said = found.concat();
            assert!(said.starts_with(expected.unwrap_or_default()), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
