//! The commands for people with `--url`: they say what they say with the store at hand.

use super::{TOKEN, home, serve};
use crate::bot::Home;

/// Runs a command; yields its code and what it said on both streams.
fn run(home: &Home, token: &str, line: &str) -> (i32, String) {
    let words = shell_words::split(line).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = home.command(&words);
    let output = command
        .env("USER", "ann")
        .env("AUTOSCALEBOT_TOKEN", token)
        .env_remove("DYNO")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code().unwrap(), said)
}

#[test]
fn a_bot_is_asked_and_ordered_from_elsewhere() {
    let (home, port) = home();
    let serving = serve(&home, port);
    serving.bot.wait_copies(2);
    let away = Home::with("");
    let url = format!("--url http://127.0.0.1:{port}");
    let good = |line: &str| {
        let (code, said) = run(&away, TOKEN, &format!("{line} {url}"));
        assert_eq!(code, 0, "{line}: {said}");
        said
    };
    assert!(good("status").contains("web: "), "each process is told of");
    let near = |line: &str| run(&home, TOKEN, line).1;
    let told = good("pause web --down-only --for 2h --because 'a \"migration\" & more'");
    assert!(told.starts_with("web: paused (down) by ann@"), "{told}");
    assert_eq!(good("orders"), near("orders"), "it is the same list");
    assert!(good("orders").contains("a \"migration\" & more"));
    good("override celery --min 2 --max 3 --for 1h");
    serving.bot.wait_copies(3);
    let (far, here) = (good("why web"), near("why web"));
    assert!(
        far.contains("web") && far.lines().count() >= here.lines().count().min(2),
        "{far}\n{here}"
    );
    assert!(!good("why web --since 1h --json").is_empty());
    assert!(good("resume web").contains("ended by ann@"));
    assert_eq!(good("resume web"), "web: no order is in force\n");
    for (line, token, code, part) in [
        ("status", "wrong-0123456789", 1, "AUTOSCALEBOT_TOKEN"),
        ("why wbe", TOKEN, 64, "did you mean `web`?"),
        ("check", TOKEN, 64, "--url is for"),
    ] {
        let (exit, said) = run(&away, token, &format!("{line} {url}"));
        assert_eq!(exit, code, "{line}: {said}");
        assert!(said.contains(part), "{line}: {said}");
    }
    let (exit, said) = run(&away, TOKEN, "status --url http://127.0.0.1:9");
    assert_eq!(exit, 1, "{said}");
    let (exit, said) = run(&away, TOKEN, "status --url 127.0.0.1");
    assert!(
        exit == 1 && said.contains("http://127.0.0.1:8787"),
        "{said}"
    );
    serving.bot.stop();
}
