//! The page in a real browser, against the running program: `tests/browser/page.py` says what is done and looked at there.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use crate::bot::Home;
use crate::servers::celery::venv;
use crate::servers::free_port;

const TOKEN: &str = "browser-s3cr3t-0123456789";

/// Four process types: one that is scaled by the test, one with a challenger, one in the shadow, one whose source is down.
fn configuration(port: u16) -> String {
    let process = |name: &str, measured: &str, decision: &str| {
        format!(
            "[processes.{name}]\n\
             measurement = {{ backend = \"command\", command = [\"python3\", \"measure.py\", \"{measured}\"], measurement_interval_in_seconds = 0.5 }}\n\
             decision = {{ backend = \"average_threshold\", min_processes = 1, max_processes = 4, min_measurement_value = 200, \
             max_measurement_value = 400, post_scale_wait_time_seconds = 0{decision} }}\n\
             scaling = {{ backend = \"local\", command = [\"sleep\", \"1000\"] }}\n\
             notification = {{ backend = \"console\" }}\n"
        )
    };
    let challenger = "[processes.mailer.challenger]\nbackend = \"average_threshold\"\n\
                      min_measurement_value = 100\nmax_measurement_value = 200\n";
    format!(
        "time_zone = \"Europe/Vienna\"\n[state]\nurl = \"file:state.db\"\n\
         [server]\nlisten = \"127.0.0.1:{port}\"\ntoken = \"{TOKEN}\"\n\
         [[server.source]]\nname = \"shop\"\ntoken = \"shop-s3cr3t-0123456789\"\nfeeds = [\"web\"]\n{}{}{challenger}{}{}",
        process("web", "320", ""),
        process("mailer", "280", ""),
        process("reports", "500", ", mode = \"shadow\""),
        process("worker", "down", ""),
    )
}

/// Measures what it is told to, a little up and down; hostile words are among what the page shows.
const MEASURE: &str = r#"
import json, random, sys
for line in sys.stdin:
    asked = json.loads(line)
    answer = {"id": asked["id"]}
    if asked["do"] == "measure":
        if sys.argv[1] == "down":
            answer["error"] = "<script>document.title = 'taken over'</script> is what the broker said"
        else:
            answer["data"] = int(sys.argv[1]) + random.randint(-30, 30)
    print(json.dumps(answer), flush=True)
"#;

#[test]
#[expect(clippy::print_stdout, reason = "its figures are told")]
fn a_person_uses_the_page() {
    let port = free_port();
    let home = Home::with(&configuration(port));
    std::fs::write(home.file("measure.py"), MEASURE).unwrap();
    let bot = home.run();
    home.wait("the server", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    bot.wait_copies(3);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(venv("python"))
        .arg(root.join("tests/browser/page.py"))
        .args(["--url", &format!("http://127.0.0.1:{port}")])
        .args(["--token", TOKEN, "--process", "web", "--count", "2"])
        .arg("--output")
        .arg(root.join("target/tests-run/browser"))
        .env("HOME", home.file("browser"))
        .output()
        .unwrap();
    let said = format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}\n{}", home.what_was_said());
    println!("{said}");
    // What was seen in the browser is so.
    bot.wait_copies(4);
    bot.stop();
}
