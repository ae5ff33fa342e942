//! The decision as a filter, from a shell.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::bot::Home;

#[test]
fn a_line_is_answered_before_the_next_one_comes() {
    let home = Home::with("");
    let arguments = [
        "decide",
        "--policy",
        "adaptive",
        "--set",
        "target_response_time_ms=1000",
    ];
    let mut child = home
        .command(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut answers = BufReader::new(output).lines();
    let mut count = 2_u32;
    for tick in 0..40 {
        // Ten are busy, at 0.1 s a request.
        let response = 100.0 / (1.0 - (10.0 / f64::from(count)).min(0.98));
        let line = format!(
            "{{\"at\": {}, \"measurement\": {{\"response_time_ms\": {response}, \"arrivals\": 1500}}, \"count\": {count}, \"ready\": {count}}}\n",
            tick * 15
        );
        input.write_all(line.as_bytes()).unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        count = u32::try_from(answer["desired"].as_u64().unwrap()).unwrap();
        assert!((2..40).contains(&count), "{answer}");
    }
    assert!(count > 10, "{count}");
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_same_lines_lead_to_the_same_counts_and_nothing_need_be_set() {
    let home = Home::with(
        "[processes.web]\nmeasurement = { measurement_url = \"${NO_URL_IS_SET}\" }\n\
         scaling = { app_name = \"${NO_APP_IS_SET}\", api_key = \"${NO_KEY_IS_SET}\" }\n\
         [processes.celery]\nmeasurement = { backend = \"celery_redis_queue_size\", redis_url = \"${NO_REDIS_IS_SET}\" }\n\
         decision = { backend = \"average_threshold\" }\n\
         scaling = { app_name = \"${NO_APP_IS_SET}\", api_key = \"${NO_KEY_IS_SET}\" }\n",
    );
    let mut lines = String::new();
    for tick in 0..200 {
        let waiting = if tick % 50 < 20 { 80 } else { 0 };
        let count = (tick == 0).then_some(1);
        let at = tick * 30;
        let line = json!({"at": at, "measurement": {"queue_length": waiting}, "count": count});
        lines = lines + &line.to_string() + "\n";
    }
    let run = |process: &str| {
        let mut child = home
            .command(&["decide", "--process", process])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let lines = lines.clone();
        let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = child.wait_with_output().unwrap();
        // One that refuses its arguments does not read what it is sent.
        writer.join().unwrap().unwrap_or_default();
        output
    };
    let (first, second) = (run("celery"), run("celery"));
    assert!(
        first.status.success(),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    assert_eq!(first.stdout, second.stdout);
    let text = String::from_utf8(first.stdout).unwrap();
    assert_eq!(text.lines().count(), 200);
    assert!(
        text.contains("\"desired\":3") && text.contains("\"desired\":1"),
        "{text}"
    );
    let unknown = run("cellery");
    assert_eq!(unknown.status.code(), Some(64));
    let told = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(told.contains("there are: celery, web"), "{told}");
}
