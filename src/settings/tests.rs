//! Whole files: defaults, names of the original, what one step takes from another, what is told once.

mod metrics;
mod presets;
mod sent;
mod shown;

use serde_json::json;

use super::*;
use crate::backend::{Backend, BuildError, Registry, no_check};
use crate::measurement::MeasurementBackend;
use crate::settings::schema::{Default as Left, Kind, Setting};

/// `heroku_service_time` as far as the settings know it, whether or not the room has the real one.
static SERVICE_TIME: Backend<dyn MeasurementBackend> = Backend {
    name: "heroku_service_time",
    summary: "a stand-in",
    settings: &[
        Setting::new("app_name", Kind::Text, Left::Derived("the scaling's"), ""),
        Setting::secret("api_key", Kind::Text, Left::Derived("the scaling's"), ""),
        Setting::new(
            "api_url",
            Kind::Url(&["https"]),
            Left::Derived("the scaling's"),
            "",
        ),
        Setting::new("tls_ca_file", Kind::Text, Left::Absent, ""),
    ],
    example: "",
    check: no_check,
    build: |_, _| Err(BuildError("a stand-in is never built".to_owned())),
};

const SCALING: &str = "[processes.web.scaling]\napp_name = 'shop'\napi_key = 'hunter2'\n";
const MEASUREMENT: &str = "[processes.web.measurement]\nmeasurement_url = 'https://example.com/'\n";

fn registry() -> Registry {
    let mut registry = Registry::built_in();
    registry
        .measurement
        .retain(|row| row.name != SERVICE_TIME.name);
    registry.measurement.push(&SERVICE_TIME);
    registry
}

fn environment(name: &str) -> Option<String> {
    (name == "KEY").then(|| "hunter2".to_owned())
}

fn read(text: &str) -> Result<Settings, Problems> {
    load(&Source::new("bot.toml", text), &registry(), &environment)
}

