//! A notice as a Slack message: blocks for the channel, and a line of text for what shows no blocks (the pop-up on a
//! phone). Pure.

use serde_json::{Value, json};

use crate::notification::{Notice, Phase};
use crate::one_line::one_line;

/// The most characters that Slack takes as the text of a section.
const MOST_IN_A_SECTION: usize = 3_000;

/// The most characters of a reason.
const MOST_OF_A_REASON: usize = 2_500;

/// The body of the POST.
pub(super) fn message(notice: &Notice) -> Value {
    let headline = format!("*{}*", escaped(&notice.subject(), MOST_IN_A_SECTION));
    let reason = one_line(&notice.reason, MOST_OF_A_REASON);
    let room = MOST_IN_A_SECTION - headline.chars().count().min(MOST_IN_A_SECTION) - 1;
    let told = match reason.as_str() {
        "" => headline,
        reason => format!("{headline}\n{}", escaped(reason, room)),
    };
    json!({
        "text": escaped(&notice.text(), MOST_IN_A_SECTION),
        "blocks": [
            {"type": "section", "text": mrkdwn(&told)},
            {"type": "context", "elements": [mrkdwn(&facts(notice))]},
        ],
    })
}

/// Slack's markup. `verbatim`: what looks like a link, a channel or a name in a reason is none.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// Which event, whether it lasts, in which cycle, and when.
fn facts(notice: &Notice) -> String {
    let lasts = match notice.phase {
        Phase::Moment => "",
        Phase::Holds => ", lasts (you are told when it ends)",
        Phase::Ended => ", has ended",
    };
    let cycle = match notice.cycle {
        0 => String::new(),
        cycle => format!(" · cycle {cycle}"),
    };
    let at = notice.at.format("%Y-%m-%d %H:%M:%S UTC");
    format!("`{}`{lasts}{cycle} · {at}", notice.event)
}

/// Text of ours or from elsewhere, in which nothing is markup of Slack's that could call people (`<!channel>`) or hide a
/// link; of at most `most` characters, of which an escaped one counts as many as it became.
fn escaped(text: &str, most: usize) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut length = 0;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut plain = [0; 4];
        let piece = match letter {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            other => other.encode_utf8(&mut plain),
        };
        let width = piece.chars().count();
        // A place is kept for the `…`, unless this is the end.
        let end = if letters.peek().is_none() {
            most
        } else {
            most.saturating_sub(1)
        };
        if length + width > end {
            escaped.push('…');
            return escaped;
        }
        escaped.push_str(piece);
        length += width;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ProcessName;
    use crate::notification::Event;

    fn notice(reason: &str) -> Notice {
        Notice {
            process: ProcessName::new("web").unwrap(),
            event: Event::Scale,
            phase: Phase::Moment,
            at: "2026-03-02T12:00:00Z".parse().unwrap(),
            cycle: 7,
            from: Some(2),
            to: Some(3),
            direction: None,
            reason: reason.to_owned(),
        }
    }

    fn section(notice: &Notice) -> String {
        let message = message(notice);
        message["blocks"][0]["text"]["text"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn a_message_has_all_facts() {
        let expected = json!({
            "text": "web: scale up 2 -&gt; 3: the last 3 results are above 300 ms",
            "blocks": [
                {"type": "section", "text": {
                    "type": "mrkdwn",
                    "text": "*web: scale up 2 -&gt; 3*\nthe last 3 results are above 300 ms",
                    "verbatim": true,
                }},
                {"type": "context", "elements": [{
                    "type": "mrkdwn",
                    "text": "`scale` · cycle 7 · 2026-03-02 12:00:00 UTC",
                    "verbatim": true,
                }]},
            ],
        });
        assert_eq!(
            message(&notice("the last 3 results are above 300 ms")),
            expected
        );
    }

    #[test]
    fn a_condition_says_that_it_lasts() {
        for (phase, expected) in [
            (
                Phase::Holds,
                "`above_max`, lasts (you are told when it ends) · 2026-03-02 12:00:00 UTC",
            ),
            (
                Phase::Ended,
                "`above_max`, has ended · 2026-03-02 12:00:00 UTC",
            ),
        ] {
            let notice = Notice {
                event: Event::AboveMax,
                phase,
                cycle: 0,
                ..notice("busy")
            };
            assert_eq!(facts(&notice), expected);
        }
    }

    #[test]
    fn a_reason_from_elsewhere_calls_nobody_and_is_bounded() {
        let said = section(&notice("<!channel> a & b\r\n<https://evil.test|here>"));
        let expected =
            "*web: scale up 2 -&gt; 3*\n&lt;!channel&gt; a &amp; b &lt;https://evil.test|here&gt;";
        assert_eq!(said, expected);
        for flood in ["x", "<", "&", "é<"] {
            let message = message(&notice(&flood.repeat(100_000)));
            let text = message["blocks"][0]["text"]["text"].as_str().unwrap();
            assert!(text.chars().count() <= MOST_IN_A_SECTION, "{flood}");
            assert!(text.ends_with('…'), "{flood}");
            let cut = text.rsplit_once('&').map_or("", |(_, last)| last);
            assert!(
                cut.is_empty() || cut.contains(';'),
                "no half of an escape: {cut}"
            );
            let fallback = message["text"].as_str().unwrap();
            assert!(fallback.chars().count() <= MOST_IN_A_SECTION, "{flood}");
        }
        assert_eq!(
            section(&notice(" \n")),
            "*web: scale up 2 -&gt; 3*",
            "no reason"
        );
    }

    #[test]
    fn a_text_is_cut_at_its_width() {
        for (text, most, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("a<", 5, "a&lt;"),
            ("a<", 4, "a…"),
            ("a<b", 5, "a…"),
            ("a<b", 6, "a&lt;b"),
            ("", 0, ""),
        ] {
            assert_eq!(escaped(text, most), expected, "{text} {most}");
        }
    }
}
