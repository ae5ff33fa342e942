//! Settings: no text makes the loader panic, what loads once loads again equal, and no edit of a file brings one of its
//! secrets to light.

use autoscalebot::backend::Registry;
use autoscalebot::settings::schema::Setting;
use autoscalebot::settings::{Problem, Problems, Settings, Source, load, summary};
use autoscalebot::{decision, measurement, notification, scaling};
use proptest::prelude::*;

use crate::runner::holds;

/// A secret wherever this file has one, and the password of every URL.
const SECRET: &str = "hunter2";

/// What else the environment holds: no problem may tell it.
const ELSE: [&str; 2] = ["env3lope", "76543"];

fn environment(name: &str) -> Option<String> {
    let value = match name {
        "URL" => "redis://bot:hunter2@example.com/0?key=hunter2",
        "WORD" => "env3lope",
        "NUMBER" => "76543",
        _ => return None,
    };
    Some(value.to_owned())
}

/// Every kind of setting, with secrets in all the ways in which they can be written.
const FILE: &str = r#"
time_zone = "Europe/Vienna"

[supervision]
max_restarts = 4

[defaults.decision]
history_length = 20
min_processes = { "0:00" = 1, "7:30" = 3 }

[processes.web.measurement]
base_url = "https://bot:hunter2@example.com" # hunter2
measurement_url = "/m/?token=hunter2"
headers = { Authorization = "Bearer hunter2", "X-Key" = 'hunter2' }

[processes.web.decision]
max_processes = { "0:00" = 4, "7:30" = 9 }

[processes.web]
scaling = { app_name = "shop", api_key = "hunter2", timeout_in_seconds = 5 }

[processes.celery.measurement]
backend = "celery_redis_queue_size"
redis_url = "redis://:hunter2@localhost:6379/0"

[processes.celery.decision]
backend = "average_threshold"
min_processes = 0

[processes.celery.scaling]
app_name = "shop"
api_key = """
hunter2"""

[[processes.celery.notification]]
backend = ["email", "console"]
smtp_url = "smtps://bot:hunter2@mail.example.com"
to = ["ops@example.com"]
quiet_hours = ["22:00-7:00"]
"#;

fn read(text: &str) -> Result<Settings, Problems> {
    let source = Source::new("bot.toml", text);
    load(&source, &Registry::built_in(), &environment)
}

/// All that can be shown of a file, whether it loads or not.
fn shown(text: &str) -> String {
    match read(text) {
        Ok(settings) => format!(
            "{settings:?}\n{}",
            summary(&settings, &Registry::built_in())
        ),
        Err(problems) => {
            assert!(
                problems.iter().next().is_some(),
                "a refusal without a problem"
            );
            let messages: Vec<String> = problems.iter().map(Problem::message).collect();
            let shown = format!(
                "{problems:?}\n{}\n{}\n{}",
                problems.render(false),
                problems.render(true),
                messages.join("\n")
            );
            for value in ELSE {
                assert!(!shown.contains(value), "{text}\n{shown}");
            }
            shown
        }
    }
}

/// Every setting of every backend: its step, the backend, its name.
fn every_setting() -> Vec<(&'static str, &'static str, &'static str)> {
    let registry = Registry::built_in();
    let mut all = Vec::new();
    let mut add = |step, backend, own: &[Setting], shared: &[Setting]| {
        all.push((step, backend, "backend"));
        let settings = own.iter().chain(shared);
        all.extend(settings.map(|setting| (step, backend, setting.name)));
    };
    for row in &registry.measurement {
        add("measurement", row.name, row.settings, measurement::SHARED);
    }
    for row in &registry.decision {
        add("decision", row.name, row.settings, decision::SHARED);
    }
    for row in &registry.scaling {
        add("scaling", row.name, row.settings, scaling::SHARED);
    }
    for row in &registry.notification {
        add("notification", row.name, row.settings, notification::SHARED);
    }
    all
}

/// A file that loads, but for one setting that holds something it should not.
fn file_with(step: &str, backend: &str, setting: &str, value: &str) -> String {
    let mut text = String::new();
    let tables = [
        (
            "measurement",
            "measurement_url = \"https://example.com/\"\n",
        ),
        ("scaling", "app_name = \"shop\"\napi_key = \"k\"\n"),
    ];
    for (other, table) in tables.iter().filter(|(other, _)| *other != step) {
        text.push_str(&["[processes.web.", other, "]\n", table].concat());
    }
    text.push_str(&["[processes.web.", step, "]\n"].concat());
    let needed = [
        ("app_name", "\"shop\""),
        ("api_key", "\"k\""),
        ("command", "\"true\""),
        ("measurement_url", "\"https://example.com/\""),
        ("smtp_url", "\"smtp://localhost\""),
        ("to", "\"ops@example.com\""),
        ("backend", &format!("\"{backend}\"")),
    ];
    let has = |name: &str| name == "backend" || every_setting().contains(&(step, backend, name));
    for (name, good) in needed {
        if name != setting && has(name) {
            text.push_str(&[name, " = ", good, "\n"].concat());
        }
    }
    text + &format!("{setting} = {value}\n")
}

