//! `heroku_service_time` in the whole program: the router's figure scales the app, over one log session.

use crate::bot::Home;
use crate::servers::heroku::{APP, Heroku, KEY, Plan};

#[test]
fn the_routers_figure_scales_the_app() {
    let heroku = Heroku::start();
    heroku.set("web", 1);
    let serving = |service_ms| {
        heroku.plan(Plan {
            service_ms,
            ..Plan::default()
        });
    };
    serving(1500);
    let home = Home::with(&format!(
        r#"
[processes.web.measurement]
backend = "heroku_service_time"
base_url = "{url}"
measurement_interval_in_seconds = 0.4
timeout_in_seconds = 10
[processes.web.decision]
max_processes = 2
number_of_fails_to_scale_up_after = 2
number_of_passes_to_scale_down_after = 2
post_scale_wait_time_seconds = 0.5
[processes.web.scaling]
app_name = "{APP}"
api_key = "{KEY}"
api_url = "{url}"
[[processes.web.notification]]
backend = "console"
notify_on = ["scale", "measurement"]
"#,
        url = heroku.url()
    ));
    let bot = home.run();
    home.wait_out("heroku_service_time measured 1500");
    home.wait_out("web: scale up 1 -> 2: the last 2 results are above 1200");
    serving(7);
    home.wait_out("web: scale down 2 -> 1: the last 2 results are below 400");
    assert_eq!(
        heroku.asked("POST", "/log-sessions"),
        1,
        "one session serves all"
    );
    let said = home.what_was_said();
    assert!(
        !said.contains(KEY) && !said.contains("/sessions/"),
        "{said}"
    );
    bot.stop();
    home.wait("the end of the log session", || heroku.followers() == 0);
}
