//! Each route, and who may use it: the table is asked of the running program, and printed.

use autoscalebot::server::access::{ROUTES, Who};

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

#[test]
fn each_route_is_open_to_whom_it_is_for() {
    let (home, port) = home();
    let serving = serve(&home, port);
    let (cookie, over) = (
        log_in(port),
        "autoscalebot_session=bm90IGEgc2Vzc2lvbg".to_owned(),
    );
    let mut table = format!("{:<46}", "route");
    for caller in CALLERS {
        table.push_str(&format!("{caller:>17}"));
    }
    let mut wrong = Vec::new();
    for route in ROUTES {
        let path = route.path.replace(
            "{name}",
            if route.path.starts_with("/assets") {
                "page.css"
            } else {
                "web"
            },
        );
        let path = path.replace("{process}", "web");
        table.push_str(&format!("\n{:<7}{:<39}", route.method, route.path));
        for (place, caller) in CALLERS.into_iter().enumerate() {
            let token = match place {
                1 => Some("wrong-0123456789"),
                2 => Some(SHOP),
                3 => Some(JOBS),
                6 => Some(TOKEN),
                _ => None,
            };
            let mut headers = vec![("X-Autoscalebot", "1".to_owned())];
            headers.extend(token.map(|token| ("Authorization", format!("Bearer {token}"))));
            match place {
                4 => headers.push(("Cookie", over.clone())),
                5 => headers.push(("Cookie", cookie.clone())),
                _ => {}
            }
            // Those that end a session come last.
            if route.path == "/logout" && place == 5 {
                table.push_str(&format!("{:>17}", "(see below)"));
                continue;
            }
            let path = path.replace("{token}", token.unwrap_or("nothing"));
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let body = match route.path {
                "/login" => "token=wrong",
                "/api/v1/measurements/{process}" => "7.5",
                "/" if route.method == "POST" => "{}",
                "/api/{token}/v3/reports" => r#"{"container":"web.1","pid":1,"metrics":[]}"#,
                "/api/v1/orders" if route.method == "POST" => {
                    r#"{"process":"web","kind":"pause","for":"1m"}"#
                }
                _ => "",
            };
            let answer = ask(port, route.method, &path, &headers, body);
            table.push_str(&format!("{:>17}", answer.status));
            let may = match route.who {
                Who::Anybody => true,
                Who::Intake => matches!(place, 2 | 3),
                Who::Server => matches!(place, 5 | 6),
            };
            // A source is known by its token; what it may not feed is refused after that.
            let feeds_not = route.path == "/api/v1/measurements/{process}" && place == 3;
            let may = may && !feeds_not;
            let is_login = route.path == "/login" || route.path == "/logout";
            if is_open(answer.status) != may && !(is_login && may) {
                wrong.push(format!(
                    "{} {path} by {caller}: {}",
                    route.method, answer.status
                ));
            }
        }
    }
    println!("{table}");
    let out = ask(
        port,
        "POST",
        "/logout",
        &[("Cookie", &cookie), ("X-Autoscalebot", "1")],
        "",
    );
    assert_eq!(out.status, 303, "{out:?}");
    let after = ask(port, "GET", "/api/v1/processes", &[("Cookie", &cookie)], "");
    assert_eq!(after.status, 401, "the session is over");
    assert!(wrong.is_empty(), "{table}\n{wrong:#?}");
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