/// Whatever stands in the wrong place, neither a URL's password nor what came from the environment is told.
#[test]
fn no_setting_brings_a_password_or_the_environment_to_light() {
    let values = [
        r#""redis://bot:hunter2@example.com/0?key=hunter2""#,
        r#"["redis://bot:hunter2@h", "redis://bot:hunter2@h"]"#,
        r#""${URL}""#,
        r#"["${URL}", "${URL}"]"#,
        r#""${WORD}""#,
        r#"["x ${WORD}", "x ${WORD}"]"#,
        r#""${NUMBER}""#,
        r#"{ "8:00" = "${NUMBER}", "8:0" = "${WORD}", "9:00" = "${URL}" }"#,
    ];
    for (step, backend, setting) in every_setting() {
        for value in values {
            let text = file_with(step, backend, setting, value);
            let shown = shown(&text);
            assert!(!shown.contains(SECRET), "{text}\n{shown}");
        }
    }
    for top in [
        "time_zone = \"${URL}\"",
        "time_zone = \"${WORD}\"",
        "time_zone = \"redis://bot:hunter2@h\"",
        "[supervision]\nmax_restarts = \"${WORD}\"",
        "[defaults]\nnotification = { notify_on = \"${URL}\" }",
    ] {
        let text = format!(
            "{top}\n{}",
            file_with("notification", "console", "quiet_hours", "[]")
        );
        let shown = shown(&text);
        assert!(!shown.contains(SECRET), "{text}\n{shown}");
    }
}

/// Pieces of configuration files, right and wrong, to be put together in any order.
fn piece() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "[processes.web.measurement]\n",
        "[processes.web.decision]\n",
        "[processes.web.scaling]\n",
        "[[processes.web.notification]]\n",
        "[defaults.scaling]\n",
        "[supervision]\n",
        "backend = 'local'\n",
        "backend = ['email', 'nobody']\n",
        "backend = 'redis://:hunter2@host'\n",
        "notify_on = ['scale', '${URL}']\n",
        "to = \"${URL}\"\n",
        "from = 'smtp://bot:hunter2@host'\n",
        "queue_name = ['${URL}', '${WORD}', '${URL}', '${WORD}']\n",
        "min_processes = '${NUMBER}'\n",
        "backend = \"heroku_service_time\"\n",
        "command = \"x 'hunter2\"\n",
        "max_processes = { '8:00' = -1, '9:00' = 'hunter2' }\n",
        "min_time_ms = 1e400\n",
        "notify_on = ['scale', 'scale', 5]\n",
        "api_key = 'hunter2'\n",
        "worker_name = \"${X:-a}\"\n",
        "scaling = { api_key = 'hunter2' }\n",
        "headers = { a = 'hunter2', b.c = 'hunter2' }\n",
        "port = 0x_f\n",
        "timeout_in_seconds = -0.0\n",
        "quiet_hours = '1:00-2:00'\n",
        "\u{feff}",
        "\r\n",
        "measurement_url = \"https://[::1]:9/?k=hunter2\"\n",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => "[ -~\n]{0,12}"]
}

#[test]
fn no_text_makes_the_loader_panic() {
    holds("\\PC{0,80}", |text| {
        shown(&text);
        Ok(())
    });
}

#[test]
fn no_file_of_pieces_makes_it_panic_or_shows_a_secret() {
    holds(prop::collection::vec(piece(), 0..14), |pieces| {
        let text = pieces.concat();
        let shown = shown(&text);
        prop_assert!(!shown.contains(SECRET), "{text}\n{shown}");
        Ok(())
    });
}

#[test]
fn no_edit_brings_a_secret_to_light() {
    let letter = prop::option::of("[\\[\\]{}.='\"#\n ,x0:/@?_-]");
    let edits = prop::collection::vec((0..FILE.len(), letter), 1..4);
    holds(edits, |edits| {
        let mut text = FILE.to_owned();
        for (at, letter) in edits {
            let at = at.min(text.len() - 1);
            // An edit inside the secret makes it another one.
            let near = &text[at.saturating_sub(SECRET.len())..(at + SECRET.len()).min(text.len())];
            match letter {
                _ if near.contains('h') && near.contains("te") => {}
                // Without its `?`, a query is a path like any other.
                None if text[at..].starts_with('?') => {}
                Some(letter) => text.insert_str(at, &letter),
                None => drop(text.remove(at)),
            }
        }
        let shown = shown(&text);
        prop_assert!(!shown.contains(SECRET), "{text}\n{shown}");
        Ok(())
    });
}

#[test]
fn a_loaded_file_loads_again_equal() {
    let order = Just(FILE.trim().split("\n\n").collect::<Vec<_>>()).prop_shuffle();
    let inputs = (order, 3_u32..50, 5_u32..100, 1_u32..500);
    holds(inputs, |(order, max, history, interval)| {
        // The time zone stands above all tables.
        let (top, tables): (Vec<&str>, Vec<&str>) =
            order.into_iter().partition(|block| !block.starts_with('['));
        let fill = |text: &str| {
            text.replace(
                "history_length = 20",
                &format!("history_length = {history}"),
            )
            .replace("\"7:30\" = 9", &format!("\"7:30\" = {max}"))
            .replace(
                "[processes.celery.measurement]",
                &format!(
                    "[processes.celery.measurement]\nmeasurement_interval_in_seconds = {interval}"
                ),
            )
        };
        let shuffled = fill(&format!(
            "{}\n\n{}\n",
            top.join("\n\n"),
            tables.join("\n\n")
        ));
        let first =
            read(&shuffled).map_err(|problems| TestCaseError::fail(problems.to_string()))?;
        let (again, in_order) = (read(&shuffled).ok(), read(&fill(FILE)).ok());
        prop_assert_eq!(Some(&first), again.as_ref());
        prop_assert_eq!(Some(&first), in_order.as_ref());
        Ok(())
    });
}
