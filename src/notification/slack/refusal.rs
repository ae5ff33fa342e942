//! What Slack's answers mean, and what to mend. Pure: a status and a body in, a verdict out. Slack says a word of its own
//! with each status (api.slack.com, "Sending messages using incoming webhooks").

use super::super::posting::{Answer, Verdict};

/// The verdict on an answer of `shown`. `quote` makes a body fit for a sentence.
pub(super) fn judge(answer: &Answer, shown: &str, quote: &dyn Fn(&[u8]) -> String) -> Verdict {
    let status = answer.status;
    let word = std::str::from_utf8(&answer.body).unwrap_or_default().trim();
    if let Some(mend) = mend(word) {
        return Verdict::Refused(format!(
            "Slack refuses the notice ({status} {word}): {mend}"
        ));
    }
    let said = quote(&answer.body);
    match status {
        200 if word == "ok" => Verdict::Taken,
        200..=299 => Verdict::Refused(format!(
            "{shown} answers {status}, but not with Slack's `ok`, so nobody may have been told: is webhook_url right?{said}"
        )),
        300..=399 => Verdict::Refused(format!(
            "{shown} answers with a redirect ({status}), which is not followed: let webhook_url be the address that \
             answers itself"
        )),
        400 => Verdict::Refused(format!(
            "Slack does not understand the message (400){said}; an address under /services/ takes it, one of a workflow \
             (/triggers/) does not"
        )),
        403 => Verdict::Refused(format!(
            "Slack does not let this webhook post (403): ask the workspace's admins{said}"
        )),
        404 => Verdict::Refused(format!(
            "Slack knows no such webhook (404): make a new one and put its address into webhook_url{said}"
        )),
        410 => Verdict::Refused(format!(
            "what this webhook posted to is gone (410): make one for another channel and put its address into \
             webhook_url{said}"
        )),
        429 => Verdict::Later(
            "Slack takes no more from this webhook for now (429): about one message a second is allowed".to_owned(),
        ),
        500..=599 => Verdict::Later(format!("Slack is in trouble ({status}){said}")),
        _ => Verdict::Refused(format!("{shown} refuses the notice ({status}){said}")),
    }
}

/// What to do about a refusal in Slack's words, where that is known.
fn mend(word: &str) -> Option<&'static str> {
    let mend = match word {
        "no_service" | "no_service_id" | "no_active_hooks" => {
            "the webhook was removed or switched off, or webhook_url is mistyped; make a new one (api.slack.com/apps, \
             Incoming Webhooks) and put its address into webhook_url"
        }
        "invalid_token" => {
            "webhook_url is mistyped, or no longer valid; copy it anew from api.slack.com/apps, Incoming Webhooks"
        }
        "no_team" | "team_disabled" => {
            "its workspace is gone or switched off; make a webhook in another one"
        }
        "channel_not_found" => "its channel is gone; make a webhook for another channel",
        "channel_is_archived" => {
            "its channel is archived; unarchive it, or make a webhook for another channel"
        }
        "action_prohibited" => {
            "the workspace's admins do not allow it; ask them, or make a webhook for another channel"
        }
        "posting_to_general_channel_denied" => {
            "only admins may post to the general channel; make a webhook for another channel"
        }
        _ => return None,
    };
    Some(mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, body, verdict, and a part of what is said.
    const ANSWERS: &[(u16, &str, &str, &str)] = &[
        (200, "ok", "taken", ""),
        (200, "ok\n", "taken", ""),
        (200, "<html>log in", "refused", "not with Slack's `ok`"),
        (302, "", "refused", "redirect"),
        (
            400,
            "invalid_payload",
            "refused",
            "does not understand the message (400) <invalid_payload>",
        ),
        (400, "no_text", "refused", "does not understand the message"),
        (
            403,
            "action_prohibited",
            "refused",
            "(403 action_prohibited): the workspace's admins",
        ),
        (403, "invalid_token", "refused", "mistyped"),
        (
            403,
            "posting_to_general_channel_denied",
            "refused",
            "for another channel",
        ),
        (
            403,
            "something_new",
            "refused",
            "ask the workspace's admins <something_new>",
        ),
        (
            404,
            "no_service",
            "refused",
            "(404 no_service): the webhook was removed",
        ),
        (404, "no_team", "refused", "its workspace is gone"),
        (404, "channel_not_found", "refused", "its channel is gone"),
        (
            404,
            "",
            "refused",
            "knows no such webhook (404): make a new one",
        ),
        (410, "channel_is_archived", "refused", "unarchive it"),
        (410, "", "refused", "is gone (410)"),
        (429, "rate_limited", "later", "one message a second"),
        (
            500,
            "rollup_error",
            "later",
            "in trouble (500) <rollup_error>",
        ),
        (503, "", "later", "in trouble (503)"),
        (
            418,
            "teapot",
            "refused",
            "https://slack.test refuses the notice (418) <teapot>",
        ),
    ];

    #[test]
    fn each_answer_says_what_to_do() {
        for &(status, body, kind, part) in ANSWERS {
            let answer = Answer {
                status,
                body: body.into(),
            };
            let quote = |body: &[u8]| match body {
                [] => String::new(),
                body => format!(" <{}>", String::from_utf8_lossy(body)),
            };
            let (is, said) = match judge(&answer, "https://slack.test", &quote) {
                Verdict::Taken => ("taken", String::new()),
                Verdict::Refused(why) => ("refused", why),
                Verdict::Later(why) => ("later", why),
            };
            assert_eq!(is, kind, "{status} {body}");
            assert!(said.contains(part), "{status} {body}: {said}");
        }
    }
}
