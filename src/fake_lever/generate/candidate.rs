//! Generated contacts and opportunities.

use super::super::dice::Dice;
use super::super::model::{
    Application, Archived, Contact, Note, NoteField, OPPORTUNITY_ORIGINS, Opportunity, Posting, Resume, ResumeFile, StageChange,
};
use super::super::options::Options;
use super::super::pdf;
use super::super::state::Account;
use super::{DAY_MS, schedule, words};

pub fn fill(account: &mut Account, dice: &mut Dice, options: &Options, today: i64) {
    let mut previous: Option<String> = None;
    for n in 0..options.opportunities {
        // About one person in twenty-five has come back for another job.
        let returning = previous.take().filter(|_| dice.chance(0.04));
        let contact = returning.unwrap_or_else(|| {
            let contact = contact(dice, n);
            let id = contact.id.clone();
            account.contacts.insert(id.clone(), contact);
            id
        });
        previous = Some(contact.clone());
        let mut opportunity = opportunity(account, dice, contact, today, options.active_share);
        if opportunity.is_active() {
            schedule::fill(account, dice, &mut opportunity, today);
        }
        paperwork(account, dice, &mut opportunity);
        account.insert(opportunity);
    }
}

fn contact(dice: &mut Dice, n: usize) -> Contact {
    let id = dice.uuid();
    // A few people have no name at all without having been anonymised (recorded: 12 of 1,004).
    if n % 83 == 82 {
        return Contact { id, ..Contact::default() };
    }
    let (first, last) = (*dice.pick(&words::FIRST_NAMES), *dice.pick(&words::LAST_NAMES));
    let address = format!("{first}.{last}.{n}@candidates.example").to_lowercase();
    Contact {
        id,
        name: format!("{first} {last}"),
        headline: (*dice.pick(&words::HEADLINES)).to_owned(),
        location: if dice.chance(0.1) { (*dice.pick(&words::LOCATIONS)).to_owned() } else { String::new() },
        emails: if dice.chance(0.6) { vec![address] } else { Vec::new() },
        phones: if dice.chance(0.1) { vec![("mobile".to_owned(), format!("555555{:04}", dice.below(10_000)))] } else { Vec::new() },
        ..Contact::default()
    }
}

fn opportunity(account: &Account, dice: &mut Dice, contact: String, today: i64, active_share: f64) -> Opportunity {
    let active = dice.chance(active_share);
    let days_ago = if active { dice.between(1, 90) } else { dice.between(60, 1_500) };
    let created_at = today - days_ago * DAY_MS - dice.between(0, DAY_MS);
    let reached = dice.below(account.stages.len());
    let stage_changes = stage_changes(account, dice, created_at, reached, days_ago);
    let last_advanced_at = stage_changes.last().map_or(created_at, |it| it.at);
    let archived_at = last_advanced_at + dice.between(0, DAY_MS);
    let origin = if dice.chance(0.6) { "sourced" } else { *dice.pick(&OPPORTUNITY_ORIGINS) };
    let owner = dice.pick(&account.users).id.clone();
    let posting = dice.chance(0.97).then(|| dice.pick(&account.postings));
    let application = posting.map(|posting| application(dice, posting, origin, &owner, created_at));
    let mut tags: Vec<String> =
        posting.map_or_else(Vec::new, |it| vec![it.text.clone(), it.department.clone(), it.team.clone(), it.locations[0].clone()]);
    if dice.chance(0.3) {
        tags.push((*dice.pick(&words::TAGS)).to_owned());
    }
    let stage = &account.stages[reached];
    Opportunity {
        id: dice.uuid(),
        contact,
        stage: stage.id.clone(),
        rank: stage.rank,
        confidential: posting.is_some_and(|it| it.confidential),
        archived: (!active).then(|| Archived { reason: Some(dice.pick(&account.archive_reasons).id.clone()), at: archived_at }),
        tags,
        sources: vec![(*dice.pick(&words::SOURCES)).to_owned()],
        stage_changes,
        origin: origin.to_owned(),
        sourced_by: (origin == "sourced").then(|| owner.clone()),
        followers: vec![owner.clone()],
        owner: dice.chance(0.95).then_some(owner),
        application,
        created_at,
        // Null on nearly all (recorded: 964 of 1,004).
        updated_at: dice.chance(0.04).then_some(last_advanced_at),
        last_interaction_at: if active { last_advanced_at } else { archived_at },
        last_advanced_at,
        snoozed_until: None,
        location: posting.map(|it| it.locations[0].clone()),
        panels: Vec::new(),
        notes: Vec::new(),
        resumes: Vec::new(),
    }
}

fn stage_changes(account: &Account, dice: &mut Dice, created_at: i64, reached: usize, days: i64) -> Vec<StageChange> {
    let mut indexes = vec![0];
    if reached > 0 {
        indexes.push(reached);
    }
    let step = days * DAY_MS / 3;
    let change = |(n, index): (usize, usize)| StageChange {
        stage: account.stages[index].id.clone(),
        index,
        at: created_at + n as i64 * (step / 2 + dice.between(0, step / 2 + 1)),
        user: dice.chance(0.3).then(|| dice.pick(&account.users).id.clone()),
    };
    indexes.into_iter().enumerate().map(change).collect()
}

fn application(dice: &mut Dice, posting: &Posting, origin: &str, owner: &str, created_at: i64) -> Application {
    let kind = match origin {
        "applied" => "posting",
        "referred" => "referral",
        _ => "user",
    };
    Application {
        id: dice.uuid(),
        kind: kind.to_owned(),
        posting: posting.id.clone(),
        posting_owner: posting.owner.clone(),
        posting_hiring_manager: posting.hiring_manager.clone(),
        user: (kind != "posting").then(|| owner.to_owned()),
        created_at,
    }
}

fn paperwork(account: &Account, dice: &mut Dice, opportunity: &mut Opportunity) {
    if dice.chance(0.15) {
        let user = dice.pick(&account.users).id.clone();
        let created_at = opportunity.created_at + 3_600_000;
        opportunity.notes.push(Note {
            id: dice.uuid(),
            user: user.clone(),
            secret: dice.chance(0.2),
            created_at,
            fields: vec![NoteField {
                value: "An invented remark: pleasant to talk to.".to_owned(),
                user,
                score: None,
                stage: opportunity.stage.clone(),
                created_at,
            }],
            made_by_api: false,
        });
    }
    if dice.chance(0.1) {
        opportunity.resumes.push(Resume {
            id: dice.uuid(),
            created_at: opportunity.created_at,
            file: dice.chance(0.9).then(|| ResumeFile {
                name: "resume.pdf".to_owned(),
                processed: dice.chance(0.9),
                bytes: pdf::one_line("Resume of an invented person"),
            }),
            parsed: pdf::parsed_data(),
        });
    }
}
