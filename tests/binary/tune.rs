//! `autoscalebot tune` as a person meets it: what it proposes can be pasted and keeps its word, the picture, and what it refuses.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::bot::Home;

const CONFIG: &str = "[processes.web]\n\
                      measurement = { measurement_url = \"https://x.invalid/\" }\n\
                      scaling = { backend = \"local\", command = \"true\" }\n\
                      [processes.web.decision]\n\
                      backend = \"consecutive_threshold\"\n\
                      max_processes = 40\n";

/// A day that is drawn, and what is seen of it.
const LOAD: [&str; 4] = ["--days", "1", "--sees", "all"];

fn run(home: &Home, arguments: &[&[&str]]) -> Output {
    home.command(&arguments.concat()).output().unwrap()
}

fn json(home: &Home, arguments: &[&[&str]]) -> Value {
    let output = run(home, &[arguments, &[&["--json"]]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_is_proposed_can_be_pasted_and_keeps_its_word() {
    let home = Home::with(CONFIG);
    let tune = ["tune", "--runs", "25", "--plot", "out.svg"];
    let report = json(&home, &[&tune, &LOAD]);
    let number = |row: &Value, name: &str| row[name].as_f64().unwrap();
    let (present, proposal) = (&report["present"], &report["proposal"]);
    assert_eq!(report["better"], true, "{report}");
    assert!(
        number(proposal, "late") < number(present, "late"),
        "{report}"
    );

    let said = out(&run(&home, &[&["tune", "--runs", "25"], &LOAD]));
    let first = said.lines().next().unwrap();
    assert!(
        first.starts_with("web, consecutive_threshold: ")
            && first.ends_with("with these settings:"),
        "{said}"
    );
    let after = said
        .split("# under [processes.web.decision]:\n")
        .nth(1)
        .unwrap();
    let pasted: Vec<&str> = after.lines().take_while(|line| !line.is_empty()).collect();
    let settings = proposal["settings"].as_array().unwrap();
    assert_eq!(
        pasted,
        settings
            .iter()
            .map(|it| it.as_str().unwrap())
            .collect::<Vec<_>>()
    );

    home.configure(&format!("{CONFIG}{}\n", pasted.join("\n")));
    let seed = report["hold_out"]["seed"].to_string();
    for (seed, promised) in [("0", proposal), (&seed, &report["hold_out"]["proposal"])] {
        let simulated = json(&home, &[&["simulate", "--seed", seed], &LOAD]);
        for name in ["late", "hours_a_day", "actions", "p99"] {
            let found = number(&simulated["rows"][0], name);
            let difference = (found - number(promised, name)).abs();
            assert!(
                difference < 1e-9,
                "{name}, seed {seed}: {simulated} {promised}"
            );
        }
    }

    let picture = fs::read_to_string(home.file("out.svg")).unwrap();
    for part in [
        "<svg xmlns",
        ">now: ",
        ">proposal: ",
        "budget 1 %",
        "</svg>",
    ] {
        assert!(picture.contains(part), "{part}");
    }
    assert!(!picture.contains("NaN") && !picture.contains("inf"));
    let dots = picture.matches("<circle").count();
    assert!(dots > 20, "{dots}");
}

#[test]
fn what_is_tried_can_be_said_and_nothing_better_is_told() {
    let home = Home::with(CONFIG);
    let tune = [
        "tune",
        "--try",
        "number_of_fails_to_scale_up_after=3..5",
        "--budget",
        "20",
    ];
    let report = json(&home, &[&tune, &LOAD]);
    assert_eq!(report["tried"], 3, "{report}");
    let tune = [
        "tune",
        "--try",
        "number_of_fails_to_scale_up_after=4,5",
        "--try",
        "max_processes=12,14",
    ];
    let report = json(&home, &[&tune, &LOAD, &["--budget", "0.001"]]);
    assert_eq!(report["within_budget"], false, "{report}");
    // A maximum of 12 is kept by the simulation too.
    let frontier = report["frontier"].as_array().unwrap();
    let fewest = &frontier[0]["settings"];
    assert!(
        fewest.to_string().contains("max_processes = 12"),
        "{report}"
    );
    let tune = [
        "tune",
        "--try",
        "post_scale_wait_time_seconds=3000,4000",
        "--budget",
        "20",
    ];
    let said = out(&run(&home, &[&tune, &LOAD]));
    assert!(
        said.contains("nothing that was tried takes fewer and keeps 20 %"),
        "{said}"
    );
    assert!(!said.contains("[processes"), "{said}");
}

#[test]
fn what_is_wrong_is_told_and_leaves_nothing() {
    let home = Home::with(CONFIG);
    for (arguments, code, part) in [
        (
            &["--try", "increment"][..],
            64,
            "a setting with a range or a list",
        ),
        (&["--try", "incremnt=1..3"], 64, "did you mean `increment`"),
        (&["--budget", "0"], 64, "a number above 0"),
        (&["--price-per-hour", "-0.5"], 64, "a number from 0 on"),
        (&["--price-per-hour=NaN"], 64, "a number from 0 on"),
        (
            &["--try", "number_of_fails_to_scale_up_after=20..30"],
            1,
            "none of the settings to be tried is allowed",
        ),
        (&["none.csv"], 1, "none.csv: it cannot be read"),
        (&["--plot", "no/out.svg"], 1, "no/out.svg cannot be written"),
    ] {
        let output = run(&home, &[&["tune"], arguments, &["--days", "1"]]);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            err(&output)
        );
        assert!(
            err(&output).contains(part),
            "{arguments:?}: {}",
            err(&output)
        );
        assert_eq!(out(&output), "", "{arguments:?}");
    }
}
