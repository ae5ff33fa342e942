//! What a chart shows, and what it does with hostile values.

use chrono::TimeDelta;

use super::*;

fn data() -> ChartData {
    let from: DateTime<Utc> = "2026-01-05T05:00:00Z".parse().unwrap();
    let point = |minute: i64| {
        let value = 100.0 + 40.0 * f64::from(u32::try_from(minute % 7).unwrap());
        Point {
            at: from + TimeDelta::minutes(minute),
            value: Some(value),
            low: Some(value - 20.0),
            high: Some(value + 300.0),
            count: Some(if minute < 30 { 2 } else { 3 }),
            ready: Some(if minute < 32 { 2 } else { 3 }),
        }
    };
    ChartData {
        process: "web".to_owned(),
        measurement: "response_time".to_owned(),
        unit: Some("ms".to_owned()),
        from,
        to: from + TimeDelta::hours(1),
        zone: Tz::Europe__Berlin,
        low: Some(80.0),
        high: Some(400.0),
        points: (0..60).map(point).collect(),
        scales: vec![ScaleMark {
            at: from + TimeDelta::minutes(30),
            from: Some(2),
            to: 3,
            reason: "slower than 400 ms".to_owned(),
        }],
    }
}

fn times(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

/// Nothing that a browser would run or fetch, and all that was opened is closed.
#[track_caller]
fn assert_harmless(svg: &str) {
    let lower = svg.to_lowercase();
    for part in [
        "<script",
        "onload=",
        "<foreignobject",
        "href",
        "nan",
        "inf ",
    ] {
        assert!(!lower.contains(part), "{part} in {svg}");
    }
    assert_eq!(times(svg, "//"), 1, "the name space alone: {svg}");
    for name in ["svg", "text", "title", "desc", "style"] {
        let opened = times(svg, &format!("<{name}>")) + times(svg, &format!("<{name} "));
        assert_eq!(opened, times(svg, &format!("</{name}>")), "{name}");
    }
}

#[test]
fn it_shows_what_was() {
    let svg = svg(&data(), 900);
    assert_harmless(&svg);
    for (part, count, because) in [
        ("class=\"c-value\"", 1, "one line, as there is no gap"),
        ("class=\"c-spread\"", 1, "its band"),
        ("class=\"c-limit\"", 2, "both thresholds"),
        ("class=\"c-upline\"", 1, "the scale's line"),
        ("class=\"c-downline\"", 0, "none was down"),
        (
            "<title>web from Mon 05 Jan 06:00 to Mon 05 Jan 07:00</title>",
            1,
            "local time",
        ),
        (
            "response_time: 80 to 640 ms, last 220 ms; too many below 80 ms; too few above 400 ms.",
            1,
            "figures",
        ),
        (
            "2 to 3 asked for. 1 scale. Mon 05 Jan 06:30: 2 to 3: slower than 400 ms.",
            1,
            "the scale",
        ),
        ("role=\"img\"", 1, "it is a picture"),
        (">06:15<", 1, "a time below it"),
    ] {
        assert_eq!(times(&svg, part), count, "{part}: {because}\n{svg}");
    }
}

#[test]
fn it_is_as_wide_as_it_is_shown() {
    for (asked, drawn) in [(0, 280), (360, 360), (900, 900), (9_000_000, 2000)] {
        let svg = svg(&data(), asked);
        assert_harmless(&svg);
        assert!(svg.contains(&format!("viewBox=\"0 0 {drawn} ")), "{svg}");
    }
    let labels = |width| times(&svg(&data(), width), "text-anchor=\"middle\"");
    assert!(labels(300) < labels(900), "fewer times where it is narrow");
}

#[test]
fn silence_is_a_gap_and_not_zero() {
    let mut data = data();
    data.points.retain(|point| {
        let minute = (point.at - data.from).num_minutes();
        !(20..40).contains(&minute)
    });
    for point in data.points.iter_mut().rev().take(5) {
        point.value = None;
    }
    assert_eq!(times(&svg(&data, 900), "class=\"c-value\""), 2);
    data.points.clear();
    data.scales.clear();
    let svg = svg(&data, 900);
    assert_harmless(&svg);
    assert!(svg.contains("nothing was measured in this time"), "{svg}");
    assert!(svg.contains("No scale."), "{svg}");
}

#[test]
fn whatever_is_in_it_is_shown_as_text() {
    let hostile = "</desc><script src=\"http://x/\" onload='y'>&\u{0}";
    let mut data = data();
    data.process = hostile.to_owned();
    data.measurement = hostile.to_owned();
    data.unit = Some(hostile.to_owned());
    data.scales[0].reason = hostile.to_owned();
    let svg = svg(&data, 900);
    assert!(!svg.contains("<script"), "{svg}");
    assert!(svg.contains("&lt;/desc&gt;&lt;script src="), "{svg}");
    assert!(!svg.contains('\u{0}'), "{svg}");
}

#[test]
fn no_number_breaks_it() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -5.0, 0.0, 1e300] {
        let mut data = data();
        for point in &mut data.points {
            point.value = Some(value);
            point.high = Some(value);
            point.low = None;
        }
        (data.low, data.high) = (Some(value), None);
        data.to = data.from;
        let svg = svg(&data, 900);
        let picture = svg.split("</desc>").nth(1).unwrap();
        assert!(
            !picture.contains("NaN") && !picture.contains("inf"),
            "{value}: {picture}"
        );
    }
}

#[test]
fn many_scales_have_no_lines() {
    let mut data = data();
    let scale = data.scales[0].clone();
    data.scales = (0..50)
        .map(|minute| ScaleMark {
            at: data.from + TimeDelta::minutes(minute),
            from: Some(4),
            ..scale.clone()
        })
        .collect();
    let svg = svg(&data, 900);
    assert_eq!(times(&svg, "class=\"c-downline\""), 0, "{svg}");
    assert!(
        svg.contains("50 scales: 0 up, 50 down. The last 12:"),
        "{svg}"
    );
}
