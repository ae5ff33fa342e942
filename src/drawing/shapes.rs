//! Lines, stairs, bands and marks of many values, as the points and paths of SVG.

use std::fmt::Write as _;

/// A line through the least and the greatest of each place, so that no peak is lost: x, and both y.
pub(crate) fn through(places: impl Iterator<Item = (f64, f64, f64)>) -> String {
    let mut text = String::new();
    let mut last = String::new();
    for (x, low, high) in places {
        let first = format!("{x:.1},{low:.1}");
        let second = format!("{x:.1},{high:.1}");
        for point in [first, second] {
            if point != last {
                text.push_str(if text.is_empty() { "" } else { " " });
                text.push_str(&point);
                last = point;
            }
        }
    }
    text
}

/// A path that keeps each height until the next place begins, and the last one until the end. Nothing for no place.
pub(crate) fn stairs(places: &[(f64, f64)], end: f64) -> String {
    let mut text = String::new();
    let mut level = None;
    for (x, y) in places {
        // As it is written: what differs by less is not seen.
        let height = format!("{y:.1}");
        match &level {
            None => _ = write!(text, "M{x:.1} {height}"),
            Some(before) if *before == height => {}
            Some(_) => _ = write!(text, "H{x:.1}V{height}"),
        }
        level = Some(height);
    }
    if level.is_some() {
        let _ = write!(text, "H{end:.1}");
    }
    text
}

/// A path of boxes between two heights, for the runs of places that are inside; the last place only ends.
pub(crate) fn bands(places: impl Iterator<Item = (f64, bool)>, high: f64, low: f64) -> String {
    let mut text = String::new();
    let mut start = None;
    for (x, inside) in places {
        match (start, inside) {
            (None, true) => start = Some(x),
            (Some(from), false) => {
                let _ = write!(text, "M{from:.1} {high:.1}H{x:.1}V{low:.1}H{from:.1}Z");
                start = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    text
}

/// A path of upright strokes.
pub(crate) fn strokes(places: impl Iterator<Item = f64>, from: f64, length: f64) -> String {
    places.fold(String::new(), |mut text, x| {
        let _ = write!(text, "M{x:.1} {from:.1}v{length}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_peaks_and_says_nothing_twice() {
        let places = [(0.0, 1.0, 1.0), (1.0, 1.0, 5.0), (2.0, 5.0, 5.0)];
        assert_eq!(
            through(places.into_iter()),
            "0.0,1.0 1.0,1.0 1.0,5.0 2.0,5.0"
        );
    }

    #[test]
    fn stairs_keep_their_height_until_the_next() {
        let places = [(0.0, 9.0), (1.0, 9.0), (2.0, 4.0)];
        assert_eq!(stairs(&places, 3.0), "M0.0 9.0H2.0V4.0H3.0");
        assert_eq!(stairs(&[], 3.0), "");
    }

    #[test]
    fn bands_are_runs() {
        let places = [(0.0, false), (1.0, true), (2.0, true), (3.0, false)];
        assert_eq!(bands(places.into_iter(), 0.0, 8.0), "M1.0 0.0H3.0V8.0H1.0Z");
    }

    #[test]
    fn strokes_stand_upright() {
        assert_eq!(
            strokes([1.0, 2.5].into_iter(), 4.0, 5.0),
            "M1.0 4.0v5M2.5 4.0v5"
        );
    }
}
