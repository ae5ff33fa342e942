//! The API against its own description: schemathesis asks all that the description allows, and what it does not.

use std::process::Command;

use super::{TOKEN, configuration, home, serve};
use crate::servers::celery::venv;

#[test]
#[expect(clippy::print_stdout, reason = "what was asked is told")]
fn the_api_does_what_its_description_says() {
    let (home, port) = home();
    // Whatever is ordered is only told: nobody starts a hundred thousand copies here.
    let shadow =
        configuration(port).replace("min_processes = 1", "mode = \"shadow\", min_processes = 1");
    home.configure(&shadow);
    let serving = serve(&home, port);
    let output = Command::new(venv("schemathesis"))
        .args(["run", "--header", &format!("Authorization: Bearer {TOKEN}")])
        .args([
            "--max-examples",
            "20",
            "--seed",
            "1",
            "--no-color",
            "--request-timeout",
            "20",
        ])
        // That an override needs a bound is more than a schema says.
        .args(["--exclude-checks", "positive_data_acceptance"])
        // Streams do not end, and a source's door has another token.
        .args([
            "--exclude-path",
            "/api/v1/events",
            "--exclude-path",
            "/api/v1/measurements/{process}",
        ])
        .arg(format!("http://127.0.0.1:{port}/api/v1/openapi.json"))
        .current_dir(home.file("."))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}\n{complained}");
    println!("{said}");
    serving.bot.stop();
}
