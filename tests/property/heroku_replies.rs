//! Whatever bytes Heroku sends, its readers give a value or an error and never panic; and how the network cuts them is
//! of no consequence.

use autoscalebot::measurement::heroku_service_time::lines::Lines;
use autoscalebot::measurement::heroku_service_time::router_line::parse_router_line;
use autoscalebot::scaling::heroku::formation::{parse_formation, parse_one};
use autoscalebot::scaling::heroku::refusal::{About, explain};
use autoscalebot::scaling::heroku::retry::retry_after;
use autoscalebot::settings::Secret;
use chrono::DateTime;
use proptest::prelude::*;

use crate::runner::holds;

/// Text of the pieces that router lines are made of, in any order.
fn router_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "at=",
        "at=info",
        "at=error",
        "sock=backend",
        "code=H12",
        "desc=",
        "path=",
        "request_id=",
        "service=",
        "connect=",
        "ms",
        "12",
        " ",
        "=",
        "\"",
        "\\",
        "heroku[router]:",
        "2026-01-01T00:00:00+00:00 ",
        "é",
        "\u{0}",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

#[test]
fn any_bytes_are_a_formation_or_not() {
    holds(prop::collection::vec(any::<u8>(), 0..200), |body| {
        parse_formation(&body).ok();
        parse_one(&body).ok();
        Ok(())
    });
}

#[test]
fn any_text_is_the_routers_or_not() {
    holds((".*", router_like()), |(text, made)| {
        for line in [text, made] {
            if let Some(found) = parse_router_line(&line) {
                prop_assert!(!found.at.is_empty());
                prop_assert!(
                    found
                        .service_ms
                        .is_none_or(|ms| ms.is_finite() && ms >= 0.0)
                );
            }
        }
        Ok(())
    });
}

#[test]
fn an_id_is_found_beside_any_path() {
    holds("[ -~]{0,60}", |path| {
        let quoted = path.replace('\\', "\\\\").replace('"', "\\\"");
        let line = format!("at=info path=\"{quoted}\" request_id=ours service=7ms status=200");
        let found = parse_router_line(&line).expect("a router's line");
        prop_assert_eq!(found.request_id.as_deref(), Some("ours"));
        prop_assert_eq!(found.service_ms, Some(7.0));
        Ok(())
    });
}

#[test]
fn lines_are_the_same_however_they_are_cut() {
    let byte = prop::sample::select(b"ab:\n\r data".to_vec());
    let inputs = (prop::collection::vec(byte, 0..200), 1_usize..20);
    holds(inputs, |(bytes, size)| {
        let (mut whole, mut cut) = (Vec::new(), Vec::new());
        Lines::default().feed(&bytes, |line| whole.push(line.to_owned()));
        let mut lines = Lines::default();
        for piece in bytes.chunks(size) {
            lines.feed(piece, |line| cut.push(line.to_owned()));
        }
        prop_assert_eq!(whole, cut);
        Ok(())
    });
}

#[test]
fn no_refusal_shows_the_key() {
    let inputs = (300_u16..600, ".{0,400}", ".{0,400}");
    holds(inputs, |(status, before, after)| {
        let key = Secret::new("HRKU-12345678");
        let message = format!("{before}{}{after}", key.expose());
        let body = serde_json::json!({ "message": message }).to_string();
        let about = About {
            app: "example",
            process_type: None,
            key: &key,
        };
        let text = explain(status, body.as_bytes(), &about).text;
        prop_assert!(!text.contains("12345678"), "{}", text);
        Ok(())
    });
}

#[test]
fn any_retry_after_is_understood_or_not() {
    holds(".*", |header| {
        retry_after(&header, DateTime::UNIX_EPOCH);
        Ok(())
    });
}
