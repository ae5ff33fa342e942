//! A story for everything else that can become of a cycle.

use autoscalebot::harness::Act;
use autoscalebot::model::Role;
use autoscalebot::orders::Kind;
use autoscalebot::supervisor::inject::Injected;

use super::{HIGH, LOW, Told, last, measured, quick, scripted};
use crate::seconds;

/// All of them.
pub(super) fn stories() -> Vec<Told> {
    vec![
        steady(),
        on_the_way(),
        scaled_up(),
        scaled_down(),
        several_rules(),
        crashed(),
        refused(),
        awaited(),
        lost(),
        overridden(),
        ordered(),
        by_hand(),
        outage(),
        last_known(),
        floor(),
        implausible(),
        booting(),
        restarting(),
        uncounted(),
        undecided(),
        shadow(),
    ]
}

fn steady() -> Told {
    let story = last(&quick(""), async |stage| stage.cycles(1).await);
    ("nothing to do", story)
}

fn on_the_way() -> Told {
    let configuration = quick("").replace("up_after = 1", "up_after = 3");
    let story = last(&configuration, async |stage| {
        stage.measures(HIGH);
        stage.cycles(2).await;
    });
    ("nothing to do yet", story)
}

fn scaled_up() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.measures(HIGH);
        stage.cycles(1).await;
    });
    ("a scale up", story)
}

fn scaled_down() -> Told {
    let configuration = quick("").replace("down_after = 1", "down_after = 3");
    let story = last(&configuration, async |stage| {
        stage.measures(LOW);
        stage.cycles(3).await;
    });
    ("a scale down", story)
}

fn several_rules() -> Told {
    let more =
        "min_processes = 2\nscale_down_increment = 2\nscale_down_stabilization_window_seconds = 30";
    let story = last(&scripted(more), async |stage| {
        stage
            .web
            .decides([Act::Answer(3), Act::Answer(5), Act::Answer(0)]);
        stage.web.set_count(6);
        stage.cycles(3).await;
    });
    ("several rules, one after the other", story)
}

fn crashed() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.are(3, 0, 1);
        stage.measures(HIGH);
        stage.cycles(1).await;
    });
    ("a scale while one has crashed", story)
}

fn refused() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.measures(HIGH);
        stage
            .web
            .scales([Act::refuse("heroku: 503, try again later")]);
        stage.cycles(1).await;
    });
    ("a failed scale", story)
}

fn awaited() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.measures(HIGH);
        stage.web.waits_for_a_release(true);
        stage.cycles(1).await;
    });
    ("a scale that has to wait for a release", story)
}

fn lost() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.measures(HIGH);
        stage.web.scales([Act::Never]);
        stage.world.advance(seconds(7)).await;
        let role = Role::Scale;
        stage.world.inject("web", role, Injected::Panic).await;
        stage.world.advance(seconds(4)).await;
    });
    (
        "a scale in the middle of which a part of the bot failed",
        story,
    )
}

fn overridden() -> Told {
    let story = last(&quick(""), async |stage| {
        let (min, max) = (Some(6), None);
        stage.order(Kind::Override { min, max }).await;
        stage.measures(LOW);
        stage.cycles(1).await;
    });
    ("an override, by which there are too few", story)
}

fn ordered() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.order(Kind::Scale { count: 6 }).await;
        stage.measures(LOW);
        stage.cycles(2).await;
    });
    ("a count that people ordered", story)
}

fn by_hand() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.web.set_count(6);
        stage.cycles(1).await;
    });
    (
        "a count that was set on the platform, and is not respected",
        story,
    )
}

fn outage() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.web.measures([Act::refuse("connection refused")]);
        stage.cycles(2).await;
    });
    ("an outage", story)
}

fn last_known() -> Told {
    let more = "on_missing_up = \"last_known\", last_known_for_seconds = 600";
    let story = last(&measured(more, ""), async |stage| {
        stage.web.measures([Act::refuse("connection refused")]);
        stage.cycles(2).await;
    });
    ("an outage, and the last known result taken again", story)
}

fn floor() -> Told {
    let more = "on_missing_up = \"floor\", missing_floor = 6";
    let story = last(&measured(more, ""), async |stage| {
        stage.web.measures([Act::refuse("connection refused")]);
        stage.cycles(1).await;
    });
    ("an outage, with a floor", story)
}

fn implausible() -> Told {
    let story = last(&measured("plausible_max = 4000", ""), async |stage| {
        stage.measures(HIGH);
        stage.cycles(1).await;
    });
    ("an implausible number", story)
}

fn booting() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.are(4, 0, 0);
        stage.cycles(1).await;
        stage.web.measures([Act::value(HIGH)]);
        stage.cycles(1).await;
        stage.are(4, 1, 0);
        stage.cycles(1).await;
    });
    ("what was added is starting", story)
}

fn restarting() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.are(4, 0, 0);
        stage.cycles(1).await;
        stage.are(2, 2, 0);
        stage.measures(HIGH);
        stage.cycles(1).await;
    });
    ("a restart is under way", story)
}

fn uncounted() -> Told {
    let story = last(&quick(""), async |stage| {
        stage
            .web
            .counts([Act::refuse("heroku: 401, the key is not valid")]);
        stage.cycles(1).await;
    });
    ("a count that cannot be read", story)
}

fn undecided() -> Told {
    let story = last(&scripted(""), async |stage| {
        stage.web.decides([Act::refuse("division by zero")]);
        stage.cycles(1).await;
    });
    ("a decision that fails", story)
}

fn shadow() -> Told {
    let story = last(&quick("mode = \"shadow\""), async |stage| {
        stage.measures(HIGH);
        stage.cycles(1).await;
    });
    ("in the shadow", story)
}
