//! Do the configuration files tell the truth? Every example loads, every invalid file fails with the message and at the
//! place that it states, the reference is what the program prints, and no rendering shows a secret.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use autoscalebot::backend::Registry;
use autoscalebot::settings::{
    Problems, Settings, Source, describe, list, load, load_file, reference, summary,
};

/// What stands for a secret wherever one may stand: in the files, and in the environment.
const SECRET: &str = "hunter2";

fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

/// The variables that the examples name. All that may be secret has [`SECRET`] in it.
fn environment(name: &str) -> Option<String> {
    let value = match name {
        "HEROKU_API_KEY" | "MEASUREMENT_TOKEN" | "SECRET" => SECRET,
        "HEROKU_APP_NAME" => "dancing-forest-1234",
        "MEASUREMENT_URL" => "https://web.example.com/measure/",
        "WEB_URL" => "https://web.example.com",
        "REDIS_URL" => "rediss://:hunter2@redis.example.com:6380/0?ssl_cert_reqs=none",
        "SMTP_URL" => "smtps://bot:hunter2@mail.example.com",
        "SLACK_WEBHOOK_URL" => "https://hooks.slack.com/services/T0/B0/hunter2",
        "WEBHOOK_URL" => "https://alerts.example.com/hooks/hunter2",
        "WEBHOOK_SECRET" => "whsec_hunter2hunter2hunter2hunter2hunt",
        "DATABASE_URL" => "postgres://app:hunter2@db.example.com/app",
        "NUMBER" => "7",
        "TRUTH" => "true",
        "INTAKE_TOKEN" => "hunter2-of-the-source",
        "AUTOSCALEBOT_TOKEN" => "hunter2-of-the-server",
        "PORT" => "8787",
        "HIREFIRE_TOKEN" => "aaaa-bbbb",
        "WORD" => "seven",
        "EMPTY" => "",
        _ => return None,
    };
    Some(value.to_owned())
}

fn load_text(name: &str, text: &str) -> Result<Settings, Problems> {
    load(
        &Source::new(name, text),
        &Registry::built_in(),
        &environment,
    )
}

fn files(folder: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(config().join(folder)).unwrap();
    let mut files: Vec<(String, String)> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[track_caller]
fn loads(name: &str, text: &str) -> Settings {
    load_text(name, text).unwrap_or_else(|problems| panic!("{name} does not load:\n{problems}"))
}

/// The lines of a file's head that begin with a mark: `# expect: …`.
fn stated<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    text.lines()
        .filter_map(|line| line.strip_prefix(mark).map(str::trim))
        .collect()
}

#[test]
fn the_smallest_file_loads() {
    let text = fs::read_to_string(config().join("autoscalebot.toml")).unwrap();
    let settings = loads("autoscalebot.toml", &text);
    let process = &settings.processes[0];
    let backends = [&process.measurement, &process.decision, &process.scaling];
    assert_eq!(
        backends.map(|step| step.backend.as_str()),
        ["response_time", "consecutive_threshold", "heroku"]
    );
    assert_eq!(process.scaling.section.text("process_type"), Some("web"));
    assert_eq!(process.notification[0].backend, "console");
}

#[test]
fn the_specifications_file_loads() {
    let text = r#"
time_zone = "America/Vancouver"

[processes.web.measurement]
backend = "response_time"
measurement_url = "https://dancing-forest-1234.example.com/my-custom-measurement/"
measurement_interval_in_seconds = 30
min_time_ms = 500
max_time_ms = 1000

[processes.web.decision]
backend = "consecutive_threshold"
min_processes = { "0:00" = 1, "8:00" = 3, "18:00" = 1 }
max_processes = 5
post_scale_wait_time_seconds = 60

[processes.web.scaling]
backend = "heroku"
app_name = "dancing-forest-1234"
api_key = "${HEROKU_API_KEY}"
process_type = "web"

[[processes.web.notification]]
backend = "email"
to = ["ops@example.com"]
smtp_url = "${SMTP_URL}"

[[processes.web.notification]]
backend = "console"
notify_on_every_scale = true
"#;
    let settings = loads("specification", text);
    let web = &settings.processes[0];
    assert_eq!(settings.time_zone.name(), "America/Vancouver");
    let decision = &web.decision.section;
    assert_eq!(decision.number("min_measurement_value"), Some(500.0));
    assert_eq!(decision.number("max_measurement_value"), Some(1000.0));
    assert_eq!(web.scaling.section.text("api_key"), Some(SECRET));
    assert_eq!(web.notification.len(), 2);
}

#[test]
fn the_readmes_configuration_loads() {
    let readme = include_str!("../README.md");
    let blocks: Vec<_> = readme
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        loads("README.md", block);
    }
}

#[test]
fn every_example_loads() {
    let examples = files("examples");
    assert!(examples.len() >= 4);
    for (name, text) in examples {
        loads(&name, &text);
    }
}