#[track_caller]
fn good(text: &str) -> Settings {
    read(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The messages of a file that is refused.
#[track_caller]
fn bad(text: &str) -> Vec<String> {
    let problems = read(text).expect_err("it is refused");
    problems.iter().map(Problem::message).collect()
}

#[test]
fn left_out_tables_have_their_defaults() {
    let settings = good(&format!("{MEASUREMENT}{SCALING}"));
    let web = &settings.processes[0];
    assert_eq!(settings.time_zone, Tz::UTC);
    assert_eq!(settings.supervision, Supervision::default());
    assert_eq!(web.measurement.backend, "response_time");
    assert_eq!(web.decision.backend, "consecutive_threshold");
    assert_eq!(web.scaling.backend, "heroku");
    assert_eq!(web.notification.len(), 1);
    assert_eq!(web.notification[0].backend, "console");
    assert_eq!(web.decision.section.get("max_processes"), Some(&json!(3)));
    assert!(!web.decision.section.is_written("max_processes"));
    assert_eq!(web.scaling.section.text("process_type"), Some("web"));
    assert!(!web.scaling.section.is_written("process_type"));
}

#[test]
fn supervision_is_read() {
    let text = format!(
        "{MEASUREMENT}{SCALING}[supervision]\nmax_restarts = 0\nrestart_window_in_seconds = 0.5\n"
    );
    let supervision = good(&text).supervision;
    assert_eq!(supervision.max_restarts, 0);
    assert_eq!(supervision.restart_window, Duration::from_millis(500));
    assert_eq!(supervision.shutdown_grace, Duration::from_secs(25));
}

#[test]
fn defaults_fill_up_and_a_processs_own_wins() {
    let settings = good(
        "[defaults.measurement]\nmeasurement_url = 'https://example.com/'\nmin_time_ms = 200\nqueue_name = 'celery'\n\
         [defaults.decision]\nmax_processes = 8\nnumber_of_measurements_to_average = 4\n\
         [defaults.scaling]\napp_name = 'shop'\napi_key = '${KEY}'\n\
         [[defaults.notification]]\nbackend = 'logger'\n\
         [processes.web.decision]\nmax_processes = 9\n\
         [processes.celery.measurement]\nbackend = 'celery_redis_queue_size'\n\
         [processes.celery.decision]\nbackend = 'average_threshold'\n\
         [[processes.celery.notification]]\nbackend = ['console', 'logger']\n",
    );
    let [celery, web] = &settings.processes[..] else {
        panic!("two processes");
    };
    assert_eq!(web.decision.section.get("max_processes"), Some(&json!(9)));
    assert_eq!(
        celery.decision.section.get("max_processes"),
        Some(&json!(8))
    );
    assert!(celery.decision.section.is_written("max_processes"));
    let average = "number_of_measurements_to_average";
    assert_eq!(celery.decision.section.get(average), Some(&json!(4)));
    assert_eq!(
        web.decision.section.get(average),
        None,
        "its backend has no such setting"
    );
    assert_eq!(
        web.decision.section.number("min_measurement_value"),
        Some(200.0)
    );
    assert_eq!(
        celery.measurement.section.get("queue_name"),
        Some(&json!(["celery"]))
    );
    assert_eq!(celery.scaling.section.text("process_type"), Some("celery"));
    let names = |process: &ProcessSettings| {
        let steps = process.notification.iter();
        steps.map(|step| step.backend.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(web), ["logger"]);
    assert_eq!(
        names(celery),
        ["console", "logger"],
        "its list replaces the defaults' whole"
    );
}

#[test]
fn an_empty_list_tells_nobody() {
    let text = format!(
        "[[defaults.notification]]\n[processes.web]\nnotification = []\n{MEASUREMENT}{SCALING}"
    );
    assert!(good(&text).processes[0].notification.is_empty());
}

#[test]
fn a_list_of_backends_shares_a_tables_settings() {
    let table = "[[processes.web.notification]]\nbackend = ['email', 'console']\nsmtp_url = 'smtp://localhost'\n\
                 to = 'a@example.com'\nnotify_on_every_scale = true\n";
    let settings = good(&format!("{MEASUREMENT}{SCALING}{table}"));
    let [email, console] = &settings.processes[0].notification[..] else {
        panic!("two steps");
    };
    assert_eq!(email.section.get("to"), Some(&json!(["a@example.com"])));
    assert_eq!(console.section.get("to"), None);
    assert_eq!(
        console.section.get("notify_on_every_scale"),
        Some(&json!(true))
    );
    let unknown = bad(&format!("{MEASUREMENT}{SCALING}{table}subject = 'x'\n"));
    assert_eq!(
        unknown,
        ["`processes.web.notification.subject`: unknown setting"]
    );
}

#[test]
fn the_originals_names_are_taken() {
    let settings = good(
        "[processes.web.measurement]\nbackend = 'autoscalebot.backends.measurement.ResponseTimeBackend'\n\
         measurement_url = 'https://example.com/'\n\
         [processes.web.decision]\nbackend = 'ConsecutiveThresholdBackend'\n\
         [processes.web.scaling]\nbackend = 'HerokuScaleBackend'\nworker_name = 'www'\napp_name = 'shop'\napi_key = 'k'\n\
         [processes.web.notification]\nbackend = ['ConsoleBackend', 'TestBackend']\n",
    );
    let web = &settings.processes[0];
    assert_eq!(web.scaling.backend, "heroku");
    assert_eq!(web.scaling.section.text("process_type"), Some("www"));
    assert_eq!(web.notification[1].backend, "test");
}

#[test]
fn heroku_service_time_takes_the_scalings_app_and_key() {
    let measurement = "[processes.web.measurement]\nbackend = 'heroku_service_time'\n";
    let settings = good(&format!("{measurement}{SCALING}"));
    let section = &settings.processes[0].measurement.section;
    assert_eq!(section.text("app_name"), Some("shop"));
    assert_eq!(section.text("api_key"), Some("hunter2"));
    assert_eq!(section.text("api_url"), Some("https://api.heroku.com"));
    let own = good(&format!("{measurement}app_name = 'other'\n{SCALING}"));
    assert_eq!(
        own.processes[0].measurement.section.text("app_name"),
        Some("other")
    );
    let missing = bad(&format!(
        "{measurement}[processes.web.scaling]\napp_name = 'shop'\n"
    ));
    assert_eq!(
        missing,
        ["`processes.web.scaling.api_key`: it is missing, and `heroku` needs it"]
    );
}

#[test]
fn thresholds_have_two_names_and_one_place() {
    let with = |measurement: &str, rest: &str| format!("{MEASUREMENT}{measurement}{SCALING}{rest}");
    let decision = |settings: &Settings| settings.processes[0].decision.section.clone();
    let taken = decision(&good(&with("max_time_ms = 900\n", "")));
    assert_eq!(taken.number("max_measurement_value"), Some(900.0));
    assert!(taken.is_written("max_measurement_value"));
    let other = decision(&good(&with(
        "max_time_ms = 900\n",
        "[defaults.decision]\nmax_measurement_value = 700\n",
    )));
    assert_eq!(
        other.number("max_measurement_value"),
        Some(900.0),
        "its own wins over a default"
    );
    let own = decision(&good(&with(
        "",
        "[defaults.measurement]\nmax_time_ms = 900\n[processes.web.decision]\nmax_measurement_value = 700\n",
    )));
    assert_eq!(own.number("max_measurement_value"), Some(700.0));
    let both = bad(&with(
        "",
        "[defaults.measurement]\nmax_time_ms = 900\n[defaults.decision]\nmax_measurement_value = 700\n",
    ));
    assert_eq!(
        both,
        [
            "`defaults.measurement.max_time_ms`: `defaults.decision.max_measurement_value` is written too, and means the same"
        ]
    );
    let no_thresholds = good(&with(
        "",
        "[defaults.measurement]\nmax_time_ms = 900\n[processes.web.decision]\nbackend = 'app_decision'\n",
    ));
    assert_eq!(decision(&no_thresholds).get("max_measurement_value"), None);
}

#[test]
fn a_default_that_no_backend_has_is_told_once() {
    let text = "[defaults.scaling]\napp_name = 'shop'\napi_key = 'k'\nregion = 'eu'\n\
                [defaults.measurement]\nmeasurement_url = 'https://example.com/'\n[processes.a]\n[processes.b]\n";
    assert_eq!(bad(text), ["`defaults.scaling.region`: unknown setting"]);
}

#[test]
fn a_default_that_nobody_takes_may_lack_its_variable_but_not_its_form() {
    let rest = format!("{MEASUREMENT}{SCALING}");
    good(&format!(
        "[defaults.measurement]\nredis_url = '${{NONE}}'\n{rest}"
    ));
    let told = bad(&format!("[defaults.measurement]\nport = 'x'\n{rest}"));
    assert_eq!(
        told,
        ["`defaults.measurement.port`: a string does not belong here"]
    );
}

#[test]
fn a_misspelt_setting_is_not_told_as_missing_too() {
    let told = bad(&format!(
        "{MEASUREMENT}[processes.web.scaling]\nappname = 'shop'\napi_key = 'k'\n"
    ));
    assert_eq!(told, ["`processes.web.scaling.appname`: unknown setting"]);
}

#[test]
fn what_changed_is_seen_and_what_did_not_is_not() {
    let text = format!(
        "{MEASUREMENT}{SCALING}[processes.web.decision]\nmax_processes = 3\nincrement = 1\n"
    );
    let order = format!(
        "{SCALING}[processes.web.decision]\nincrement = 1\nmax_processes = 3 # more\n{MEASUREMENT}"
    );
    assert_eq!(good(&text), good(&order));
    let other = text.replace("increment = 1", "increment = 2");
    assert_ne!(good(&text), good(&other));
    let unwritten = text.replace("max_processes = 3\n", "");
    assert_ne!(
        good(&text),
        good(&unwritten),
        "what is not written is adopted, which is another behaviour"
    );
}

#[test]
fn the_usual_supervision_is_that_of_the_rows() {
    assert_eq!(
        Supervision::default(),
        Supervision {
            max_restarts: 5,
            restart_window: Duration::from_secs(60),
            degraded_retry: Duration::from_secs(300),
            shutdown_grace: Duration::from_secs(25),
        }
    );
}

#[test]
fn a_value_of_the_environment_changes_nothing_by_where_it_comes_from() {
    let text = format!("{MEASUREMENT}{SCALING}");
    assert_eq!(good(&text), good(&text.replace("hunter2", "${KEY}")));
}
