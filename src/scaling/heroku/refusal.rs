//! Says in plain words why Heroku refused, and what to mend. Pure: a status and a body in, a sentence out.

use serde_json::Value;

use crate::model::Count;
use crate::settings::Secret;

/// The most characters of Heroku's own sentence that are repeated.
const LONGEST_QUOTE: usize = 300;

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The app.
    pub app: &'a str,
    /// The process type, where one was named in the request.
    pub process_type: Option<&'a str>,
    /// The key, to be kept out of every text even if Heroku should send it back.
    pub key: &'a Secret,
}

/// A refusal that asking again as it is will not turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What happened and what to mend.
    pub text: String,
    /// The most dynos that Heroku allows, when it said so.
    pub limit: Option<Count>,
    /// Whether it is only for as long as a release is under way.
    pub passes: bool,
}

/// Explains an answer that is neither a success nor worth another attempt.
pub fn explain(status: u16, body: &[u8], about: &About<'_>) -> Refusal {
    let said = Said::read(body);
    let app = about.app;
    let what = match status {
        401 => "Heroku refuses the key (401): api_key is wrong, expired or revoked; \
                make a new one with `heroku authorizations:create`"
            .to_owned(),
        402 => format!(
            "Heroku refuses because of an unpaid bill (402): settle the account that app `{app}` belongs to"
        ),
        403 if said.id == "suspended" => format!(
            "Heroku refuses (403): the account or the app `{app}` is suspended; ask Heroku's support why"
        ),
        403 => format!(
            "Heroku does not allow this key to do that to app `{app}` (403): give its account the right to operate \
             the app, or use a key with a wide enough scope"
        ),
        404 => not_found(&said, about),
        422 => unprocessable(&said, about),
        300..=399 => format!(
            "Heroku's address answers with a redirect ({status}), which is not followed with a key: check api_url"
        ),
        _ => format!("Heroku refuses the request for app `{app}` ({status})"),
    };
    Refusal {
        text: format!("{what}{}", said.quoted(about.key)),
        limit: if status == 422 { said.limit() } else { None },
        passes: status == 422 && said.is_of_a_release(),
    }
}

/// Heroku's own sentence in a body, for the texts of answers that are tried again: `; Heroku says: …`, or nothing.
pub fn quote(body: &[u8], key: &Secret) -> String {
    let said = Said::read(body);
    said.quoted(key)
}

fn not_found(said: &Said, about: &About<'_>) -> String {
    let app = about.app;
    let app_is_gone =
        said.resource == "app" || said.message.to_lowercase().contains("find that app");
    match about.process_type {
        Some(wanted) if !app_is_gone => format!(
            "Heroku knows no process type `{wanted}` in app `{app}` (404): check process_type against the Procfile of \
             the current release"
        ),
        Some(_) | None => format!(
            "Heroku knows no app `{app}` that this key can see (404): check app_name, and that the key's account has \
             access to it"
        ),
    }
}

fn unprocessable(said: &Said, about: &About<'_>) -> String {
    let app = about.app;
    let what = about.process_type.map_or_else(
        || format!("app `{app}`"),
        |kind| format!("{app}'s `{kind}`"),
    );
    if said.is_of_a_release() {
        return format!(
            "waiting for the release to finish: Heroku does not change the count of {what} before (422)"
        );
    }
    match said.limit() {
        Some(limit) => format!(
            "Heroku allows no more than {limit} dynos of this size for {what} (422): choose a larger plan or size, or \
             a lower max_processes"
        ),
        None if said.id == "verification_needed" => format!(
            "Heroku wants the account of app `{app}` verified first (422): add a payment method at heroku.com/verify"
        ),
        None => format!("Heroku cannot do what was asked of {what} (422)"),
    }
}

/// The body of an error, as far as it is one.
struct Said {
    id: String,
    message: String,
    resource: String,
    limit: Value,
}

impl Said {
    fn read(body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name| body.get(name).and_then(Value::as_str).unwrap_or_default();
        Self {
            id: text("id").to_owned(),
            message: text("message").to_owned(),
            resource: text("resource").to_owned(),
            limit: body.get("limit").cloned().unwrap_or_default(),
        }
    }

    fn limit(&self) -> Option<Count> {
        let written = self.limit.as_str().and_then(|text| text.parse().ok());
        let number = self.limit.as_u64().or(written)?;
        Count::try_from(number).ok()
    }

    /// Whether this is what an app with preboot answers until its release phase and its preboot are over. Known are the
    /// sentences `Cannot change formation for a preboot app until preboot is complete` and `… until release phase and
    /// preboot complete`, as users and another autoscaler's manual quote them. Which `id` comes with them is not known, so
    /// the sentence is what tells: one without an end (`preboot is not available for …`) does not pass.
    fn is_of_a_release(&self) -> bool {
        let message = self.message.to_lowercase();
        let about = message.contains("preboot") || message.contains("release phase");
        about && message.contains("until") && message.contains("complete")
    }

