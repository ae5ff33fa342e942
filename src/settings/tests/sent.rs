//! What applications send: a source has to feed the process.

use super::*;

/// With the backends as they are.
fn read(text: &str) -> Result<Settings, Problems> {
    load(
        &Source::new("bot.toml", text),
        &Registry::built_in(),
        &environment,
    )
}

#[track_caller]
fn good(text: &str) -> Settings {
    read(text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[track_caller]
fn bad(text: &str) -> String {
    read(text).expect_err("it is refused").to_string()
}

const SERVER: &str = "[server]\nlisten = '127.0.0.1:8787'\n[[server.source]]\nname = 'shop'\ntoken = '0123456789abcdef'\n";

fn file(measurement: &str, server: &str) -> String {
    format!(
        "{server}\n{SCALING}[processes.web.measurement]\n{measurement}\n[processes.web.decision]\nmin_processes = 1\n"
    )
}

#[test]
fn what_is_sent_needs_a_source_that_feeds_the_process() {
    let feeds = format!("{SERVER}feeds = ['web']");
    let other = format!("{SERVER}feeds = ['other']\n[processes.other]\npreset = 'none'\n");
    for backend in [
        "request_queue_time",
        "job_queue_latency",
        "job_queue_depth",
        "busy_jobs",
        "utilisation",
        "pushed",
        "heroku_service_time'\nsource = 'drain",
    ] {
        let measurement = format!("backend = '{backend}'");
        good(&file(&measurement, &feeds));
        let nowhere = bad(&file(&measurement, ""));
        assert!(nowhere.contains("there is no [server]"), "{nowhere}");
        assert!(nowhere.contains("feeds = [\"web\"]"), "{nowhere}");
        let nobody = bad(&file(&measurement, &other));
        assert!(
            nobody.contains("no [[server.source]] feeds `web`"),
            "{nobody}"
        );
    }
    let asked = "backend = 'hirefire'\nurl = 'https://a.test'\ntoken = 'abc'";
    good(&file(asked, ""));
    // What is wrong with the server is told alone.
    let broken = bad(&file("backend = 'pushed'", &SERVER.replace("cdef", "")));
    assert!(!broken.contains("measures what"), "{broken:?}");
}

#[test]
fn a_drain_needs_neither_a_key_nor_a_url_and_a_session_does() {
    let feeds = format!("{SERVER}feeds = ['web']");
    let local = "[processes.web.scaling]\nbackend = 'local'\ncommand = 'true'\n";
    let text = |source| {
        let measurement = format!("backend = 'heroku_service_time'\nsource = '{source}'");
        file(&measurement, &feeds).replace(SCALING, local)
    };
    good(&text("drain"));
    let told = bad(&text("session"));
    assert!(
        told.contains("api_key") && told.contains("base_url"),
        "{told}"
    );
}

#[test]
fn what_is_blind_at_zero_keeps_one() {
    let feeds = format!("{SERVER}feeds = ['web']");
    for (backend, is_blind) in [
        ("request_queue_time", true),
        ("utilisation", true),
        ("job_queue_depth", false),
        ("pushed", false),
    ] {
        let text = file(&format!("backend = '{backend}'"), &feeds)
            .replace("min_processes = 1", "min_processes = 0");
        let told = read(&text).err().map(|problems| problems.to_string());
        assert_eq!(told.is_some(), is_blind, "{backend}: {told:?}");
    }
}
