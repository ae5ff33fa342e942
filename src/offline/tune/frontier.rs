//! Which of those that were tried are worth a thought: nobody else is less late for no more process-hours.

use super::search::Trial;

/// Hours that differ by less are the same: the rule with fewer settings is then taken.
const SAME: f64 = 1.002;

/// The places of those that nobody beats, from the fewest hours to the least late.
pub fn frontier(trials: &[Trial]) -> Vec<usize> {
    let mut order: Vec<(usize, &Trial)> = trials.iter().enumerate().collect();
    // Of equal ones the first that was tried comes first.
    order.sort_by(|(_, one), (_, other)| {
        let hours = one.hours().total_cmp(&other.hours());
        hours.then(one.late().total_cmp(&other.late()))
    });
    let mut least = f64::INFINITY;
    order.retain(|(_, trial)| {
        let is_less = trial.late() < least;
        least = least.min(trial.late());
        is_less
    });
    order.into_iter().map(|(place, _)| place).collect()
}

/// The place of the one to take: the fewest hours within the budget, and of those that are equal to it but for two in a
/// thousand the one that changes the fewest settings. Where none is within the budget, the least late.
pub fn best(trials: &[Trial], budget: f64) -> usize {
    let within = |trial: &&Trial| trial.late() <= budget;
    let all = || trials.iter().filter(within);
    let fewest = all().map(Trial::hours).fold(f64::INFINITY, f64::min);
    let mut places: Vec<(usize, &Trial)> = if fewest.is_finite() {
        let near = |trial: &Trial| within(&trial) && trial.hours() <= SAME * fewest;
        trials
            .iter()
            .enumerate()
            .filter(|(_, trial)| near(trial))
            .collect()
    } else {
        let least = trials.iter().map(Trial::late).fold(f64::INFINITY, f64::min);
        let is_least = |trial: &Trial| trial.late() <= least;
        trials
            .iter()
            .enumerate()
            .filter(|(_, trial)| is_least(trial))
            .collect()
    };
    places.sort_by(|(_, one), (_, other)| {
        let settings = one.lines.len().cmp(&other.lines.len());
        settings.then(one.hours().total_cmp(&other.hours()))
    });
    places.first().map_or(0, |(place, _)| *place)
}

/// So many times the budget late is nothing that anybody weighs.
const HOPELESS: f64 = 20.0;

/// The places that are told to people: of the frontier what is not hopelessly late, and the one to take; `most` at the most.
pub fn told(trials: &[Trial], budget: f64, most: usize) -> Vec<usize> {
    let chosen = best(trials, budget);
    let hours = |place: &usize| trials.get(*place).map_or(0.0, Trial::hours);
    let late = |place: &usize| trials.get(*place).map_or(0.0, Trial::late);
    let limit = HOPELESS * budget.max(late(&chosen));
    let mut places = frontier(trials);
    // The one to take stands for those that are no better.
    let is_alike =
        |place: &usize| late(place) >= late(&chosen) && SAME * hours(place) >= hours(&chosen);
    places.retain(|place| *place == chosen || late(place) <= limit && !is_alike(place));
    if !places.contains(&chosen) {
        places.push(chosen);
        places.sort_by(|one, other| hours(one).total_cmp(&hours(other)));
    }
    thinned(&places, chosen, most)
}

/// At most so many of them, evenly, with the ends and `chosen`.
fn thinned(frontier: &[usize], chosen: usize, most: usize) -> Vec<usize> {
    let last = frontier.len().saturating_sub(1);
    if frontier.len() <= most || most < 3 {
        return frontier.to_vec();
    }
    let kept = |rank: usize| {
        // The ranks that an even walk of `most - 1` steps (one is the chosen one's) steps on.
        let steps = most - 2;
        (0..=steps).any(|step| step * last / steps == rank)
    };
    let places = frontier.iter().enumerate();
    let places = places.filter(|(rank, place)| kept(*rank) || **place == chosen);
    places.map(|(_, place)| *place).collect()
}

#[cfg(test)]
mod tests {
    use super::super::search::testing::trial;
    use super::*;

    #[test]
    fn nobody_on_it_is_beaten() {
        let trials = [
            trial(0, 300.0, 2.0),
            trial(1, 250.0, 3.0),
            trial(2, 260.0, 3.5),
            trial(3, 250.0, 3.0),
            trial(1, 400.0, 0.1),
            trial(2, 400.0, 0.0),
            trial(2, 500.0, 0.0),
        ];
        assert_eq!(frontier(&trials), [1, 0, 5]);
        assert_eq!(frontier(&[]), Vec::<usize>::new());
    }

    #[test]
    fn the_best_is_the_cheapest_within_the_budget() {
        let trials = [
            trial(0, 300.0, 2.0),
            trial(3, 250.0, 0.9),
            trial(1, 250.4, 1.0),
            trial(1, 240.0, 1.1),
            trial(4, 600.0, 0.2),
        ];
        for (budget, place) in [(1.0, 2), (2.0, 3), (0.5, 4), (0.1, 4), (0.95, 1)] {
            assert_eq!(best(&trials, budget), place, "{budget}");
        }
    }

    #[test]
    fn what_is_told_is_worth_it_and_has_the_proposal() {
        let trials = [
            trial(3, 100.0, 90.0),
            trial(3, 250.0, 0.9),
            trial(1, 250.4, 1.0),
            trial(3, 240.0, 5.0),
        ];
        assert_eq!(
            told(&trials, 1.0, 10),
            [3, 1, 2],
            "the proposal is beaten by 0.4 hours"
        );
        assert_eq!(told(&trials[..1], 1.0, 10), [0]);
        let alike = [trial(4, 250.0, 0.9), trial(1, 250.0, 0.9)];
        assert_eq!(told(&alike, 1.0, 10), [1]);
    }

    #[test]
    fn a_long_one_is_thinned() {
        let long: Vec<usize> = (100..150).collect();
        for chosen in [100, 131, 149] {
            let thin = thinned(&long, chosen, 10);
            assert!(thin.len() <= 10 && thin.len() >= 9, "{thin:?}");
            assert!([100, chosen, 149].iter().all(|place| thin.contains(place)));
        }
        assert_eq!(thinned(&[4, 2], 2, 10), [4, 2]);
    }
}
