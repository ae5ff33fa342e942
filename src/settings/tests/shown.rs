//! What may be shown of a file: problems in their place, and no secret.

use super::*;

#[test]
fn nothing_shows_a_secret() {
    let text = format!("{MEASUREMENT}{SCALING}").replace("hunter2", "${KEY}");
    let settings = good(&text);
    assert!(!format!("{settings:?}").contains("hunter2"));
    assert!(!summary(&settings, &registry()).contains("hunter2"));
    let problems = read(
        &text
            .replace("api_key", "api_kei")
            .replace("${KEY}", "hunter2"),
    )
    .unwrap_err();
    for shown in [
        problems.render(false),
        problems.render(true),
        format!("{problems:?}"),
    ] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_problem_has_a_line_for_the_log() {
    let text = "[processes.web.scaling]\nbackend = 'local'\ncomand = 'x'\n";
    let lines: Vec<String> = read(text).unwrap_err().lines().collect();
    assert_eq!(
        lines[1],
        "bot.toml:3:1: `processes.web.scaling.comand`: unknown setting; did you mean `command`?"
    );
}

#[test]
fn a_problem_is_shown_with_its_place() {
    let problems =
        read("[processes.web]\nscaling = { app_name = 'shop', api_kee = 'hunter2', x = 5 }\n")
            .unwrap_err();
    let shown = problems.render(false);
    let expected = "\
error: `processes.web.scaling.api_kee`: unknown setting
 --> bot.toml:2:32
  |
2 | scaling = { app_name = 'shop', api_kee = '***', x = 5 }
  |                                ^^^^^^^
  |
  = help: did you mean `api_key`?
";
    assert!(shown.contains(expected), "{shown}");
    assert!(problems.render(true).contains("\u{1b}["));
    assert!(!problems.render(true).contains(":::"));
}

#[test]
fn the_secrets_of_a_whole_file_are_known() {
    let variables = |name: &str| match name {
        "KEY" => Some("k-hunter2".to_owned()),
        "REDIS" => Some("redis://:p%40ss-hunter2@redis.test/0".to_owned()),
        "WORD" => Some("w-hunter2".to_owned()),
        "HEADER" => Some("h-hunter2".to_owned()),
        "HOOK" => Some("u-hunter2".to_owned()),
        "APP" => Some("the-shop".to_owned()),
        _ => None,
    };
    let text = r#"
[processes.web]
measurement = { measurement_url = "https://app.test/${HOOK}/?token=t-hunter2", headers = { A = "Bearer ${HEADER}", B = "plain" } }
scaling = { app_name = "${APP}", api_key = "${KEY}" }
[processes.mail]
measurement = { backend = "celery_redis_queue_size", redis_url = "${REDIS}" }
decision = { backend = "average_threshold" }
scaling = { backend = "command", command = ["scale", "--key=${WORD}", "literal"] }
[[processes.mail.notification]]
backend = "email"
to = "ops@example.com"
smtp_url = "smtps://me:m-hunter2@mail.test"
"#;
    let settings = load(
        &Source::new("bot.toml", text),
        &Registry::built_in(),
        &variables,
    );
    let settings = settings.unwrap_or_else(|problems| panic!("{problems}"));
    let known: Vec<_> = settings.secrets.iter().map(Secret::expose).collect();
    for secret in [
        "k-hunter2",
        "p%40ss-hunter2",
        "p@ss-hunter2",
        "w-hunter2",
        "h-hunter2",
        "u-hunter2",
        "t-hunter2",
        "m-hunter2",
    ] {
        assert!(known.contains(&secret), "{secret}: {known:?}");
    }
    for open in ["the-shop", "plain", "literal", "redis.test"] {
        assert!(!known.contains(&open), "{open}: {known:?}");
    }
    assert!(!format!("{settings:?}").contains("hunter2"));
}
