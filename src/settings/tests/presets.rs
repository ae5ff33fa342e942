//! Presets: what stands behind what is written, and what wins.

use super::*;
use crate::settings::preset::PROCESS;
use crate::settings::presets::PRESETS;

/// The same with a target, where one is needed.
fn process(preset: &str, more: &str) -> String {
    format!(
        "[processes.web]\npreset = '{preset}'\n{MEASUREMENT}{SCALING}[processes.web.decision]\nmin_processes = 1\n{more}\n"
    )
}

#[test]
fn every_preset_loads_and_is_shown() {
    let Some(Setting {
        kind: Kind::OneOf(names),
        ..
    }) = PROCESS.first()
    else {
        panic!("a preset is one of several");
    };
    let all: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
    assert_eq!(all, *names);
    for preset in PRESETS {
        let more = match preset.name {
            "hpa" | "keda" | "nomad" => "target_value = 0.7",
            _ => "",
        };
        let settings = good(&process(preset.name, more));
        let shown = summary(&settings, &registry());
        let head = format!("  preset        {}\n", preset.name);
        assert!(
            shown.contains(&head) && shown.contains(preset.summary),
            "{shown}"
        );
        // Each line of the preset that is not written has come through, and is told.
        let web = &settings.processes[0];
        let lines = preset
            .measurement
            .lines()
            .map(|line| (line, &web.measurement));
        let lines = lines.chain(preset.decision.lines().map(|line| (line, &web.decision)));
        for (line, step) in lines {
            let Some((name, value)) = line.split_once(" = ") else {
                continue;
            };
            if name == "backend" {
                assert_eq!(format!("{:?}", step.backend), value, "{}", preset.name);
            } else if name != "min_processes" {
                assert!(
                    step.section.is_of_preset(name) && !step.section.is_written(name),
                    "{line}"
                );
                let told = format!("{name} = {} (the preset's)\n", value.trim_end_matches(".0"));
                assert!(shown.contains(&told), "{told}:\n{shown}");
            }
        }
    }
}

#[test]
fn what_is_written_wins() {
    let own = good(&process(
        "nomad",
        "target_value = 0.7\ntolerance = 0.2\npost_scale_wait_time_seconds = 9",
    ));
    let shared = "[defaults.decision]\nbackend = 'consecutive_threshold'\ntolerance = 0.2\n\
                  post_scale_wait_time_seconds = 9\nmin_measurement_value = 1\n";
    let shared = good(&format!(
        "{shared}{}",
        process("nomad", "target_value = 0.7")
    ));
    for (settings, because) in [(own, "in the process"), (shared, "in the defaults")] {
        let decision = &settings.processes[0].decision;
        assert_eq!(
            decision.backend, "target_tracking",
            "the preset's rule: {because}"
        );
        let number = |name| decision.section.number(name);
        assert_eq!(number("tolerance"), Some(0.2), "{because}");
        assert_eq!(
            number("post_scale_wait_time_seconds"),
            Some(9.0),
            "{because}"
        );
        assert_eq!(
            number("scale_up_cooldown_seconds"),
            Some(300.0),
            "the rest is the preset's"
        );
        assert_eq!(number("min_measurement_value"), None, "not of this backend");
    }
    let other = good(&process(
        "nomad",
        "backend = 'consecutive_threshold'\nmax_measurement_value = 900",
    ));
    let decision = &other.processes[0].decision;
    assert_eq!(
        decision.backend, "consecutive_threshold",
        "another rule is written"
    );
    assert_eq!(
        decision.section.number("scale_up_cooldown_seconds"),
        Some(300.0),
        "with that patience"
    );
    assert_eq!(decision.section.number("tolerance"), None);
}

#[test]
fn a_preset_for_all_stands_behind_the_defaults_and_a_processes_own() {
    let text = format!(
        "[defaults]\npreset = 'autoscalebot-2012'\n[defaults.measurement]\nmeasurement_interval_in_seconds = 20\n{MEASUREMENT}{SCALING}"
    );
    let settings = good(&text);
    let web = &settings.processes[0];
    assert_eq!(web.preset, Some("autoscalebot-2012"));
    assert_eq!(
        web.decision.section.number("max_measurement_value"),
        Some(1000.0)
    );
    assert_eq!(
        web.measurement
            .section
            .number("measurement_interval_in_seconds"),
        Some(20.0)
    );
    let own = good(&format!("{text}[processes.web]\npreset = 'hirefire'\n"));
    assert_eq!(own.processes[0].preset, Some("hirefire"));
    assert_eq!(
        own.processes[0]
            .decision
            .section
            .number("max_measurement_value"),
        Some(250.0)
    );
    let chosen = good(&format!(
        "{text}[defaults.decision]\nbackend = 'average_threshold'\n"
    ));
    assert_eq!(
        chosen.processes[0].decision.backend, "average_threshold",
        "written beside it"
    );
}

#[test]
fn thresholds_of_a_measurement_win_over_the_presets() {
    let text =
        format!("[processes.web]\npreset = 'hirefire'\n{MEASUREMENT}max_time_ms = 900\n{SCALING}");
    let section = &good(&text).processes[0].decision.section;
    assert_eq!(section.number("max_measurement_value"), Some(900.0));
    let crossed =
        format!("[processes.web]\npreset = 'hirefire'\n{MEASUREMENT}max_time_ms = 90\n{SCALING}");
    let told = bad(&crossed);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].contains("90 is below min_measurement_value, 100 (the preset's)"),
        "{told:?}"
    );
}

#[test]
fn hirefire_goes_by_a_queues_length_where_that_is_measured() {
    let queue = "[processes.celery]\npreset = 'hirefire'\nmeasurement = { backend = 'celery_redis_queue_size' }\n\
                 scaling = { app_name = 'shop', api_key = 'hunter2' }\n";
    let told = bad(queue);
    assert!(
        told[0].contains("`queue_ratio` (of the preset `hirefire`) needs it"),
        "{told:?}"
    );
    let good = good(&format!("{queue}decision = {{ jobs_per_process = 10 }}\n"));
    assert_eq!(good.processes[0].decision.backend, "queue_ratio");
    let several = queue.replace(
        "= { backend = 'celery_redis_queue_size' }",
        "= [{ backend = 'CeleryRedisQueueSizeBackend' }]",
    );
    assert!(bad(&several)[0].contains("`queue_ratio`"));
}

#[test]
fn a_schedule_needs_no_measurement_and_no_maximum() {
    let schedule =
        "decision = { backend = 'schedule_only', min_processes = { '0:00' = 1, '8:00' = 9 } }\n";
    for (written, backend) in [
        (String::new(), "none"),
        (
            "measurement = { measurement_interval_in_seconds = 60 }\n".to_owned(),
            "none",
        ),
        (
            "measurement = { measurement_url = 'https://example.com/' }\n".to_owned(),
            "response_time",
        ),
    ] {
        for shared in [
            "",
            "[defaults.measurement]\nbase_url = 'https://example.com'\n",
        ] {
            let text = format!("{shared}[processes.web]\n{written}{schedule}{SCALING}");
            let web = &good(&text).processes[0];
            assert_eq!(web.measurement.backend, backend, "{text}");
            assert_eq!(
                web.decision.section.get("max_processes"),
                web.decision.section.get("min_processes")
            );
        }
    }
    let low = schedule.replace("9 }", "9 }, max_processes = 5");
    assert!(bad(&format!("[processes.web]\n{low}{SCALING}"))[0].contains("it is 9 at 8:00"));
}
