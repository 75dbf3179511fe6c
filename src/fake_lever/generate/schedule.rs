//! Generated panels: past and upcoming, some made inside Lever, some through the API.

use serde_json::Map;

use super::super::dice::Dice;
use super::super::model::{Interview, NO_FEEDBACK, Opportunity, Panel, Seat, User};
use super::super::state::Account;
use super::{DAY_MS, words};

const QUARTER_MS: i64 = 15 * 60_000;

/// Gives about a third of the active opportunities a panel or two.
pub fn fill(account: &Account, dice: &mut Dice, opportunity: &mut Opportunity, today: i64) {
    let panels = match dice.below(12) {
        0..=7 => 0,
        8..=10 => 1,
        _ => 2,
    };
    for _ in 0..panels {
        let panel = panel(account, dice, opportunity, today);
        opportunity.panels.push(panel);
    }
}

fn panel(account: &Account, dice: &mut Dice, opportunity: &Opportunity, today: i64) -> Panel {
    let mut start = today + dice.between(-30, 21) * DAY_MS + dice.between(60, 84) * QUARTER_MS;
    let created_at = (start - dice.between(3, 9) * DAY_MS).min(today);
    let user = dice.pick(&account.users).id.clone();
    let mut interviews = Vec::new();
    for _ in 0..=dice.below(3) {
        let interview = interview(account, dice, start, created_at, &user);
        start += interview.duration * 60_000;
        interviews.push(interview);
    }
    let externally_managed = dice.chance(0.4);
    let id = dice.uuid();
    Panel {
        applications: opportunity.application.iter().map(|it| it.id.clone()).collect(),
        canceled_at: None,
        created_at,
        externally_managed,
        external_url: externally_managed.then(|| format!("https://scheduler.example/{id}")),
        id,
        feedback_reminder: "daily".to_owned(),
        note: None,
        stage: opportunity.stage.clone(),
        timezone: (*dice.pick(&words::TIMEZONES)).to_owned(),
        user,
        interviews,
        extra: Map::new(),
    }
}

fn interview(account: &Account, dice: &mut Dice, date: i64, created_at: i64, user: &str) -> Interview {
    let active: Vec<&User> = account.users.iter().filter(|user| user.is_active()).collect();
    let mut people: Vec<&User> = (0..=dice.below(2)).map(|_| *dice.pick(&active)).collect();
    people.dedup_by_key(|user| &user.id);
    let template = (dice.chance(0.5)).then(|| dice.pick(&account.templates).id.clone());
    Interview {
        id: dice.uuid(),
        date,
        duration: *dice.pick(&[30, 45, 60]),
        feedback_reminder: "daily".to_owned(),
        feedback_template: Some(template.clone().unwrap_or_else(|| NO_FEEDBACK.to_owned())),
        interviewers: people.iter().map(|user| Seat::new(user, template.as_deref())).collect(),
        location: dice.chance(0.3).then(|| "Room Kettledrum".to_owned()),
        note: None,
        subject: Some((*dice.pick(&words::SUBJECTS)).to_owned()),
        created_at,
        canceled_at: None,
        user: user.to_owned(),
        extra: serde_json::Map::new(),
        extra_alone: serde_json::Map::new(),
    }
}
