//! Each route, and who may use it: the table is asked of the running program, and printed.

use autoscalebot::server::access::{ROUTES, Route, Who};

use super::{JOBS, SHOP, TOKEN, ask, home, log_in, serve};

/// Who asks.
const CALLERS: [&str; 7] = [
    "no token",
    "wrong token",
    "intake token",
    "another source's",
    "expired cookie",
    "right cookie",
    "right token",
];

/// Whether a status says that the door is open, whatever is behind it.
fn is_open(status: u16) -> bool {
    !matches!(status, 401 | 403 | 429) && status != 303
}

/// One who asks, by its place among [`CALLERS`].
struct Caller {
    place: usize,
    token: Option<&'static str>,
    cookie: Option<String>,
}

impl Caller {
    fn at(place: usize, cookie: &str) -> Self {
        let token = match place {
            1 => Some("wrong-0123456789"),
            2 => Some(SHOP),
            3 => Some(JOBS),
            6 => Some(TOKEN),
            _ => None,
        };
        let cookie = match place {
            4 => Some("autoscalebot_session=bm90IGEgc2Vzc2lvbg".to_owned()),
            5 => Some(cookie.to_owned()),
            _ => None,
        };
        Self {
            place,
            token,
            cookie,
        }
    }

    /// The status that a route answers with.
    fn ask(&self, port: u16, route: &Route) -> u16 {
        let is_asset = route.path.starts_with("/assets");
        let path = route
            .path
            .replace("{name}", if is_asset { "page.css" } else { "web" })
            .replace("{process}", "web")
            .replace("{id}", "1")
            .replace("{token}", self.token.unwrap_or("nothing"));
        let bearer = self.token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("X-Autoscalebot", "1")];
        headers.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
        headers.extend(self.cookie.as_deref().map(|cookie| ("Cookie", cookie)));
        let body = match (route.method, route.path) {
            ("POST", "/login") => "token=wrong",
            ("POST", "/api/v1/measurements/{process}") => "7.5",
            ("POST", "/") => "{}",
            ("POST", "/api/{token}/v3/reports") => r#"{"container":"web.1","pid":1,"metrics":[]}"#,
            ("POST", "/api/v1/orders") => r#"{"process":"web","kind":"pause","for":"1m"}"#,
            _ => "",
        };
        ask(port, route.method, &path, &headers, body).status
    }

    /// Whether it may use the route.
    fn may(&self, route: &Route) -> bool {
        match route.who {
            Who::Anybody => true,
            // A source is known by its token; what it may not feed is refused after that.
            Who::Intake if route.path.ends_with("{process}") => self.place == 2,
            Who::Intake => matches!(self.place, 2 | 3),
            Who::Server => matches!(self.place, 5 | 6),
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is what it is read for")]
fn each_route_is_open_to_whom_it_is_for() {
    let (home, port) = home();
    let serving = serve(&home, port);
    let cookie = log_in(port);
    let head = CALLERS.map(|name| format!("{name:>17}")).concat();
    let mut table = vec![format!("{:<46}{head}", "route")];
    let mut wrong = Vec::new();
    // Those that begin or end a session answer with the way to another page.
    let elsewhere = ["/login", "/logout"];
    for route in ROUTES {
        let mut row = vec![format!("{:<7}{:<39}", route.method, route.path)];
        for (place, name) in CALLERS.iter().enumerate() {
            // The session is still needed.
            if route.path == "/logout" && place == 5 {
                row.push(format!("{:>17}", "(at the end)"));
                continue;
            }
            let caller = Caller::at(place, &cookie);
            let status = caller.ask(port, route);
            row.push(format!("{status:>17}"));
            let is_right = is_open(status) == caller.may(route)
                || status == 303 && elsewhere.contains(&route.path);
            if !is_right {
                wrong.push(format!(
                    "{} {} by {name}: {status}",
                    route.method, route.path
                ));
            }
        }
        table.push(row.concat());
    }
    println!("{}", table.join("\n"));
    let logout = [("Cookie", cookie.as_str()), ("X-Autoscalebot", "1")];
    assert_eq!(ask(port, "POST", "/logout", &logout, "").status, 303);
    let after = ask(port, "GET", "/api/v1/processes", &logout, "");
    assert_eq!(after.status, 401, "the session is over");
    assert!(wrong.is_empty(), "{}\n{wrong:#?}", table.join("\n"));
    serving.bot.stop();
}

#[test]
fn a_cookie_alone_changes_nothing() {
    let (home, port) = home();
    let serving = serve(&home, port);
    let cookie = log_in(port);
    let order = r#"{"process":"web","kind":"pause","for":"1m"}"#;
    let origin = format!("http://127.0.0.1:{port}");
    for (headers, status, because) in [
        (
            vec![("Cookie", cookie.as_str())],
            403,
            "a form of another site sends the cookie too",
        ),
        (
            vec![
                ("Cookie", &cookie),
                ("X-Autoscalebot", "1"),
                ("Origin", "https://evil.example"),
            ],
            403,
            "another origin",
        ),
        (
            vec![
                ("Cookie", &cookie),
                ("X-Autoscalebot", "1"),
                ("Origin", "null"),
            ],
            403,
            "no origin to speak of",
        ),
        (
            vec![
                ("Cookie", &cookie),
                ("X-Autoscalebot", "1"),
                ("Origin", &origin),
            ],
            201,
            "our own page",
        ),
    ] {
        let answer = ask(port, "POST", "/api/v1/orders", &headers, order);
        assert_eq!(answer.status, status, "{because}: {answer:?}");
    }
    let foreign = [
        ("Origin", "https://evil.example"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let answer = ask(port, "POST", "/login", &foreign, &format!("token={TOKEN}"));
    assert_eq!(
        answer.status, 403,
        "nobody is logged in from elsewhere: {answer:?}"
    );
    serving.bot.stop();
}

#[test]
fn wrong_tokens_are_counted() {
    let (home, port) = home();
    let serving = serve(&home, port);
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let mut statuses = Vec::new();
    for attempt in 0..14 {
        let answer = ask(
            port,
            "POST",
            "/login",
            &form,
            &format!("token=guess-{attempt}"),
        );
        statuses.push(answer.status);
        if answer.status == 429 {
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
        }
    }
    assert_eq!(statuses[0], 303, "back to the login: {statuses:?}");
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    let right = super::get(port, "/api/v1/processes");
    assert_eq!(right.status, 200, "whoever has the token is not locked out");
    serving.bot.stop();
}

#[test]
fn a_login_that_no_browser_would_keep_is_not_begun() {
    let (home, port) = home();
    let serving = serve(&home, port);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for (headers, way, because) in [
        (vec![form], "/", "the bot's own machine"),
        (
            vec![form, ("Host", "bot.example.com")],
            "/login?open",
            "plain HTTP from elsewhere",
        ),
        (
            vec![
                form,
                ("Host", "bot.example.com"),
                ("X-Forwarded-Proto", "https"),
            ],
            "/",
            "behind a router with TLS",
        ),
    ] {
        let answer = ask(port, "POST", "/login", &headers, &format!("token={TOKEN}"));
        assert_eq!(
            answer.header("location"),
            Some(way),
            "{because}: {answer:?}"
        );
    }
    serving.bot.stop();
}