    fn quoted(&self, key: &Secret) -> String {
        // Masked before it is cut, so that no half of a key remains.
        let masked = match key.expose() {
            "" => self.message.clone(),
            key => self.message.replace(key, "***"),
        };
        let line = masked.split_whitespace().collect::<Vec<_>>().join(" ");
        let printable = line.chars().filter(|c| !c.is_control());
        let short: String = printable.take(LONGEST_QUOTE).collect();
        if short.is_empty() {
            return String::new();
        }
        format!("; Heroku says: {short}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, process_type: Option<&str>, expected: &[&str]) -> Refusal {
        let key = Secret::new("HRKU-123");
        let about = About {
            app: "example",
            process_type,
            key: &key,
        };
        let refusal = explain(status, body.as_bytes(), &about);
        for part in expected {
            assert!(
                refusal.text.contains(part),
                "{:?} has no {part:?}",
                refusal.text
            );
        }
        assert!(!refusal.text.contains("HRKU-123"), "{:?}", refusal.text);
        refusal
    }

    #[test]
    fn each_status_says_what_to_mend() {
        check(
            401,
            r#"{"id":"unauthorized","message":"Invalid credentials: HRKU-123."}"#,
            None,
            &["api_key", "Invalid credentials: ***."],
        );
        check(402, "", None, &["unpaid", "example"]);
        check(403, "{}", None, &["allow", "scope"]);
        check(403, r#"{"id":"suspended"}"#, None, &["suspended"]);
        check(418, "tea", None, &["418"]);
        check(302, "", None, &["redirect", "api_url"]);
    }

    #[test]
    fn what_is_not_found_is_told_apart() {
        let app = r#"{"resource":"app","id":"not_found","message":"Couldn't find that app."}"#;
        let kind = r#"{"id":"not_found","message":"Couldn't find that process type (web)."}"#;
        check(404, app, None, &["no app `example`", "app_name"]);
        check(404, app, Some("web"), &["no app `example`", "app_name"]);
        check(
            404,
            kind,
            Some("web"),
            &["no process type `web`", "Procfile"],
        );
        check(404, "", None, &["no app `example`"]);
    }

    #[test]
    fn a_limit_is_read_where_it_is_told() {
        let free = r#"{"limit":2,"size":11,"id":"cannot_run_above_limit","message":"Cannot run more than 2 Free size dynos."}"#;
        let refusal = check(
            422,
            free,
            Some("web"),
            &["no more than 2", "max_processes", "Free size"],
        );
        assert_eq!(refusal.limit, Some(2));
        let hobby = r#"{"id":"invalid_params","message":"Cannot update to more than 1 Hobby size dynos per process type."}"#;
        let refusal = check(422, hobby, Some("web"), &["more than 1 Hobby"]);
        assert_eq!(refusal.limit, None);
        check(
            422,
            r#"{"id":"verification_needed"}"#,
            Some("web"),
            &["verified"],
        );
        assert_eq!(check(422, r#"{"limit":"2"}"#, None, &[]).limit, Some(2));
        assert_eq!(check(422, r#"{"limit":-2}"#, None, &[]).limit, None);
        assert_eq!(check(404, r#"{"limit":2}"#, None, &[]).limit, None);
    }

    #[test]
    fn a_release_passes() {
        for (status, message, passes, because) in [
            (
                422,
                "Cannot change formation for a preboot app until preboot is complete",
                true,
                "as it was some years ago",
            ),
            (
                422,
                "Cannot change formation for a preboot app until release phase and preboot complete.",
                true,
                "as it is now",
            ),
            (
                422,
                "Preboot is not available for Eco dynos.",
                false,
                "that lasts",
            ),
            (
                422,
                "Cannot run more than 2 Eco size dynos.",
                false,
                "a limit",
            ),
            (
                404,
                "Cannot change formation for a preboot app until preboot is complete",
                false,
                "another status",
            ),
        ] {
            let body = serde_json::json!({ "message": message }).to_string();
            let refusal = check(status, &body, Some("web"), &[message]);
            assert_eq!(refusal.passes, passes, "{because}: {message}");
            let waits = refusal
                .text
                .starts_with("waiting for the release to finish");
            assert_eq!(waits, passes, "{}", refusal.text);
        }
    }

    #[test]
    fn a_long_answer_is_cut_to_one_line() {
        let body = format!(r#"{{"message":"a\n\u0007b {}"}}"#, "x".repeat(5000));
        let text = check(500, &body, None, &["Heroku says: a b xxx"]).text;
        assert!(text.len() < 500, "{}", text.len());
    }
}
