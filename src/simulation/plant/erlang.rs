//! One process with several slots in the long run: M/M/c, requests by chance, service times by chance. `share` is the part
//! of the slots that is busy.

use crate::simulation::number::real;

/// The chance that a request must wait: Erlang's C formula. For up to a hundred slots.
pub fn waits(slots: u32, share: f64) -> f64 {
    let offered = share * f64::from(slots);
    // The chances, but for a factor, that so many slots are busy and nobody waits; the last is of all slots.
    let (mut busy, mut fewer) = (1.0, 0.0);
    for slot in 1..=slots {
        fewer += busy;
        // A slot's inverse does not wait for the last round: that makes it twice as fast as dividing.
        busy *= offered * (1.0 / f64::from(slot));
    }
    busy / ((1.0 - share) * fewer + busy)
}

/// How many requests are in the process, waiting or worked on.
pub fn inside(slots: u32, share: f64) -> f64 {
    share * f64::from(slots) + waits(slots, share) * share / (1.0 - share)
}

/// The largest share at which a response takes at most so many service times.
pub fn busiest(slots: u32, responses: f64) -> f64 {
    if slots == 1 {
        return (1.0 - 1.0 / responses).max(0.0);
    }
    let (mut fits, mut late) = (0.0, 1.0);
    for _ in 0..60 {
        let share = f64::midpoint(fits, late);
        let response = 1.0 + waits(slots, share) / (real(u64::from(slots)) * (1.0 - share));
        if response <= responses {
            fits = share;
        } else {
            late = share;
        }
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert!(
            (waits(100, 0.9) - 0.217).abs() < 2e-3,
            "{}",
            waits(100, 0.9)
        );
        for (slots, share, expected) in [
            (1, 0.5, 0.5),
            (1, 0.9, 0.9),
            (2, 0.5, 1.0 / 3.0),
            (4, 0.8, 0.5964),
            (4, 0.0, 0.0),
        ] {
            let chance = waits(slots, share);
            assert!(
                (chance - expected).abs() < 1e-3,
                "{slots} slots, {share}: {chance}"
            );
        }
        assert!((inside(1, 0.9) - 9.0).abs() < 1e-9, "share / (1 - share)");
    }

    #[test]
    fn the_busiest_share_is_just_in_time() {
        assert!((busiest(1, 10.0) - 0.9).abs() < 1e-9);
        let share = busiest(4, 10.0);
        let response = inside(4, share) / (4.0 * share);
        assert!((response - 10.0).abs() < 1e-6, "{share}: {response}");
        assert_eq!(
            busiest(1, 0.5).to_bits(),
            0.0_f64.to_bits(),
            "no share is fast enough"
        );
    }
}