#[test]
fn every_invalid_file_fails_as_it_says() {
    let invalid = files("invalid");
    assert!(invalid.len() >= 35, "only {} invalid files", invalid.len());
    let mut faults = Vec::new();
    for (name, text) in &invalid {
        let Err(problems) = load_text(name, text) else {
            faults.push(format!("{name} loads"));
            continue;
        };
        let shown = problems.render(false);
        let expected = stated(text, "# expect:");
        assert!(!expected.is_empty(), "{name} does not say what to expect");
        for part in &expected {
            if !shown.contains(part) {
                faults.push(format!("{name} lacks `{part}`:\n{shown}"));
            }
        }
        for place in stated(text, "# at:") {
            if !problems
                .iter()
                .any(|one| format!("{}:{}", one.line, one.column) == place)
            {
                faults.push(format!("{name} has no problem at {place}:\n{shown}"));
            }
        }
        let problems_stated = stated(text, "# problems:").pop().unwrap_or("1");
        if problems.iter().count().to_string() != problems_stated {
            faults.push(format!(
                "{name} should have {problems_stated} problem(s):\n{shown}"
            ));
        }
        for rendering in [shown, problems.render(true), format!("{problems:?}")] {
            if rendering.contains(SECRET) {
                faults.push(format!("{name} shows a secret:\n{rendering}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn the_reference_is_current_and_loads_anywhere() {
    let printed = reference(&Registry::built_in());
    let file = config().join("reference.toml");
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == printed,
        "config/reference.toml is stale; write it anew: cargo run -- reference > config/reference.toml"
    );
    let empty = |_: &str| None;
    let source = Source::new("reference.toml", printed);
    let loaded = load(&source, &Registry::built_in(), &empty);
    assert!(loaded.is_ok(), "{}", loaded.unwrap_err());
}

#[test]
fn every_commented_out_backend_of_the_reference_loads() {
    let printed = reference(&Registry::built_in());
    let lines = || printed.lines().enumerate();
    let heads = lines()
        .filter(|(_, line)| line.starts_with("#[processes") || line.starts_with("#[[processes"));
    for (at, head) in heads {
        let step = head.rsplit('.').next().unwrap().trim_end_matches(']');
        let body: Vec<&str> = printed
            .lines()
            .skip(at)
            .take_while(|line| !line.starts_with("# ---"))
            .enumerate()
            .take_while(|(n, line)| *n == 0 || !line.starts_with("#["))
            .map(|(_, line)| line)
            .filter_map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')))
            .collect();
        let rest = rest_but(step, &body.join("\n"));
        // A queue's own URL stands instead of host, port and database, and `adaptive` has one target.
        let text = format!("{rest}\n{}\n", body.join("\n"));
        let text = without(
            &text,
            &[
                "host =",
                "port = 6379",
                "database_number =",
                "target_queue_wait_seconds =",
            ],
        );
        loads(head, &text);
    }
}

#[test]
fn every_backends_example_loads() {
    let registry = Registry::built_in();
    let text = list(&registry);
    let names = text.lines().filter(|line| line.starts_with("  "));
    let names: std::collections::BTreeSet<&str> = names
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() >= 11, "{text}");
    for name in names {
        let page = describe(&registry, name).unwrap();
        assert!(page.contains("Example:"), "{page}");
        for example in page.split("Example:\n").skip(1) {
            let table: Vec<&str> = example
                .lines()
                .take_while(|line| line.starts_with("  "))
                .collect();
            let step = table[0].trim_end_matches(']').rsplit('.').next().unwrap();
            let table: Vec<&str> = table.iter().map(|line| line.trim_start()).collect();
            let table = table.join("\n");
            loads(name, &format!("{}\n{table}\n", rest_but(step, &table)));
        }
    }
    assert_eq!(describe(&registry, "no_such"), None);
    assert_eq!(
        describe(&registry, "ResponseTimeBackend"),
        describe(&registry, "response_time")
    );
}

/// Tables for the steps other than one, so that one table can be tried alone.
fn rest_but(step: &str, table: &str) -> String {
    let mut text = String::new();
    if step == "measurement" {
        // What applications send needs somebody who may send it.
        text.push_str(
            "[[server.source]]\nname = \"shop\"\ntoken = \"0123456789abcdef\"\nfeeds = [\"web\"]\n",
        );
    }
    if table.contains("backend = \"none\"") {
        // Nothing can be decided by no measurement.
        text.push_str("[processes.web.decision]\nbackend = \"schedule_only\"\nmin_processes = 2\n");
    }
    if step == "decision" {
        // A minimum of 0 needs a measurement that sees something while nothing runs.
        text.push_str("[processes.web.measurement]\nbackend = \"celery_redis_queue_size\"\n");
    } else if step != "measurement" {
        text.push_str("[processes.web.measurement]\nmeasurement_url = \"https://example.com/\"\n");
    }
    if step != "scaling" {
        text.push_str("[processes.web.scaling]\napp_name = \"my-app\"\napi_key = \"k\"\n");
    }
    text
}

fn without(text: &str, starts: &[&str]) -> String {
    let kept = text
        .lines()
        .filter(|line| !starts.iter().any(|start| line.starts_with(start)));
    kept.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_summary_shows_what_would_run_and_no_secret() {
    let registry = Registry::built_in();
    for (name, text) in files("examples") {
        let settings = loads(&name, &text);
        let shown = summary(&settings, &registry);
        assert!(!shown.contains(SECRET), "{name}:\n{shown}");
        assert!(!format!("{settings:?}").contains(SECRET), "{name}");
        for process in &settings.processes {
            assert!(shown.contains(process.name.as_str()), "{name}:\n{shown}");
            assert!(
                shown.contains(&process.measurement.backend),
                "{name}:\n{shown}"
            );
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_says_so() {
    let registry = Registry::built_in();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.toml");
    let problems = load_file(&missing, &registry).unwrap_err().to_string();
    assert!(problems.contains("cannot read"), "{problems}");
    assert!(problems.contains("missing.toml"), "{problems}");
    assert!(problems.contains("--config"), "{problems}");
    let binary = folder.path().join("binary.toml");
    fs::write(&binary, b"api_key = \"\xff\"").unwrap();
    let problems = load_file(&binary, &registry).unwrap_err().to_string();
    assert!(problems.contains("is not UTF-8"), "{problems}");
    let problems = load_file(folder.path(), &registry).unwrap_err().to_string();
    assert!(problems.contains("cannot read"), "{problems}");
}
