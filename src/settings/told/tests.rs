//! The pieces of what is told: wrapping, values as TOML, pages.

use serde_json::json;

use super::backends::capital;
use super::toml_text::written;
use super::*;

#[test]
fn wraps_at_the_width() {
    assert_eq!(wrapped("a bb ccc dddd", 6), ["a bb", "ccc", "dddd"]);
    assert_eq!(wrapped("longer-than-that a", 6), ["longer-than-that", "a"]);
    assert!(wrapped("", 6).is_empty());
}

#[test]
fn writes_values_as_toml() {
    let rows = [
        (json!(30.0), "30"),
        (json!(0.5), "0.5"),
        (json!(true), "true"),
        (json!("a \"b\" \\ \n"), r#""a \"b\" \\ \n""#),
        (json!("\u{6}"), r#""\u0006""#),
        (json!(["a", 1]), r#"["a", 1]"#),
        (
            json!({"1000": 2, "90": 1, "-5": "50%", "500": 3}),
            r#"{ "-5" = "50%", "90" = 1, "500" = 3, "1000" = 2 }"#,
        ),
        (
            json!({"18:30": 1, "7:30": 3, "2026-12-24 8:00": 9, "fri 8:00": 7}),
            r#"{ "7:30" = 3, "18:30" = 1, "fri 8:00" = 7, "2026-12-24 8:00" = 9 }"#,
        ),
    ];
    for (value, expected) in rows {
        assert_eq!(written(&value), expected);
    }
    assert_eq!(capital("one of"), "One of");
}

#[test]
fn every_backend_has_a_page_and_a_line() {
    let registry = Registry::built_in();
    let all = list(&registry);
    for room in Rooms::new(&registry).all() {
        for row in &room.rows {
            assert!(all.contains(row.name) && all.contains(row.summary));
            let page = describe(&registry, row.name).unwrap();
            for setting in room.settings(*row) {
                assert!(
                    page.contains(setting.name),
                    "{} lacks {}",
                    row.name,
                    setting.name
                );
            }
        }
    }
}

#[test]
fn dates_that_are_over_are_named_and_no_others() {
    let text = r#"
time_zone = "America/Vancouver"
[processes.web]
measurement = { measurement_url = "https://web.example.com/" }
scaling = { app_name = "a", api_key = "b" }
[processes.web.decision]
min_processes = { "0:00" = 1, "2026-12-24 8:00" = 2, "2026-12-23 8:00" = 2, "2026-12-23 9:00" = 3, "fri 8:00" = 1 }
[[processes.web.notification]]
quiet_hours = ["2025-01-01", "sat-sun", "2027-01-01 8:00-9:00"]
"#;
    let registry = Registry::built_in();
    let settings = crate::settings::load_text("x", text, &registry).unwrap();
    // In Vancouver it is still the 24th.
    let now = "2026-12-25T07:00:00Z".parse().unwrap();
    assert_eq!(
        past_dates(&settings, &registry, now),
        [
            "`processes.web.decision.min_processes` has dates that are over: 2026-12-23",
            "`processes.web.notification.quiet_hours` has dates that are over: 2025-01-01",
        ]
    );
}
